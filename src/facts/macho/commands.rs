//! Load commands: one walk over the table, every command checked against its own size.

use std::collections::HashSet;

use goblin::mach::header::MH_DYLIB_STUB;
use goblin::mach::load_command as lc;

use super::header::Header;
use super::segments::{self, SectionPlace};
use super::{BuildVersion, Dylib, MachOFacts, Tool, UniversalSlice, names};
use crate::facts::Unreadable;
use crate::facts::bytes::hex;
use crate::facts::fields::Fields;

/// `dylib_use_command` marks itself in the field where older commands hold a timestamp (`mach-o/loader.h`, Xcode 16).
const DYLIB_USE_MARKER: u32 = 0x1a74_1800;

/// A range of the slice that a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Range {
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// `LC_SYMTAB`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SymbolTable {
    pub(super) symbols: u64,
    pub(super) count: u32,
    pub(super) strings: Range,
}

/// The parts of the symbol table that `LC_DYSYMTAB` names: first index and number of entries.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SymbolParts {
    pub(super) local: (u32, u32),
    pub(super) exported: (u32, u32),
    pub(super) undefined: (u32, u32),
}

/// Everything the walk collects.
#[derive(Debug, Default)]
pub(super) struct Commands {
    facts: MachOFacts,
    seen: HashSet<(u32, String)>,
    first_content: Option<u64>,
    pub(super) sections: Vec<SectionPlace>,
    pub(super) symtab: Option<SymbolTable>,
    pub(super) symbol_parts: Option<SymbolParts>,
    /// `LC_DYLD_INFO`: bind and lazy bind opcodes. Weak binds look for better definitions of the file's own symbols.
    pub(super) binds: Vec<Range>,
    pub(super) chained_fixups: Option<Range>,
    pub(super) code_signature: Option<Range>,
}

impl Commands {
    /// Walks the table.
    pub(super) fn read(header: &Header, table: &[u8]) -> Result<Commands, Unreadable> {
        let table = Fields::new(table, header.endian, header.bits);
        let mut commands = Commands::default();
        let mut at = 0;
        for number in 0..header.command_count {
            let offset = header.len() + at as u64;
            let damaged = |why: String| Unreadable::damaged(format!("load command {number}"), offset, why);
            let (Some(cmd), Some(size)) = (table.u32(at), table.u32(at + 4)) else {
                return Err(damaged(format!("{} commands do not fit in sizeofcmds", header.command_count)));
            };
            let size = size as usize;
            if size < 8 {
                return Err(damaged(format!("cmdsize is {size}")));
            }
            let body = table.slice(at, size).ok_or_else(|| damaged(format!("cmdsize {size} goes past sizeofcmds")))?;
            commands
                .take(cmd, table.with(body))
                .ok_or_else(|| damaged(format!("{} is shorter than its fields", names::command(cmd))))?;
            at += size;
        }
        Ok(commands)
    }

    /// The facts that need nothing but the commands.
    pub(super) fn facts(&self, header: &Header, universal: Option<UniversalSlice>) -> MachOFacts {
        let mut facts = self.facts.clone();
        let (file_type, _) = names::file_type(header.file_type);
        let end = header.len() + u64::from(header.command_bytes);
        facts.cpu_type = header.cpu_type;
        facts.cpu_subtype = header.cpu_subtype & 0x00ff_ffff;
        facts.cpu_capabilities = (header.cpu_subtype >> 24) as u8;
        facts.file_type = file_type;
        facts.flags = header.flags;
        facts.flag_names = names::flags(header.flags);
        facts.universal = universal;
        facts.header_padding = self.first_content.map(|first| first.saturating_sub(end));
        let main = facts.build_versions.iter().find(|version| version.platform == "macos");
        if let Some(version) = main.or(facts.build_versions.first()) {
            facts.min_os = Some(version.min_os.clone());
            facts.sdk = Some(version.sdk.clone());
            facts.platform = Some(version.platform.clone());
        }
        facts
    }

    /// Refuses segments that do not lie in the slice: the kernel does not run such a file, which a cut-off copy is.
    pub(super) fn check_segments(&self, header: &Header, slice: u64) -> Result<(), Unreadable> {
        // The stubs that once stood for libraries in SDKs have no contents.
        if header.file_type == MH_DYLIB_STUB {
            return Ok(());
        }
        for segment in &self.facts.segments {
            let end = segment.file_offset.checked_add(segment.file_size).filter(|&end| end <= slice);
            if end.is_none() {
                let what = format!("segment {}", segment.name);
                let why = format!("{} bytes wanted, the slice has {slice}", segment.file_size);
                return Err(Unreadable::damaged(what, segment.file_offset, why));
            }
        }
        Ok(())
    }

