//! Which object of a link leaves a symbol undefined: rlibs, static archives and bare objects are searched.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::facts::{Source, archive, object};

/// The section by which an object says what stack it needs.
pub const STACK_NOTE: &str = ".note.GNU-stack";

/// A file that took part in a link, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkInput {
    /// The rlib, archive or object.
    pub path: PathBuf,
    /// Who brought it in.
    pub owner: Owner,
}

/// Who brings code into a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A crate of the build, by cargo's package id.
    Crate(String),
    /// A Go package, by its import path.
    Package(String),
    /// The Rust standard library.
    Std,
    /// The start-up files of the C toolchain (`crt1.o`, `crti.o` …).
    CStartup,
    /// An archive or object named on the link line, without a crate behind it.
    LinkLine,
}

/// One object that refers to a symbol which it does not define.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The symbol.
    pub symbol: String,
    /// Who brought the object in.
    pub owner: Owner,
    /// The file.
    pub file: PathBuf,
    /// The member, when the file is an archive.
    pub member: Option<String>,
    /// The functions and data that refer to it: shows whether they made it into a program with a symbol table.
    pub by: Vec<String>,
    /// The object does without the symbol where nobody defines it.
    pub is_weak: bool,
    /// The object is LLVM bitcode, in which the symbol's name occurs.
    pub is_bitcode: bool,
}

/// What a search found, and whether it could look everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// The references, sorted by symbol, then owner.
    pub found: Vec<Reference>,
    /// Inputs that could not be read as native objects (LLVM bitcode, vanished files): absence proves nothing then.
    pub unreadable: Vec<PathBuf>,
}

/// Finds who refers to a symbol that `wanted` accepts, without defining it.
pub fn references(inputs: &[LinkInput], wanted: impl Fn(&str) -> bool + Sync) -> References {
    let parts: Vec<References> = inputs.par_iter().map(|input| of_input(input, &wanted)).collect();
    let mut all = References::default();
    for part in parts {
        all.found.extend(part.found);
        all.unreadable.extend(part.unreadable);
    }
    all.found.sort();
    all.found.dedup();
    all
}

/// Finds objects that make the linker mark the stack executable.
pub fn executable_stacks(inputs: &[LinkInput]) -> Vec<Reference> {
    let of_input = |input: &LinkInput| {
        let mut found = Vec::new();
        for_each_object(&input.path, |member, content| {
            if let Ok(symbols) = object::symbols(content)
                && symbols.executable_stack == Some(true)
            {
                found.push(reference(STACK_NOTE.into(), symbols.defined, input, member));
            }
            true
        });
        found
    };
    inputs.par_iter().flat_map_iter(of_input).collect()
}

/// Objects of LLVM bitcode in which the name of a symbol occurs: they may refer to it.
pub fn bitcode_with(inputs: &[LinkInput], symbols: &BTreeSet<&str>) -> Vec<Reference> {
    let of_input = |input: &LinkInput| {
        let mut found = Vec::new();
        for_each_object(&input.path, |member, content| {
            let bytes = || content.read(0, content.len(), "bitcode").unwrap_or_default();
            let bytes = if object::is_bitcode(content) { bytes() } else { Cow::default() };
            let named = symbols.iter().filter(|symbol| memchr::memmem::find(&bytes, symbol.as_bytes()).is_some());
            found.extend(named.map(|symbol| Reference {
                is_bitcode: true,
                ..reference((*symbol).to_owned(), Vec::new(), input, member)
            }));
            true
        });
        found
    };
    inputs.par_iter().flat_map_iter(of_input).collect()
}

/// Drops references by functions that did not make it into a program, as far as its symbol table tells, and weak ones to what
/// somebody cannot do without.
pub fn that_made_it(references: Vec<Reference>, present: Option<&HashSet<String>>) -> Vec<Reference> {
    let is_there = |reference: &Reference| {
        let Some(present) = present else { return true };
        reference.by.is_empty() || reference.by.iter().any(|name| present.contains(name))
    };
    let found: Vec<Reference> = references.into_iter().filter(is_there).collect();
    let needed: BTreeSet<String> =
        found.iter().filter(|reference| !reference.is_weak).map(|reference| reference.symbol.clone()).collect();
    found.into_iter().filter(|reference| !reference.is_weak || !needed.contains(&reference.symbol)).collect()
}

fn of_input(input: &LinkInput, wanted: &(impl Fn(&str) -> bool + Sync)) -> References {
    let mut result = References::default();
    let readable =
        for_each_object(&input.path, |member, content| match object::referred(content, wanted) {
            Ok(names) => {
                result.found.extend(names.into_iter().map(|found| Reference {
                    is_weak: found.is_weak,
                    ..reference(found.name, found.by, input, member)
                }));
                true
            }
            Err(_) => member.is_some_and(is_no_code),
        });
    if !readable {
        result.unreadable.push(input.path.clone());
    }
    result
}

fn reference(symbol: String, by: Vec<String>, input: &LinkInput, member: Option<&str>) -> Reference {
    let (owner, file) = (input.owner.clone(), input.path.clone());
    Reference { symbol, owner, file, member: member.map(str::to_owned), by, is_weak: false, is_bitcode: false }
}

/// rustc's `lib.rmeta` inside an rlib.
fn is_no_code(member: &str) -> bool {
    member.ends_with(".rmeta")
}

/// Calls `visit` with each object of the file; false when the file, or any object by `visit`'s word, could not be read.
fn for_each_object(path: &Path, mut visit: impl FnMut(Option<&str>, &Source<'_>) -> bool) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let Ok(source) = Source::from_file(&file) else { return false };
    if let Some(names) = archive::thin_members(&source) {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut visit_file = |name: &String| {
            let file = File::open(folder.join(name)).ok();
            let source = file.as_ref().and_then(|file| Source::from_file(file).ok());
            let member = name.rsplit('/').next();
            source.is_some_and(|source| visit(member, &source))
        };
        let mut readable = true;
        for name in &names {
            readable &= visit_file(name);
        }
        return readable;
    }
    let Ok(members) = archive::members(&source) else { return visit(None, &source) };
    let mut readable = true;
    for member in &members {
        readable &= visit(Some(&member.name), &member.content);
    }
    readable
}
