//! Profiles from facts.

use super::{Needed, NeededVersion, Profile};
use crate::facts::elf::{ElfFacts, Relro};
use crate::facts::libc::LibcFamily;
use crate::facts::macho::MachOFacts;
use crate::facts::macho::code_signature::SignatureKind;
use crate::facts::pe::PeFacts;
use crate::facts::{Details, Facts, Kind};
use crate::report::Floors;

impl Profile {
    /// The profile of one slice.
    pub fn of(facts: &Facts) -> Profile {
        let mut profile = Profile {
            arch: facts.arch.to_string(),
            format: word(&facts.format),
            kind: word(&facts.kind),
            linkage: word(&facts.linkage),
            libc: libc(facts),
            floors: Floors::of(facts),
            ..Profile::default()
        };
        match &facts.details {
            Details::Elf(elf) => profile.add_elf(facts.kind, elf),
            Details::Pe(pe) => profile.add_pe(pe, facts.bits),
            Details::MachO(macho) => profile.add_macho(facts.kind, macho),
        }
        profile
    }

    fn add_elf(&mut self, kind: Kind, elf: &ElfFacts) {
        self.loader.clone_from(&elf.interpreter);
        self.libraries = elf.needed.iter().map(|name| Needed { name: name.clone(), ..Needed::default() }).collect();
        for need in &elf.version_needs {
            let version =
                NeededVersion { name: need.version.to_string(), weak: need.weak, symbols: sorted(need.symbols.iter()) };
            match self.libraries.iter_mut().find(|library| need.file == *library.name) {
                Some(library) => library.versions.push(version),
                // Found through another library: the loader's own file, most often.
                None => self.libraries.push(Needed {
                    name: need.file.to_string(),
                    versions: vec![version],
                    ..Needed::default()
                }),
            }
        }
        let plain = elf.undefined.iter().filter(|symbol| symbol.version.is_none() && !symbol.weak);
        self.symbols = sorted(plain.map(|symbol| symbol.name));
        self.has("read-only code", !elf.textrel && elf.writable_code.is_empty());
        if let Some(flags) = &elf.gnu_stack {
            self.has("non-executable stack", !flags.contains('E'));
        }
        if kind.is_program() {
            self.has("position-independent", !matches!(kind, Kind::Static | Kind::Exe));
        }
        if elf.has_dynamic {
            self.has("read-only relocations", elf.relro != Relro::None);
            self.has("full read-only relocations", elf.relro == Relro::Full);
        }
        if let Some(protected) = elf.stack_protector {
            self.has("stack protector", protected);
        }
        for feature in ["IBT", "SHSTK", "BTI", "PAC"].into_iter().filter(|name| elf.properties.features.contains(name))
        {
            self.has(feature, true);
        }
    }

    fn add_pe(&mut self, pe: &PeFacts, bits: u8) {
        let needed = |optional| {
            move |import: &crate::facts::pe::DllImport| Needed {
                name: import.dll.clone(),
                optional,
                symbols: sorted(import.functions.iter()),
                ..Needed::default()
            }
        };
        let delayed = pe.delay_imports.iter().map(needed(true));
        self.libraries = pe.imports.iter().map(needed(false)).chain(delayed).collect();
        self.has("read-only code", pe.writable_code.is_empty());
        let flags: &[(&str, &str)] = match bits {
            64 => &[
                ("address randomization", "DYNAMIC_BASE"),
                ("high-entropy addresses", "HIGH_ENTROPY_VA"),
                ("non-executable data", "NX_COMPAT"),
                ("control flow guard", "GUARD_CF"),
            ],
            _ => &[
                ("address randomization", "DYNAMIC_BASE"),
                ("non-executable data", "NX_COMPAT"),
                ("control flow guard", "GUARD_CF"),
            ],
        };
        for (name, flag) in flags {
            self.has(name, pe.dll_characteristic_names.contains(flag));
        }
        self.has("signature", !pe.certificates.is_empty());
    }

    fn add_macho(&mut self, kind: Kind, macho: &MachOFacts) {
        self.loader.clone_from(&macho.dylinker);
        for dylib in &macho.dylibs {
            let optional = dylib.kind == "weak";
            self.libraries.push(Needed { name: dylib.name.clone(), optional, ..Needed::default() });
        }
        let mut loose = Vec::new();
        for import in &macho.imports {
            let needed = import.symbols.iter().filter(|symbol| !symbol.weak).map(|symbol| &symbol.name);
            match self.libraries.iter_mut().find(|library| library.name == import.library) {
                Some(library) => library.symbols = sorted(needed),
                None => loose.extend(needed),
            }
        }
        self.symbols = sorted(loose.into_iter());
        self.has("read-only code", macho.writable_code.is_empty());
        if kind == Kind::Execute {
            self.has("position-independent", macho.flag_names.contains(&"PIE"));
        }
        let signature = macho.code_signature.as_ref();
        self.has("signature", signature.is_some());
        self.has("signed by an identity", macho.signature_kind == SignatureKind::Cms);
        let directory = signature.and_then(|signature| signature.best_directory());
        self.has("hardened runtime", directory.is_some_and(|directory| directory.hardened_runtime()));
        if let Some(entitlements) = signature.and_then(|signature| signature.entitlements.as_ref()) {
            self.entitlements = entitlements.values.clone();
        }
    }

    fn has(&mut self, protection: &str, there: bool) {
        self.hardening.insert(protection.to_owned(), there);
    }
}

fn libc(facts: &Facts) -> Option<String> {
    let family = match facts.libc.family {
        LibcFamily::None | LibcFamily::System | LibcFamily::Unknown => return None,
        family => word(&family),
    };
    Some(if facts.libc.linked_in { format!("{family} linked in") } else { family })
}

/// The word that the JSON form has for a value.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn sorted(names: impl Iterator<Item = impl ToString>) -> Vec<String> {
    let mut names: Vec<String> = names.map(|name| name.to_string()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
