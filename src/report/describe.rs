//! One line about an artifact: what it is, and what it needs. Nothing is claimed beyond what was read.

use std::borrow::Cow;

use crate::facts::libc::LibcFamily;
use crate::facts::{Details, Facts, FileFacts, Format, Kind, Linkage, Os};

use super::{Floors, escape};

/// Bytes of the line about most files.
const USUAL: usize = 192;

/// `static-pie ELF x86_64, musl linked in, needs no loader and no libraries`.
pub(super) fn describe(file: &FileFacts) -> String {
    let Some(first) = file.slices.first() else { return "nothing in it".into() };
    let mut line = String::with_capacity(USUAL);
    line.extend([kind(first), " ", first.format.name()]);
    for (at, slice) in file.slices.iter().enumerate() {
        line.extend([if at == 0 { " " } else { "+" }, &escape(&slice.arch)]);
    }
    if let Some(system) = other_apple_system(first) {
        line.extend([" for ", system]);
    }
    if let Some(libc) = libc(first) {
        line.extend([", ", &libc]);
    }
    if let Some(go) = first.go.as_ref().and_then(|go| go.version.as_deref()) {
        line.extend([", ", &escape(go)]);
    }
    let needs = needs(first, &file.slices);
    if !needs.is_empty() {
        line.extend(["; needs ", &needs]);
    }
    line
}

/// The system of a Mach-O file that is not for macOS.
fn other_apple_system(facts: &Facts) -> Option<&'static str> {
    match &facts.details {
        Details::MachO(macho) if facts.os == Os::OtherApple => Some(macho.system().unwrap_or("another Apple system")),
        Details::MachO(_) if facts.os == Os::Unknown => Some("an unknown system"),
        _ => None,
    }
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

fn libc(facts: &Facts) -> Option<Cow<'static, str>> {
    if facts.libc.family == LibcFamily::None {
        return Some("no libc".into());
    }
    let name = facts.libc.family.name()?;
    let text = match (facts.libc.linked_in, &facts.libc.version) {
        (true, Some(version)) => [name, " ", &escape(version), " linked in"].concat(),
        (true, None) => [name, " linked in"].concat(),
        (false, _) => ["for ", name].concat(),
    };
    Some(text.into())
}

/// What must be on the machine: libraries and floors. Of a universal file each architecture has its own floor.
fn needs(facts: &Facts, slices: &[Facts]) -> String {
    let mut needs: Vec<Cow<'_, str>> = Vec::new();
    if facts.linkage == Linkage::Static {
        needs.push("no loader and no libraries".into());
    }
    // Every machine of the architecture has the baseline.
    let floors = Floors::of(facts);
    let telling = |floor: &(&str, &str)| floor.1 != "x86-64-baseline";
    let macos: Vec<Option<String>> = slices.iter().map(|slice| Floors::of(slice).macos).collect();
    if macos.iter().any(|floor| *floor != floors.macos) {
        let of_each = slices.iter().zip(&macos);
        needs.extend(of_each.filter_map(|(slice, floor)| {
            let floor = floor_text("macos", floor.as_deref()?);
            Some([&*floor, " (", &escape(&slice.arch), ")"].concat().into())
        }));
    } else {
        needs.extend(floors.iter().filter(telling).map(|(name, floor)| floor_text(name, floor)));
    }
    match &facts.details {
        Details::Elf(elf) => needs.extend(elf.needed.iter().map(|name| escape(name))),
        Details::Pe(pe) => needs.extend(pe.imports.iter().map(|import| escape(&import.dll))),
        Details::MachO(macho) => needs.extend(macho.dylibs.iter().map(|dylib| escape(&dylib.name))),
    }
    const SHOWN: usize = 6;
    let more = needs.len().saturating_sub(SHOWN);
    needs.truncate(SHOWN);
    if more > 0 {
        needs.push(format!("{more} more").into());
    }
    needs.join(" · ")
}

fn floor_text<'f>(name: &str, floor: &'f str) -> Cow<'f, str> {
    let floor = escape(floor);
    if name == "cpu" { floor } else { [name, " ", &floor].concat().into() }
}