    /// Takes in one command; `None` when it is shorter than its fields.
    fn take(&mut self, cmd: u32, body: Fields<'_>) -> Option<()> {
        self.facts.load_commands.push(names::command(cmd));
        let mut once = String::new();
        match cmd {
            lc::LC_SEGMENT => self.segment(body, 32)?,
            lc::LC_SEGMENT_64 => self.segment(body, 64)?,
            lc::LC_LOAD_DYLIB
            | lc::LC_LOAD_WEAK_DYLIB
            | lc::LC_REEXPORT_DYLIB
            | lc::LC_LOAD_UPWARD_DYLIB
            | lc::LC_LAZY_LOAD_DYLIB => {
                let dylib = dylib(cmd, body)?;
                once.clone_from(&dylib.name);
                self.facts.dylibs.push(dylib);
            }
            lc::LC_ID_DYLIB => self.facts.id = Some(dylib(cmd, body)?),
            lc::LC_RPATH => {
                once = text(body, 8)?;
                self.facts.rpaths.push(once.clone());
            }
            lc::LC_LOAD_DYLINKER => self.facts.dylinker = Some(text(body, 8)?),
            lc::LC_UUID => self.facts.uuid = Some(hex(body.slice(8, 16)?)),
            lc::LC_SOURCE_VERSION => self.facts.source_version = names::source_version(body.u64(8)?),
            lc::LC_MAIN => self.facts.entry = Some("LC_MAIN"),
            lc::LC_UNIXTHREAD => self.facts.entry = Some("LC_UNIXTHREAD"),
            lc::LC_BUILD_VERSION => self.facts.build_versions.push(build_version(body)?),
            lc::LC_VERSION_MIN_MACOSX => self.version_min("LC_VERSION_MIN_MACOSX", "macos", body)?,
            lc::LC_VERSION_MIN_IPHONEOS => self.version_min("LC_VERSION_MIN_IPHONEOS", "ios", body)?,
            lc::LC_VERSION_MIN_TVOS => self.version_min("LC_VERSION_MIN_TVOS", "tvos", body)?,
            lc::LC_VERSION_MIN_WATCHOS => self.version_min("LC_VERSION_MIN_WATCHOS", "watchos", body)?,
            lc::LC_ENCRYPTION_INFO | lc::LC_ENCRYPTION_INFO_64 => self.facts.encrypted |= body.u32(16)? != 0,
            _ => self.link_edit(cmd, body)?,
        }
        self.note_duplicate(cmd, once);
        Some(())
    }

    /// Commands that point into `__LINKEDIT`.
    fn link_edit(&mut self, cmd: u32, body: Fields<'_>) -> Option<()> {
        let range = |at: usize| Some(Range { offset: body.u32(at)?.into(), size: body.u32(at + 4)?.into() });
        match cmd {
            lc::LC_SYMTAB => {
                let symbols = body.u32(8)?.into();
                self.symtab = Some(SymbolTable { symbols, count: body.u32(12)?, strings: range(16)? });
            }
            lc::LC_DYSYMTAB => {
                let part = |at: usize| Some((body.u32(at)?, body.u32(at + 4)?));
                self.symbol_parts = Some(SymbolParts { local: part(8)?, exported: part(16)?, undefined: part(24)? });
            }
            lc::LC_DYLD_INFO | lc::LC_DYLD_INFO_ONLY => self.binds = vec![range(16)?, range(32)?],
            lc::LC_DYLD_CHAINED_FIXUPS => self.chained_fixups = Some(range(8)?),
            lc::LC_CODE_SIGNATURE => self.code_signature = Some(range(8)?),
            _ => {}
        }
        Some(())
    }

    fn segment(&mut self, body: Fields<'_>, bits: u8) -> Option<()> {
        let read = segments::read(body, bits)?;
        if read.protection & 6 == 6 {
            self.facts.writable_code.push(read.segment.name.clone());
        }
        self.first_content = match (self.first_content, read.first_content) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.sections.extend(read.section_places);
        self.facts.segments.push(read.segment);
        Some(())
    }

