//! The C library of an ELF file: the loader, the notes and the start-up code decide; strings only say "probably".

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::entry::{Entry, Owner, entry};
use super::needed::by_needs;
use super::runtime_parts::runtime_parts;
use super::strings::{Means, search};
use super::version::{Range, of_tunables};
use super::{Certainty, Libc, LibcFamily, loader};
use crate::facts::elf::ElfFacts;
use crate::facts::elf::image::Image;
use crate::facts::go_build_info::GoBuild;
use crate::facts::{Kind, Os, Unreadable, Wanted};

/// How many of the six strings of glibc's cluster are enough, and of musl's four.
const GLIBC_CLUSTER: usize = 4;
const MUSL_CLUSTER: usize = 2;

/// What is known of the file already.
#[derive(Clone, Copy)]
pub(in crate::facts) struct Subject<'f> {
    pub(in crate::facts) kind: Kind,
    pub(in crate::facts) arch: &'f str,
    pub(in crate::facts) os: Os,
    pub(in crate::facts) elf: &'f ElfFacts,
    pub(in crate::facts) go: Option<&'f GoBuild>,
    pub(in crate::facts) is_packed: bool,
}

/// The C library of an ELF file.
///
/// # Errors
/// [`Unreadable`], when a part of the file that decides it cannot be read.
pub(in crate::facts) fn of_elf(image: &Image<'_>, subject: Subject<'_>, wanted: Wanted) -> Result<Libc, Unreadable> {
    let linked_in = matches!(subject.kind, Kind::Static | Kind::StaticPie);
    let mut libc = match () {
        () if subject.is_packed => unknown("the program is packed, its own code cannot be seen"),
        () if linked_in => inside(image, subject, wanted)?,
        () => asked_for(subject),
    };
    libc.linked_in = linked_in;
    if linked_in && libc.family == LibcFamily::Glibc && libc.certainty == Certainty::Certain {
        libc.runtime_parts = runtime_parts(image, wanted.detail)?;
    }
    Ok(libc)
}

fn certain(family: LibcFamily, evidence: impl Into<String>) -> Libc {
    Libc {
        family,
        linked_in: false,
        certainty: Certainty::Certain,
        evidence: vec![evidence.into()],
        version: None,
        runtime_parts: Vec::new(),
    }
}

fn unknown(evidence: &str) -> Libc {
    Libc { certainty: Certainty::Unknown, ..certain(LibcFamily::Unknown, evidence) }
}

/// A dynamic file: the loader it names, or what it needs.
fn asked_for(subject: Subject<'_>) -> Libc {
    let elf = subject.elf;
    if let Some(path) = &elf.interpreter
        && let Some(loader) = loader(path, subject.arch)
    {
        return certain(loader.family, ["PT_INTERP is ", path].concat());
    }
    if let Some((family, evidence)) = by_needs(elf, subject.os) {
        return certain(family, evidence);
    }
    if let Some(family) = itself(elf) {
        return certain(family, "the file is the C library itself");
    }
    if elf.interpreter.is_none() && elf.needed.is_empty() && elf.undefined.iter().all(|symbol| symbol.weak) {
        return certain(LibcFamily::None, "no DT_NEEDED and no undefined symbol");
    }
    unknown("neither the loader nor the needed libraries are known ones")
}

/// The C library or its loader.
fn itself(elf: &ElfFacts) -> Option<LibcFamily> {
    if elf.version_definitions.iter().any(|version| version == "GLIBC_PRIVATE") {
        return Some(LibcFamily::Glibc);
    }
    // musl's libc.so is its loader too: it needs nothing, defines a libc's worth of symbols, and versions none of them.
    let is_whole = elf.needed.is_empty() && elf.undefined.is_empty() && elf.version_definitions.is_empty();
    (is_whole && elf.defines_musl_loader).then_some(LibcFamily::Musl)
}

/// A static program: the start-up code and the notes, then strings.
fn inside(image: &Image<'_>, subject: Subject<'_>, wanted: Wanted) -> Result<Libc, Unreadable> {
    let elf = subject.elf;
    if elf.android_api.is_some() {
        return Ok(certain(LibcFamily::Bionic, "the Android note, which bionic's start-up code carries"));
    }
    let is_bsd = matches!(subject.os, Os::FreeBsd | Os::NetBsd | Os::OpenBsd | Os::DragonFly);
    if is_bsd {
        return Ok(match subject.go {
            Some(_) => certain(LibcFamily::None, "a Go program for a BSD, linked without its C library"),
            None => certain(LibcFamily::Bsd, "the note and EI_OSABI of a BSD"),
        });
    }
    let entry = entry(image, subject.arch);
    let has_tag = elf.abi_tag.as_ref().is_some_and(|tag| tag.system == "Linux");
    let tag = || format!("NT_GNU_ABI_TAG (kernel {}), which glibc's start-up code carries", kernel(elf));
    let at_entry = |entry: Entry, who: &str| format!("the code at e_entry is {who}'s ({})", entry.variant);
    let mut libc = match entry {
        Some(entry @ Entry { owner: Owner::Libc(family), .. }) => certain(family, at_entry(entry, name(family))),
        Some(entry @ Entry { owner: Owner::GlibcOrUclibc, .. }) if has_tag => {
            certain(LibcFamily::Glibc, at_entry(entry, "glibc"))
        }
        Some(entry @ Entry { owner: Owner::GlibcOrUclibc, .. }) => {
            certain(LibcFamily::Uclibc, at_entry(entry, "uClibc") + ", and there is no NT_GNU_ABI_TAG")
        }
        Some(entry @ Entry { owner: Owner::Go, .. }) => certain(LibcFamily::None, at_entry(entry, "the Go runtime")),
        None if has_tag => certain(LibcFamily::Glibc, tag()),
        None => return by_strings(image, subject, wanted),
    };
    if has_tag && entry.is_some() && libc.family == LibcFamily::Glibc {
        libc.evidence.push(tag());
    }
    if wanted.detail && matches!(libc.family, LibcFamily::Glibc | LibcFamily::Musl) {
        let clues = Clues::read(image, true)?;
        libc.version = match libc.family {
            LibcFamily::Glibc => clues.glibc_version(entry, image.section("__libc_freeres_fn").is_some()),
            _ => clues.musl_since.map(|since| format!(">= {since}")),
        };
    }
    Ok(libc)
}

