//! `mach_header` and what follows from it: the facts of one slice.

use goblin::mach::header::{MH_CIGAM, MH_CIGAM_64, MH_DYLIB, MH_MAGIC, MH_MAGIC_64};

use super::commands::Commands;
use super::{MachOFacts, UniversalSlice, code_signature, imports, languages, names};
use crate::facts::fields::Fields;
use crate::facts::libc::{Certainty, Libc, LibcFamily};
use crate::facts::{Details, Endian, Facts, Format, Kind, Linkage, Source, Unreadable, Wanted};

/// Most bytes of load commands that are believed. The kernel and dyld refuse far less; the largest file seen has 12 KiB.
const MOST_COMMAND_BYTES: u32 = 1 << 20;

/// `mach_header` or `mach_header_64`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) endian: Endian,
    pub(super) bits: u8,
    pub(super) cpu_type: u32,
    pub(super) cpu_subtype: u32,
    pub(super) file_type: u32,
    pub(super) command_count: u32,
    pub(super) command_bytes: u32,
    pub(super) flags: u32,
}

impl Header {
    /// Bytes of the header itself.
    pub(super) fn len(self) -> u64 {
        if self.bits == 64 { 32 } else { 28 }
    }

    fn read(source: &Source<'_>) -> Result<Header, Unreadable> {
        let magic = source.read(0, 4, "Mach-O magic")?;
        let (endian, bits) = match Fields::little(&magic).u32(0) {
            Some(MH_MAGIC) => (Endian::Little, 32),
            Some(MH_MAGIC_64) => (Endian::Little, 64),
            Some(MH_CIGAM) => (Endian::Big, 32),
            Some(MH_CIGAM_64) => (Endian::Big, 64),
            _ if source.read_up_to(0, 7, "archive magic")?.as_ref() == b"!<arch>" => {
                return Err(Unreadable::NotLinked("static library (archive)".into()));
            }
            _ => return Err(Unreadable::damaged("Mach-O magic", 0, "not a Mach-O slice")),
        };
        let head = source.read(0, 28, "mach_header")?;
        let head = Fields::new(&head, endian, bits);
        let field = |at| head.u32(at).unwrap_or(0);
        Ok(Header {
            endian,
            bits,
            cpu_type: field(4),
            cpu_subtype: field(8),
            file_type: field(12),
            command_count: field(16),
            command_bytes: field(20),
            flags: field(24),
        })
    }
}

/// Reads one slice.
pub(super) fn read(
    source: &Source<'_>,
    universal: Option<UniversalSlice>,
    wanted: Wanted,
) -> Result<Facts, Unreadable> {
    let header = Header::read(source)?;
    if let Some(what) = names::not_linked(header.file_type) {
        return Err(Unreadable::NotLinked(what.into()));
    }
    if header.command_bytes > MOST_COMMAND_BYTES {
        let why = format!("{} bytes of load commands", header.command_bytes);
        return Err(Unreadable::damaged("sizeofcmds", 20, why));
    }
    let table = source.read(header.len(), header.command_bytes.into(), "load commands")?;
    let commands = Commands::read(&header, &table)?;
    commands.check_segments(&header, source.len())?;
    let mut facts = commands.facts(&header, universal);
    imports::read(source, &header, &commands, &mut facts)?;
    facts.stripped = facts.symbols.local == 0;
    if let Some(range) = commands.code_signature {
        let mut signature = code_signature::read(source, range, wanted)?;
        let (arch, (_, kind)) = (names::arch(header.cpu_type), names::file_type(header.file_type));
        let directories = if kind == Kind::Other { &[][..] } else { &signature.code_directories };
        let faults = directories.iter().filter_map(|directory| directory.page_size_fault(&arch));
        let faults: Vec<String> = faults.collect();
        signature.problems.extend(faults);
        facts.signature_kind = signature.kind;
        facts.code_signature = Some(signature);
    }
    let (go, rust) = languages::with_places(&header, &commands, &facts, |places| {
        (places.go(source, wanted), places.rust(source, wanted))
    });
    Ok(Facts { go: go?, rust: rust?, ..assemble(&header, facts) })
}

fn assemble(header: &Header, details: MachOFacts) -> Facts {
    let (_, kind) = names::file_type(header.file_type);
    let linkage = linkage(header, &details, kind);
    Facts {
        format: Format::MachO,
        arch: names::arch(header.cpu_type),
        bits: header.bits,
        endian: header.endian,
        os: names::os(details.platform.as_deref(), header.cpu_type),
        kind,
        linkage,
        libc: libc(&details),
        packed: packed(&details),
        go: None,
        rust: None,
        details: Details::MachO(Box::new(details)),
    }
}

/// A program without dyld and without dylibs stands alone (the kernel, old static programs); everything else is loaded.
fn linkage(header: &Header, details: &MachOFacts, kind: Kind) -> Linkage {
    let loaded = details.dylinker.is_some() || matches!(header.file_type, MH_DYLIB) && kind == Kind::SharedObject;
    if details.dylibs.is_empty() && !loaded { Linkage::Static } else { Linkage::Dynamic }
}

fn libc(details: &MachOFacts) -> Libc {
    let system = details.dylibs.iter().find(|dylib| is_system_library(&dylib.name));
    let evidence = system.map(|dylib| format!("loads `{}`", dylib.name));
    Libc {
        family: if system.is_some() { LibcFamily::System } else { LibcFamily::Unknown },
        linked_in: false,
        certainty: if system.is_some() { Certainty::Certain } else { Certainty::Unknown },
        evidence: evidence.into_iter().collect(),
        version: None,
        runtime_parts: Vec::new(),
    }
}

fn is_system_library(name: &str) -> bool {
    name == "/usr/lib/libSystem.B.dylib" || name == "/usr/lib/libSystem.dylib"
}

fn packed(details: &MachOFacts) -> Option<String> {
    details.encrypted.then(|| "the code is encrypted (LC_ENCRYPTION_INFO)".to_owned())
}