    fn version_min(&mut self, command: &'static str, platform: &str, body: Fields<'_>) -> Option<()> {
        self.facts.build_versions.push(BuildVersion {
            command,
            platform: platform.to_owned(),
            min_os: names::short_version(body.u32(8)?),
            sdk: names::short_version(body.u32(12)?),
            tools: Vec::new(),
        });
        Some(())
    }

    /// Remembers commands that come twice where dyld takes one. `once` tells repeatable commands apart: dylibs and run
    /// paths may be many, but each only once.
    fn note_duplicate(&mut self, cmd: u32, once: String) {
        if !is_single(cmd) {
            return;
        }
        // Weak, upward and re-exported loads of one name are the same load to dyld.
        let class = if is_dylib_load(cmd) { lc::LC_LOAD_DYLIB } else { cmd };
        let line = format!("{} {once}", names::command(cmd));
        if !self.seen.insert((class, once)) {
            self.facts.duplicate_commands.push(line.trim_end().to_owned());
        }
    }
}

fn is_dylib_load(cmd: u32) -> bool {
    matches!(
        cmd,
        lc::LC_LOAD_DYLIB
            | lc::LC_LOAD_WEAK_DYLIB
            | lc::LC_REEXPORT_DYLIB
            | lc::LC_LOAD_UPWARD_DYLIB
            | lc::LC_LAZY_LOAD_DYLIB
    )
}

/// Commands of which a linker writes one (or one per name).
fn is_single(cmd: u32) -> bool {
    is_dylib_load(cmd)
        || matches!(
            cmd,
            lc::LC_RPATH
                | lc::LC_UUID
                | lc::LC_ID_DYLIB
                | lc::LC_LOAD_DYLINKER
                | lc::LC_SYMTAB
                | lc::LC_DYSYMTAB
                | lc::LC_MAIN
                | lc::LC_UNIXTHREAD
                | lc::LC_DYLD_INFO
                | lc::LC_DYLD_INFO_ONLY
                | lc::LC_DYLD_CHAINED_FIXUPS
                | lc::LC_DYLD_EXPORTS_TRIE
                | lc::LC_CODE_SIGNATURE
                | lc::LC_SOURCE_VERSION
                | lc::LC_FUNCTION_STARTS
                | lc::LC_VERSION_MIN_MACOSX
        )
}

/// An `lc_str`: the offset, within the command, of a text.
fn text(body: Fields<'_>, at: usize) -> Option<String> {
    body.text(body.u32(at)? as usize)
}

fn dylib(cmd: u32, body: Fields<'_>) -> Option<Dylib> {
    let name = text(body, 8)?;
    let current = names::long_version(body.u32(16)?);
    let compat = names::long_version(body.u32(20)?);
    let mut kind = match cmd {
        lc::LC_LOAD_WEAK_DYLIB => "weak",
        lc::LC_REEXPORT_DYLIB => "reexport",
        lc::LC_LOAD_UPWARD_DYLIB => "upward",
        lc::LC_LAZY_LOAD_DYLIB => "lazy",
        lc::LC_ID_DYLIB => "id",
        _ => "load",
    };
    let is_use = body.u32(12)? == DYLIB_USE_MARKER && body.u32(8)? >= 28;
    if is_use && matches!(cmd, lc::LC_LOAD_DYLIB | lc::LC_LOAD_WEAK_DYLIB) {
        kind = match body.u32(24)? {
            flags if flags & 1 != 0 => "weak",
            flags if flags & 2 != 0 => "reexport",
            flags if flags & 4 != 0 => "upward",
            flags if flags & 8 != 0 => "lazy",
            _ => kind,
        };
    }
    Some(Dylib { name, kind: kind.to_owned(), current, compat })
}

fn build_version(body: Fields<'_>) -> Option<BuildVersion> {
    let count = body.u32(20)? as usize;
    if count.checked_mul(8)? > body.len() - 24 {
        return None;
    }
    let tool = |index: usize| {
        let at = 24 + index * 8;
        Some(Tool { name: names::tool(body.u32(at)?), version: names::long_version(body.u32(at + 4)?) })
    };
    Some(BuildVersion {
        command: "LC_BUILD_VERSION",
        platform: names::platform(body.u32(8)?),
        min_os: names::short_version(body.u32(12)?),
        sdk: names::short_version(body.u32(16)?),
        tools: (0..count).map(tool).collect::<Option<_>>()?,
    })
}
