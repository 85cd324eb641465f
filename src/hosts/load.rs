//! The simulated load: what ld.so or musl's loader would say, worked out from facts alone.
//!
//! [`load`] is a function of the program's facts, of the files beside it, and of the host. It follows glibc's
//! `elf/dl-load.c`, `dl-version.c` and `dl-lookup.c`, and musl's `ldso/dynlink.c`, with every symbol bound at once. What it
//! cannot know becomes a gap, and a load with a gap never "runs".

mod accept;
mod bindings;
mod graph;
mod header;
mod late;
mod layout;
mod lazy;
mod loader;
mod objects;
mod paths;
mod protected;
mod published;
mod reason;
mod search;
mod symbols;
mod tls;
mod versions;

use std::cell::OnceCell;

use serde::Serialize;

use self::bindings::Bindings;
use super::{Host, Version, kernel};
use crate::facts::elf::ElfFacts;
use crate::facts::{Details, Facts, Kind, Linkage};

pub use lazy::Loads;
pub use objects::{Files, Image, NoFiles, Opened};
pub use reason::Reason;

/// The highest level of a CPU that any loader knows.
const HIGHEST: &str = "x86-64-v4";

/// What is to be loaded.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// Its facts.
    pub facts: &'a Facts,
    /// Its absolute path with `/` between parts, in the tree it is shipped in.
    pub path: &'a str,
    /// That tree is the host's own root.
    pub at_home: bool,
}

/// How strictly symbols of shared objects are judged.
#[derive(Clone, Copy, Default)]
pub struct Mode<'a> {
    /// Judge a shared object alone, as `ldd -r` does: nothing is expected of the program that loads it.
    pub strict_symbols: bool,
    /// Names of symbols that the loading program provides, by the policy.
    pub provided: Option<&'a (dyn Fn(&str) -> bool + 'a)>,
}

/// What the loader would say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Load {
    /// Name of the host.
    pub host: String,
    /// The verdict.
    pub outcome: Outcome,
    /// Why it does not run; empty otherwise.
    pub reasons: Vec<Reason>,
    /// What is not known.
    pub gaps: Vec<Gap>,
    /// Programs that a shared object expects to be loaded by: `CPython`, `Node.js` …
    pub expects: Vec<&'static str>,
    /// The verdict rests on rows of the catalogue that nobody verified.
    pub unverified: bool,
    /// Every object that is loaded, the program first, by path where it has one.
    pub objects: Vec<String>,
}

impl Load {
    /// Whether anything but the file itself is loaded, so that the answer rests on what the host has.
    pub fn rests_on_libraries(&self) -> bool {
        self.objects.len() > 1
    }
}

/// A fact that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// What it is about.
    pub about: About,
    /// One sentence.
    pub text: String,
}

/// What a missing fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// Whether a library or loader is there and loads.
    Library,
    /// Whether a version or symbol is there.
    Symbol,
}

impl Gap {
    fn library(text: String) -> Gap {
        Gap { about: About::Library, text }
    }

    fn symbol(text: String) -> Gap {
        Gap { about: About::Symbol, text }
    }
}

/// Whether it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The loader accepts it.
    Runs,
    /// The loader refuses it.
    DoesNotRun,
    /// A fact is missing.
    Unknown,
}

/// Loads `program` on `host`, finding the files shipped beside it through `shipped`.
///
/// A file that is not ELF, and a host that is not Linux, give [`Outcome::Unknown`]: their loaders are judged elsewhere.
pub fn load(program: Program<'_>, host: &Host, shipped: &dyn Files, mode: Mode<'_>) -> Load {
    with_bindings(program, host, shipped, mode, &OnceCell::new())
}

