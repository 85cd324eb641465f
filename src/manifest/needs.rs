//! From the facts of one slice to what the signature says of it.

use std::collections::{BTreeMap, HashMap};

use super::{Cpu, Floors, Libc, Library, Slice, Toolchain};
use crate::facts::elf::{ElfFacts, UndefinedSymbol};
use crate::facts::macho::MachOFacts;
use crate::facts::pe::{DllImport, PeFacts};
use crate::facts::{Details, Facts};
use crate::report;

impl Slice {
    /// What the signature says of a slice: all of it read from the file, so that whoever has the file can read it again.
    pub fn of(facts: &Facts) -> Slice {
        let floors = report::Floors::of(facts);
        let mut slice = Slice {
            format: facts.format,
            arch: facts.arch.to_string(),
            bits: facts.bits,
            os: facts.os,
            kind: facts.kind,
            linkage: facts.linkage,
            libc: Libc {
                family: facts.libc.family,
                linked_in: facts.libc.linked_in,
                version: facts.libc.version.clone(),
            },
            floors: Floors { glibc: floors.glibc, linux: floors.linux, macos: floors.macos, windows: floors.windows },
            cpu: Cpu::of(facts),
            page_alignment: None,
            loader: None,
            libraries: Vec::new(),
            symbols: Vec::new(),
            optional_symbols: Vec::new(),
            entitlements: None,
            toolchain: toolchain(facts),
        };
        match &facts.details {
            Details::Elf(elf) => slice.add_elf(elf),
            Details::Pe(pe) => slice.add_pe(pe),
            Details::MachO(macho) => slice.add_macho(macho),
        }
        slice
    }

    fn add_elf(&mut self, elf: &ElfFacts) {
        self.page_alignment = Some(elf.min_load_align).filter(|align| *align > 0);
        self.loader.clone_from(&elf.interpreter);
        self.libraries = elf.needed.iter().map(|name| Library::named(name)).collect();
        let mut of_need = Vec::with_capacity(elf.version_needs.len());
        let mut known: HashMap<String, usize> = self.libraries.iter().map(|it| it.name.clone()).zip(0..).collect();
        for need in &elf.version_needs {
            let at = *known.entry(need.file.to_string()).or_insert_with(|| {
                // Versions of a file that is not asked for by name: the loader stumbles over it, and so may whoever reads this.
                self.libraries.push(Library::named(&need.file));
                self.libraries.len() - 1
            });
            of_need.push(at);
            let Some(library) = self.libraries.get_mut(at) else { continue };
            if need.weak { &mut library.optional_versions } else { &mut library.versions }
                .push(need.version.to_string());
        }
        for symbol in elf.undefined.iter().chain(elf.copied.iter()) {
            let at = symbol.need.and_then(|need| of_need.get(need));
            match at.and_then(|at| self.libraries.get_mut(*at)) {
                Some(library) => push(&mut library.symbols, &mut library.optional_symbols, symbol),
                None => push(&mut self.symbols, &mut self.optional_symbols, symbol),
            }
        }
        self.sort();
    }

    fn add_pe(&mut self, pe: &PeFacts) {
        let library = |import: &DllImport, optional: bool| Library {
            optional,
            symbols: import.functions.clone(),
            ..Library::named(&import.dll)
        };
        self.libraries.extend(pe.imports.iter().map(|import| library(import, false)));
        self.libraries.extend(pe.delay_imports.iter().map(|import| library(import, true)));
        self.sort();
    }

    fn add_macho(&mut self, macho: &MachOFacts) {
        self.loader.clone_from(&macho.dylinker);
        let library = |dylib: &crate::facts::macho::Dylib| Library {
            optional: dylib.kind == "weak",
            ..Library::named(&dylib.name)
        };
        self.libraries = macho.dylibs.iter().map(library).collect();
        for import in &macho.imports {
            let at = self.libraries.iter().position(|library| library.name == import.library);
            let (symbols, optional) = match at.and_then(|at| self.libraries.get_mut(at)) {
                Some(library) => (&mut library.symbols, &mut library.optional_symbols),
                None => (&mut self.symbols, &mut self.optional_symbols),
            };
            for symbol in &import.symbols {
                if symbol.weak { &mut *optional } else { &mut *symbols }.push(symbol.name.clone());
            }
        }
        let entitlements = macho.code_signature.as_ref().and_then(|signature| signature.entitlements.as_ref());
        self.entitlements = entitlements.map(|entitlements| entitlements.values.clone());
        self.sort();
    }

    /// Symbols are sorted and named once; libraries stay in the order of the file, which is that of the search.
    fn sort(&mut self) {
        let own = [&mut self.symbols, &mut self.optional_symbols];
        let libraries = self.libraries.iter_mut();
        let of_libraries = libraries.flat_map(|library| [&mut library.symbols, &mut library.optional_symbols]);
        for symbols in own.into_iter().chain(of_libraries) {
            symbols.sort_unstable();
            symbols.dedup();
        }
    }
}

impl Library {
    fn named(name: &str) -> Library {
        Library { name: name.to_owned(), ..Library::default() }
    }
}

fn push(symbols: &mut Vec<String>, optional: &mut Vec<String>, symbol: UndefinedSymbol<'_>) {
    let name = match symbol.version {
        Some(version) => format!("{}@{version}", symbol.name),
        None => symbol.name.to_owned(),
    };
    if symbol.weak { optional } else { symbols }.push(name);
}

/// What built the slice, where that was left in it.
fn toolchain(facts: &Facts) -> Toolchain {
    let rust = facts.rust.as_ref();
    let others: Vec<String> = match &facts.details {
        Details::Elf(elf) => {
            elf.producers.iter().filter(|producer| !producer.starts_with("rustc version ")).cloned().collect()
        }
        Details::Pe(pe) => vec![format!("linker {}", pe.linker_version)],
        Details::MachO(macho) => {
            let tools = macho.build_versions.iter().flat_map(|build| &build.tools);
            tools.map(|tool| format!("{} {}", tool.name, tool.version)).collect()
        }
    };
    Toolchain {
        go: facts.go.as_ref().and_then(|go| go.version.clone()),
        rustc: rust.and_then(|rust| rust.version.clone()),
        rustc_commit: rust.and_then(|rust| rust.commit.clone()),
        others,
    }
}

impl Slice {
    /// How many symbols must be defined elsewhere.
    pub(crate) fn symbol_count(&self) -> usize {
        let required = self.libraries.iter().filter(|library| !library.optional);
        self.symbols.len() + required.map(|library| library.symbols.len()).sum::<usize>()
    }

    /// The newest version node asked for of each family: `GLIBC_2.34`, `GCC_3.0`.
    pub(crate) fn newest_versions(&self) -> Vec<String> {
        let mut newest: BTreeMap<&str, crate::hosts::Version> = BTreeMap::new();
        for node in self.libraries.iter().flat_map(|library| &library.versions) {
            let Some((family, number)) = node.rsplit_once('_') else { continue };
            let Ok(number) = number.parse() else { continue };
            let known = newest.entry(family).or_insert(number);
            *known = number.max(*known);
        }
        newest.into_iter().map(|(family, number)| format!("{family}_{number}")).collect()
    }
}
