//! Which object of a link leaves a symbol undefined: rlibs, static archives and bare objects are searched.

use std::fs::File;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::facts::{Source, archive, object};

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
    /// What the object defines: shows whether it made it into a program with a symbol table.
    pub defines: Vec<String>,
}

/// What a search found, and whether it could look everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// The references, sorted by symbol, then owner.
    pub found: Vec<Reference>,
    /// Inputs that could not be read as native objects (LLVM bitcode, vanished files): absence proves nothing then.
    pub unreadable: Vec<PathBuf>,
}

/// Finds who refers to each of `wanted` without defining it.
pub fn references(inputs: &[LinkInput], wanted: &[String]) -> References {
    let parts: Vec<References> = inputs.par_iter().map(|input| of_input(input, wanted)).collect();
    let mut all = References::default();
    for part in parts {
        all.found.extend(part.found);
        all.unreadable.extend(part.unreadable);
    }
    all.found.sort();
    all.found.dedup();
    all
}

/// Finds references to any symbol that `wanted` accepts; parses every object, so give it few inputs.
pub fn references_where(inputs: &[LinkInput], wanted: impl Fn(&str) -> bool) -> Vec<Reference> {
    let mut found = Vec::new();
    for input in inputs {
        for_each_object(&input.path, |member, bytes| {
            if let Ok(symbols) = object::symbols(bytes) {
                let names = symbols.undefined.iter().filter(|name| wanted(name));
                found.extend(names.map(|name| reference(name, input, member, &symbols)));
            }
            true
        });
    }
    found.sort();
    found.dedup();
    found
}

/// Finds objects that make the linker mark the stack executable.
pub fn executable_stacks(inputs: &[LinkInput]) -> Vec<Reference> {
    let mut found = Vec::new();
    for input in inputs {
        for_each_object(&input.path, |member, bytes| {
            if let Ok(symbols) = object::symbols(bytes)
                && symbols.executable_stack == Some(true)
            {
                found.push(reference(".note.GNU-stack", input, member, &symbols));
            }
            true
        });
    }
    found
}

fn of_input(input: &LinkInput, wanted: &[String]) -> References {
    let mut result = References::default();
    let readable = for_each_object(&input.path, |member, bytes| {
        // Most objects mention none of the names; a search of the raw bytes is much cheaper than a parse.
        let mentioned: Vec<&String> =
            wanted.iter().filter(|name| memchr::memmem::find(bytes, name.as_bytes()).is_some()).collect();
        if mentioned.is_empty() {
            return !bytes.starts_with(b"BC\xc0\xde");
        }
        let Ok(symbols) = object::symbols(bytes) else { return member.is_some_and(is_rust_metadata) };
        for name in mentioned {
            if symbols.undefined.contains(name) {
                result.found.push(reference(name, input, member, &symbols));
            }
        }
        true
    });
    if !readable {
        result.unreadable.push(input.path.clone());
    }
    result
}

fn reference(symbol: &str, input: &LinkInput, member: Option<&str>, symbols: &object::ObjectSymbols) -> Reference {
    Reference {
        symbol: symbol.to_owned(),
        owner: input.owner.clone(),
        file: input.path.clone(),
        member: member.map(str::to_owned),
        defines: symbols.defined.clone(),
    }
}

/// rustc's `lib.rmeta` inside an rlib: not code.
fn is_rust_metadata(member: &str) -> bool {
    member.ends_with(".rmeta")
}

/// Calls `visit` with each object of the file; false when the file, or any object by `visit`'s word, could not be read.
fn for_each_object(path: &Path, mut visit: impl FnMut(Option<&str>, &[u8]) -> bool) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let Ok(source) = Source::from_file(&file) else { return false };
    let Ok(members) = archive::members(&source) else {
        return source.read(0, source.len(), "object file").is_ok_and(|bytes| visit(None, &bytes));
    };
    let mut readable = true;
    for member in members {
        readable &= match member.content.read(0, member.content.len(), "archive member") {
            Ok(bytes) => visit(Some(&member.name), &bytes),
            Err(_) => false,
        };
    }
    readable
}