fn kernel(elf: &ElfFacts) -> &str {
    elf.abi_tag_kernel.as_deref().unwrap_or("?")
}

fn name(family: LibcFamily) -> &'static str {
    family.name().unwrap_or("the system")
}

/// No start-up code that is known, no note: Go without C, or what strings make probable.
fn by_strings(image: &Image<'_>, subject: Subject<'_>, wanted: Wanted) -> Result<Libc, Unreadable> {
    if let Some(go) = subject.go {
        let without_cgo = go.setting("CGO_ENABLED") == Some("0");
        let certainty = if without_cgo { Certainty::Certain } else { Certainty::Probable };
        let evidence = "a Go program whose start-up code is no C library's";
        return Ok(Libc { certainty, ..certain(LibcFamily::None, evidence) });
    }
    if !wanted.strings {
        return Ok(unknown("the code at e_entry is no known C library's"));
    }
    let clues = Clues::read(image, wanted.detail)?;
    let probably = |family, count: usize, of: usize| Libc {
        certainty: Certainty::Probable,
        ..certain(family, format!("{count} of {of} strings that {} carries", name(family)))
    };
    Ok(match (clues.glibc.len(), clues.musl.len()) {
        (glibc, musl) if glibc >= GLIBC_CLUSTER && musl < MUSL_CLUSTER => probably(LibcFamily::Glibc, glibc, 6),
        (glibc, musl) if musl >= MUSL_CLUSTER && glibc < GLIBC_CLUSTER => probably(LibcFamily::Musl, musl, 4),
        _ => unknown("the code at e_entry is no known C library's, and no strings tell"),
    })
}

/// What the strings of a program say.
#[derive(Default)]
struct Clues {
    glibc: BTreeSet<u8>,
    musl: BTreeSet<u8>,
    musl_since: Option<&'static str>,
    tunables: BTreeSet<String>,
    banner: Option<String>,
}

impl Clues {
    /// What tells the library, and with `detail` what dates it too.
    fn read(image: &Image<'_>, detail: bool) -> Result<Self, Unreadable> {
        let mut clues = Clues::default();
        let wanted: fn(Means) -> bool = match detail {
            true => |means| !matches!(means, Means::Nss | Means::Iconv | Means::Dlopen),
            false => |means| matches!(means, Means::Glibc(_) | Means::Tunable | Means::Musl(_)),
        };
        search(image, wanted, |found| {
            match found.means {
                Means::Glibc(number) => _ = clues.glibc.insert(number),
                Means::Musl(number) => _ = clues.musl.insert(number),
                Means::MuslSince(since) => {
                    // The string that dates 1.2.1 is the cluster's second one with its neighbour.
                    if since == "1.2.1" {
                        clues.musl.insert(1);
                    }
                    clues.musl_since = clues.musl_since.max(Some(since));
                }
                Means::Tunable => {
                    let name = String::from_utf8_lossy(&found.text).into_owned();
                    if name == "glibc.malloc.check" {
                        clues.glibc.insert(5);
                    }
                    if clues.tunables.len() < 256 {
                        clues.tunables.insert(name);
                    }
                }
                Means::Banner => clues.banner = clues.banner.take().or_else(|| banner(&found.text)),
                Means::Nss | Means::Iconv | Means::Dlopen => {}
            }
            ControlFlow::Continue(())
        })?;
        Ok(clues)
    }

    fn glibc_version(&self, entry: Option<Entry>, has_clean_up: bool) -> Option<String> {
        if let Some(banner) = &self.banner {
            return Some(banner.clone());
        }
        let mut range = of_tunables(&self.tunables);
        if has_clean_up {
            // Measured: there in 2.31 and 2.36, gone in 2.41; dropped with the clean-up functions of 2.37 to 2.40.
            range = range.and(Range::at_most((2, 40)));
        }
        match entry.map(|entry| entry.variant) {
            Some(variant) if variant.starts_with(">=2.34") => range = range.and(Range::at_least((2, 34))),
            Some(variant) if variant.starts_with("<2.34") => range = range.and(Range::at_most((2, 33))),
            _ => {}
        }
        (range != Range::default()).then(|| range.to_string())
    }
}

/// `2.36` of `GNU C Library (Debian GLIBC 2.36-9+deb12u10) stable release version 2.36.`
fn banner(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let (_, version) = text.split_once("release version ")?;
    let version: String = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    Some(version.trim_end_matches('.').to_owned()).filter(|version| !version.is_empty())
}