/// The same, with what is known of the program from its loads on other hosts.
fn with_bindings(
    program: Program<'_>,
    host: &Host,
    shipped: &dyn Files,
    mode: Mode<'_>,
    bindings: &OnceCell<Bindings>,
) -> Load {
    let mut result = Load {
        host: host.name.clone(),
        outcome: Outcome::Runs,
        reasons: Vec::new(),
        gaps: Vec::new(),
        expects: Vec::new(),
        unverified: host.is_unverified(),
        objects: vec![program.path.to_owned()],
    };
    let Details::Elf(elf) = &program.facts.details else {
        result.gaps.push(Gap::library("only ELF files are loaded by ld.so".to_owned()));
        result.outcome = Outcome::Unknown;
        return result;
    };
    let name = program.path.rsplit('/').next().unwrap_or_default();
    let alone = program.facts.linkage == Linkage::Static && program.facts.kind != Kind::SharedObject;
    result.reasons.extend(machine(program.facts, elf, host, name));
    published::check(program.facts, host, alone, &mut result);
    layout::program(program, elf, host, name, &mut result);
    let relative = elf.interpreter.as_deref().is_some_and(|path| !path.starts_with('/'));
    if relative {
        result
            .gaps
            .push(Gap::library("its loader is looked for from the working directory, which is not known".into()));
    }
    result.gaps.extend(kernel_gap(program.facts, host));
    // `linux:K` is a kernel and nothing else.
    let only_kernel = host.kernel.is_some() && host.libc.is_none() && !host.complete;
    if !alone && !only_kernel && !relative && result.reasons.is_empty() {
        match graph::Graph::build(program, elf, host, shipped) {
            Ok(mut graph) => {
                if elf.soname.as_deref() == Some("libc.so.6") {
                    result.gaps.push(Gap::library("a C library loaded beside another one may do anything".to_owned()));
                }
                if !mode.strict_symbols && program.facts.kind == Kind::SharedObject {
                    graph.add_loading_program();
                }
                result.objects = graph.paths();
                versions::check(&graph, &mut result);
                late::check(&graph, &mut result);
                symbols::check(&graph, bindings, mode, &mut result);
                protected::check(&graph, &mut result);
                graph.finish(&mut result);
            }
            Err(reason) => result.reasons.push(reason),
        }
    }
    result.outcome = match (result.reasons.is_empty(), result.gaps.is_empty()) {
        (false, _) => Outcome::DoesNotRun,
        (true, false) => Outcome::Unknown,
        (true, true) => Outcome::Runs,
    };
    result
}

/// What not every kernel starts: programs for x32 need `CONFIG_X86_X32_ABI`, which some distributions leave out, and others ask for on the
/// command line.
fn kernel_gap(facts: &Facts, host: &Host) -> Option<Gap> {
    let is_x32 = facts.arch == "x86_64" && facts.bits == 32;
    is_x32.then(|| Gap::library(format!("whether the kernel of `{}` starts programs for x32 is not known", host.name)))
}

/// What the machine refuses before any loader starts: the architecture, and a CPU level that the system is known for.
fn machine(facts: &Facts, elf: &ElfFacts, host: &Host, name: &str) -> Option<Reason> {
    if facts.arch != host.arch {
        return Some(Reason::WrongArchitecture { program: facts.arch.to_string(), host: host.arch.clone() });
    }
    if let (Some(has), Some(floor)) = (host.kernel, kernel::floor(facts))
        && floor.version > has
    {
        return Some(Reason::KernelTooOld { needs: floor.version, has, because: floor.because });
    }
    // Without a loader nobody looks at the note: musl's and static programs start and may die later.
    let is_loaded = elf.interpreter.is_some() || facts.kind == Kind::SharedObject;
    let (needs, has) = (cpu_beyond(elf, host, host.glibc()).filter(|_| is_loaded)?, host.cpu.unwrap_or(HIGHEST));
    Some(match level(needs) {
        Some(_) => Reason::CpuTooOld { needs: needs.to_owned(), has: has.to_owned() },
        None => {
            Reason::Unstartable { object: name.to_owned(), why: format!("it needs {needs}, which no loader knows") }
        }
    })
}

/// The level that a file is marked to need, where no machine of the host is sure to have it and this glibc looks at the mark
/// (`sysdeps/x86/dl-prop.h`, `dl_isa_level_check`: every bit of it must be the CPU's).
fn cpu_beyond(elf: &ElfFacts, host: &Host, glibc: Option<Version>) -> Option<&'static str> {
    glibc.filter(|glibc| *glibc >= Version::new(2, 33))?;
    if elf.properties.x86_isa_beyond {
        return Some("a level of CPUs above x86-64-v4");
    }
    let needed = elf.x86_isa_needed?;
    (level(needed)? > level(host.cpu?)?).then_some(needed)
}

/// The number of an x86-64 level.
pub(super) fn level(name: &str) -> Option<u32> {
    match name {
        "x86-64-baseline" => Some(1),
        _ => name.strip_prefix("x86-64-v")?.parse().ok(),
    }
}
