//! What a dynamic ELF file needs of the files of a machine that is only described: its loaders are known, and the release of their
//! C library; everything else is unknown, and no file of the machine that asks stands in for it.

use super::loading::{libc_needed, libraries_needed, symbols_needed};
use super::machine::{Machine, MachineLoader};
use super::{Check, Line};
use crate::facts::libc::LibcFamily;
use crate::hosts::load::Reason;
use crate::hosts::{self, Host, Libc, usual_loaders};
use crate::manifest::Slice;

/// What to do where a line is unknown because of what descriptions do not say.
pub const NEXT: &str = "of its files a description names the loaders only, and those only if `seaworthy machine` of this release \
                        wrote it; --root names an unpacked image of the others";

/// The machine as a host on which the loader of a slice runs; without that, the lines that say so.
pub fn described(name: &str, slice: &Slice, machine: &Machine) -> Result<Host, Vec<Line>> {
    let loader = loader(slice, machine)?;
    let known = loader.libc.zip(loader.version.as_deref().and_then(|version| version.parse().ok()));
    let host =
        known.and_then(|(family, version)| hosts::of_loader(name, &slice.arch, &loader.path, Libc { family, version }));
    host.ok_or_else(|| {
        let there = slice.loader.as_ref().map(|path| Line::of(Check::Loader, path, "it is there", true));
        let why = format!("the description does not say which C library {} belongs to", loader.path);
        there.into_iter().chain(unread(slice, &why)).collect()
    })
}

/// The loader that the machine would start the slice with.
fn loader<'m>(slice: &Slice, machine: &'m Machine) -> Result<&'m MachineLoader, Vec<Line>> {
    let unknown = |why: &str| {
        let loader = slice.loader.as_ref().map(|path| Line::unknown(Check::Loader, path, why));
        Err(loader.into_iter().chain(unread(slice, why)).collect())
    };
    let Some(loaders) = &machine.loaders else {
        return unknown("the description names no loaders");
    };
    let Some(path) = &slice.loader else {
        let is_usual = |loader: &&MachineLoader| usual_loaders(&slice.arch).any(|usual| usual == loader.path);
        let wanted = Some(slice.libc.family).filter(|family| matches!(family, LibcFamily::Glibc | LibcFamily::Musl));
        let mut fitting = loaders
            .iter()
            .filter(is_usual)
            .filter(|loader| wanted.is_none() || loader.libc.is_none() || loader.libc == wanted);
        return match (fitting.next(), fitting.next()) {
            (Some(loader), None) => Ok(loader),
            _ => unknown("the description does not say what would load it"),
        };
    };
    match loaders.iter().find(|loader| loader.path == *path) {
        Some(loader) => Ok(loader),
        None if usual_loaders(&slice.arch).any(|usual| usual == path) => {
            let present = loaders.iter().map(|loader| loader.path.clone()).collect();
            let refusal = Reason::NoLoader { path: path.clone(), present };
            Err(vec![Line::of(Check::Loader, path, refusal.to_string(), false)])
        }
        None => unknown("descriptions say nothing of that path"),
    }
}

/// The lines about C library, libraries and symbols, none of which can be told.
fn unread(slice: &Slice, why: &str) -> Vec<Line> {
    let symbols = (slice.symbol_count() > 0).then(|| symbols_needed(slice));
    let needed =
        [(Check::Libc, libc_needed(slice)), (Check::Libraries, libraries_needed(slice)), (Check::Symbols, symbols)];
    needed.into_iter().filter_map(|(check, needed)| Some(Line::unknown(check, needed?, why))).collect()
}
