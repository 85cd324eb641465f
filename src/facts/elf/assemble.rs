//! Puts the facts of one ELF file together.

use std::borrow::Cow;

use goblin::elf::dynamic::{DF_SYMBOLIC, DT_GNU_HASH, DT_HASH, DT_SYMBOLIC};
use goblin::elf::header::{ET_DYN, ET_EXEC};
use goblin::elf::program_header::{
    PF_R, PF_W, PF_X, PT_GNU_RELRO, PT_GNU_STACK, PT_INTERP, PT_LOAD, PT_TLS, ProgramHeader,
};
use goblin::elf::section_header::SHT_SYMTAB;

use super::dynamic::{Dynamic, DynamicStrings, Names};
use super::image::Image;
use super::imports::Imports;
use super::layout::{self, Layout};
use super::notes::Notes;
use super::relocations::copied;
use super::start::start_code;
use super::symbols::{self, SymbolTable};
use super::versions::{Needs, definitions};
use super::{Asks, ElfFacts, Relro, VersionNeed, abi, attributes, hardening, kind, languages};
use crate::facts::bytes::{text, until_nul};
use crate::facts::{Details, Endian, Facts, Format, NameList, Os, Source, SymbolNames, Unreadable, Wanted, libc};

/// Longest path the kernel takes from `PT_INTERP` (Linux `PATH_MAX`).
const PATH_MAX: u64 = 4096;
/// Bytes of `.comment` that are read: some linkers repeat a compiler's name once per object.
const LONGEST_COMMENT: u64 = 1 << 16;
/// Names kept of them.
const MOST_PRODUCERS: usize = 64;
/// Sections with debugging information.
const DEBUG_INFO: [&str; 3] = [".debug_info", ".zdebug_info", ".debug_info.dwo"];

/// Reads an ELF file.
///
/// # Errors
/// [`Unreadable`], with the field and the offset that are wrong.
pub fn read(source: &Source<'_>, wanted: Wanted) -> Result<Vec<Facts>, Unreadable> {
    let image = Image::open(source)?;
    kind::linked(&image)?;
    let parts = Parts::read(&image, wanted.names)?;
    let kind = kind::kind(&image, &parts.dynamic, &parts.names, parts.interpreter.as_deref());
    let arch = abi::arch(&image);
    let by_elf = abi::os(&image, &parts.notes, &parts.asks());
    let mut elf = parts.into_facts(&image)?;
    if elf.stack_protector.is_none() {
        elf.stack_protector = hardening::linked_in_stack_protector(&image, kind, wanted)?;
    }
    let packed = languages::packer(&image)?;
    let go = languages::go(&image, &elf, wanted)?;
    // Go leaves no mark of some systems but in its build information.
    let os = Some(by_elf).filter(|os| *os != Os::Unknown).or_else(|| go.as_ref()?.os()).unwrap_or(by_elf);
    let subject = libc::Subject { kind, arch: &arch, os, elf: &elf, go: go.as_ref(), is_packed: packed.is_some() };
    let libc = libc::of_elf(&image, subject, wanted)?;
    let rust = languages::rust(&image, &elf, wanted)?;
    Ok(vec![Facts {
        format: Format::Elf,
        arch,
        bits: if image.order.wide { 64 } else { 32 },
        endian: if image.order.big { Endian::Big } else { Endian::Little },
        os,
        kind,
        linkage: kind::linkage(kind),
        libc,
        packed,
        go,
        rust,
        details: Details::Elf(Box::new(elf)),
    }])
}

/// What the readers of the single tables found.
struct Parts {
    interpreter: Option<String>,
    dynamic: Dynamic,
    names: Names,
    needs: Needs,
    defined_versions: Vec<String>,
    imports: Imports,
    defines_musl_loader: bool,
    notes: Notes,
}

