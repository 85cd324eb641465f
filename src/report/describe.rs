//! One line about an artifact: what it is, and what it needs. Nothing is claimed beyond what was read.

use crate::facts::libc::LibcFamily;
use crate::facts::{Details, Facts, FileFacts, Format, Kind, Linkage};

use super::{Floors, escape};

/// `static-pie ELF x86_64, musl linked in, needs no loader and no libraries`.
pub(super) fn describe(file: &FileFacts) -> String {
    let Some(first) = file.slices.first() else { return "nothing in it".into() };
    let arches: Vec<_> = file.slices.iter().map(|slice| escape(&slice.arch)).collect();
    let mut parts = vec![format!("{} {} {}", kind(first), first.format, arches.join("+"))];
    parts.extend(libc(first));
    parts.extend(first.go.as_ref().and_then(|go| go.version.as_deref()).map(|go| escape(go).into_owned()));
    let mut line = parts.join(", ");
    let needs = needs(first);
    if !needs.is_empty() {
        line.push_str("; needs ");
        line.push_str(&needs);
    }
    line
}

fn kind(facts: &Facts) -> &'static str {
    match facts.kind {
        Kind::Static => "static",
        Kind::StaticPie => "static-pie",
        Kind::Pie => "dynamic pie",
        Kind::Exe if facts.format == Format::Elf => "dynamic",
        Kind::Exe | Kind::Execute => "program",
        Kind::SharedObject => "shared object",
        Kind::RunnableSharedObject => "runnable shared object",
        Kind::Bundle => "bundle",
        Kind::Other => "other",
    }
}

fn libc(facts: &Facts) -> Option<String> {
    let name = match facts.libc.family {
        LibcFamily::Glibc => "glibc",
        LibcFamily::Musl => "musl",
        LibcFamily::Bionic => "bionic",
        LibcFamily::Klibc => "klibc",
        LibcFamily::Dietlibc => "diet libc",
        LibcFamily::Uclibc => "uClibc",
        LibcFamily::None => return Some("no libc".into()),
        LibcFamily::Bsd | LibcFamily::Solaris | LibcFamily::System | LibcFamily::Unknown => return None,
    };
    let version = facts.libc.version.as_deref().map(|version| format!(" {}", escape(version))).unwrap_or_default();
    Some(if facts.libc.linked_in { format!("{name}{version} linked in") } else { format!("for {name}") })
}

/// What must be on the machine: libraries and floors.
fn needs(facts: &Facts) -> String {
    let mut needs = Vec::new();
    if facts.linkage == Linkage::Static {
        needs.push("no loader and no libraries".into());
    }
    // Every machine of the architecture has the baseline.
    let floors = Floors::of(facts);
    let telling = |floor: &(&str, &str)| floor.1 != "x86-64-baseline";
    needs.extend(floors.iter().filter(telling).map(|(name, floor)| floor_text(name, floor)));
    match &facts.details {
        Details::Elf(elf) => needs.extend(elf.needed.iter().map(|name| escape(name).into_owned())),
        Details::Pe(pe) => needs.extend(pe.imports.iter().map(|import| escape(&import.dll).into_owned())),
        Details::MachO(macho) => needs.extend(macho.dylibs.iter().map(|dylib| escape(&dylib.name).into_owned())),
    }
    const SHOWN: usize = 6;
    let more = needs.len().saturating_sub(SHOWN);
    needs.truncate(SHOWN);
    if more > 0 {
        needs.push(format!("{more} more"));
    }
    needs.join(" · ")
}

fn floor_text(name: &str, floor: &str) -> String {
    let floor = escape(floor);
    if name == "cpu" { floor.into_owned() } else { format!("{name} {floor}") }
}