impl Parts {
    fn read(image: &Image<'_>, wanted: SymbolNames) -> Result<Self, Unreadable> {
        let dynamic = Dynamic::read(image)?;
        let interpreter = interpreter(image)?;
        let strings = DynamicStrings::open(image, &dynamic)?;
        let names = Names::read(&dynamic, strings.as_ref())?;
        let mut needs = Needs::default();
        let mut defined_versions = Vec::new();
        let mut imports = Imports::default();
        let mut defines_musl_loader = false;
        if let Some(strings) = &strings {
            needs = Needs::read(image, &dynamic, strings)?;
            let definitions = definitions(image, &dynamic, strings)?;
            defined_versions = definitions.into_iter().filter(|one| !one.is_base).map(|one| one.name).collect();
            let (interpreter, needed) = (interpreter.as_deref(), &names.needed);
            let asks = Asks { interpreter, needed, version_needs: &needs.list };
            if !wanted.are_of(&asks) {
                imports = Imports::unread();
            } else if let Some(table) = SymbolTable::open(image, &dynamic)? {
                let copied = if interpreter.is_some() { copied(image, &dynamic)? } else { Vec::new() };
                imports = Imports::read(&table, &dynamic, strings, &mut needs, &copied)?;
                // A libc's worth of names is read only where nothing else says what the file is.
                if imports.undefined.is_empty() && needs.list.is_empty() && defined_versions.is_empty() {
                    defines_musl_loader = symbols::defines_musl_loader(&table, strings)?;
                }
            }
        }
        Ok(Parts {
            interpreter,
            names,
            notes: Notes::read(image, imports.undefined.are_read())?,
            dynamic,
            needs,
            defined_versions,
            imports,
            defines_musl_loader,
        })
    }

    fn asks(&self) -> Asks<'_> {
        let (interpreter, needed) = (self.interpreter.as_deref(), &self.names.needed);
        Asks { interpreter, needed, version_needs: &self.needs.list }
    }

    fn into_facts(self, image: &Image<'_>) -> Result<ElfFacts, Unreadable> {
        let Parts { interpreter, dynamic, names, needs, defined_versions, imports, defines_musl_loader, notes } = self;
        let with_names = imports.undefined.are_read();
        let loads = || image.segments_of(PT_LOAD);
        let align = |segment: &ProgramHeader| segment.p_align.max(1);
        let congruence =
            |segment: &ProgramHeader| segment.p_vaddr.wrapping_sub(segment.p_offset).trailing_zeros().min(32);
        let relro = match (image.segments_of(PT_GNU_RELRO).next(), dynamic.bind_now()) {
            (None, _) => Relro::None,
            (Some(_), false) => Relro::Partial,
            (Some(_), true) => Relro::Full,
        };
        let symtab = image.section_headers().iter().find(|section| section.sh_type == SHT_SYMTAB);
        Ok(ElfFacts {
            e_type: e_type(image.header.e_type),
            e_machine: image.header.e_machine,
            e_flags: image.header.e_flags,
            flag_names: abi::flag_names(image),
            osabi: abi::osabi(image),
            abi: abi::abi(image),
            interpreter,
            has_dynamic: dynamic.present,
            needed: names.needed,
            filters: names.filters,
            auxiliaries: names.auxiliaries,
            soname: names.soname,
            rpath: names.rpath,
            runpath: names.runpath,
            verneed_version: needs.unsupported,
            glibc_floor: glibc_floor(&needs.list),
            version_needs: needs.list,
            version_definitions: defined_versions,
            fortified: imports.fortified,
            undefined: imports.undefined,
            copied: imports.copied,
            defines_musl_loader,
            stack_protector: imports.has_stack_protector.then_some(true),
            attributes: attributes::read(image)?,
            defined_count: imports.defined_count,
            has_relr: dynamic.has_relr(),
            textrel: dynamic.text_relocations(),
            gnu_stack: image.segments_of(PT_GNU_STACK).next().map(|segment| flags(segment.p_flags)),
            relro,
            bind_now: dynamic.bind_now(),
            dt_flags: dynamic.flags(),
            dt_flags_1: dynamic.flags_1(),
            df_1_pie: dynamic.is_marked_pie(),
            symbolic: dynamic.has(DT_SYMBOLIC) || dynamic.flags() & DF_SYMBOLIC != 0,
            hash_styles: match (dynamic.has(DT_GNU_HASH), dynamic.has(DT_HASH)) {
                (true, true) => &["gnu", "sysv"],
                (true, false) => &["gnu"],
                (false, true) => &["sysv"],
                (false, false) => &[],
            },
            writable_code: loads()
                .filter(|load| load.p_flags & (PF_W | PF_X) == PF_W | PF_X)
                .map(|load| load.p_vaddr)
                .collect(),
            max_load_align: loads().map(align).max().unwrap_or(0),
            min_load_align: loads().map(align).min().unwrap_or(0),
            load_congruence: 1 << loads().map(congruence).min().unwrap_or(32),
            layout: Some(Layout::of(image)),
            abi_tag_kernel: notes.abi_tag.as_ref().filter(|tag| tag.system == "Linux").map(|tag| tag.kernel.clone()),
            abi_tag: notes.abi_tag,
            build_id: notes.build_id,
            go_build_id: notes.go_build_id,
            android_api: notes.android_api,
            x86_isa_needed: notes.properties.x86_isa_needed,
            properties: notes.properties,
            notes: notes.all,
            stripped: symtab.is_none(),
            symbol_count: symtab.map_or(0, |table| (table.sh_size / table.sh_entsize.max(1)).saturating_sub(1)),
            has_debug_info: DEBUG_INFO.iter().any(|name| image.section(name).is_some()),
            has_section_headers: !image.section_headers().is_empty(),
            sections: if with_names { image.section_names().clone() } else { NameList::default() },
            producers: producers(image)?,
            start_code: start_code(image)?,
            has_tls: image.segments_of(PT_TLS).next().is_some(),
            tls_align: image.segments_of(PT_TLS).next().map_or(0, |segment| segment.p_align),
            appended: layout::appended(image),
            tls_size: image.segments_of(PT_TLS).next().map_or(0, |segment| segment.p_memsz),
        })
    }
}

/// `PT_INTERP`, as the kernel reads it: the bytes up to the first NUL.
fn interpreter(image: &Image<'_>) -> Result<Option<String>, Unreadable> {
    let Some(segment) = image.segments_of(PT_INTERP).next() else { return Ok(None) };
    if !(2..=PATH_MAX).contains(&segment.p_filesz) {
        let why = format!("{} bytes is no length of a path", segment.p_filesz);
        return Err(Unreadable::damaged("PT_INTERP", segment.p_offset, why));
    }
    let bytes = image.source.read(segment.p_offset, segment.p_filesz, "PT_INTERP")?;
    Ok(Some(text(until_nul(&bytes))))
}

/// The NUL-separated strings of `.comment`.
fn producers(image: &Image<'_>) -> Result<Vec<String>, Unreadable> {
    let Some(section) = image.section(".comment") else { return Ok(Vec::new()) };
    let bytes = image.section_data(section, LONGEST_COMMENT)?;
    let mut found: Vec<String> = Vec::new();
    for name in bytes.split(|&byte| byte == 0).filter(|name| !name.is_empty()).map(text) {
        if found.len() < MOST_PRODUCERS && !found.contains(&name) {
            found.push(name);
        }
    }
    Ok(found)
}

fn e_type(e_type: u16) -> Cow<'static, str> {
    match e_type {
        ET_EXEC => "EXEC".into(),
        ET_DYN => "DYN".into(),
        other => format!("{other:#x}").into(),
    }
}

/// The bits of `p_flags` as readelf writes them.
fn flags(p_flags: u32) -> &'static str {
    let is_set = |bit| p_flags & bit != 0;
    match (is_set(PF_R), is_set(PF_W), is_set(PF_X)) {
        (false, false, false) => "",
        (false, false, true) => "E",
        (false, true, false) => "W",
        (false, true, true) => "WE",
        (true, false, false) => "R",
        (true, false, true) => "RE",
        (true, true, false) => "RW",
        (true, true, true) => "RWE",
    }
}

/// The highest numeric `GLIBC_` version among the non-weak needs of glibc's own files. `GLIBC_2.0` of `libgcc_s.so.1` is
/// that library's own node, and musl programs carry it too.
fn glibc_floor(needs: &[VersionNeed]) -> Option<Vec<u32>> {
    let mut highest = Vec::new();
    // A file's needs follow each other.
    for of_file in needs.chunk_by(|a, b| a.file == b.file).filter(|of_file| libc::is_glibc_file(&of_file[0].file)) {
        for need in of_file.iter().filter(|need| !need.weak) {
            if let Some(numbers) = need.glibc_numbers()
                && numbers.clone().gt(highest.iter().copied())
            {
                highest.clear();
                highest.extend(numbers);
            }
        }
    }
    (!highest.is_empty()).then_some(highest)
}

impl VersionNeed {
    /// The number of a `GLIBC_2.34` or `GLIBC_2.2.5`; `None` for `GLIBC_PRIVATE`, `GLIBC_ABI_DT_RELR` and other nodes.
    pub fn glibc_version(&self) -> Option<Vec<u32>> {
        self.glibc_numbers().map(Iterator::collect)
    }

    /// What stands between the dots behind `GLIBC_`; `None` where one is no number.
    fn glibc_numbers(&self) -> Option<impl Iterator<Item = u32> + Clone> {
        let numbers = self.version.strip_prefix("GLIBC_")?.as_bytes().split(|&byte| byte == b'.').map(decimal);
        numbers.clone().all(|number| number.is_some()).then(|| numbers.flatten())
    }
}

/// A number that is written in digits alone.
fn decimal(digits: &[u8]) -> Option<u32> {
    let (first, rest) = digits.split_first()?;
    rest.iter().try_fold(digit(*first)?, |number, byte| number.checked_mul(10)?.checked_add(digit(*byte)?))
}

fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(10)
}
