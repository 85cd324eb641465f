//! What a dynamic ELF file needs of the files of a machine, from what the loader there would say.

use super::{Check, Line, Verdict, listed};
use crate::facts::libc::{LibcFamily, is_glibc_file};
use crate::hosts::load::{About, Load, Reason};
use crate::hosts::{Libc, Version};
use crate::listing::plural;
use crate::manifest::Slice;

/// A simulated load, and what it found.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What the loader would say.
    pub load: Load,
    /// The C library that belongs to the loader, where its release can be told.
    pub libc: Option<Libc>,
}

/// The lines about loader, C library, libraries and symbols. Without a loader there is nothing to say of the others.
pub fn loading(slice: &Slice, loaded: &Loaded) -> Vec<Line> {
    let load = &loaded.load;
    let mut lines = Vec::new();
    if let Some(path) = &slice.loader {
        let refusal = load.reasons.iter().find(|reason| is_about_loader(reason));
        let found = refusal.map_or_else(|| "it is there".to_owned(), ToString::to_string);
        lines.push(Line::of(Check::Loader, path, found, refusal.is_none()));
        if refusal.is_some() {
            return lines;
        }
    }
    let too_old = libc(slice, loaded.libc.as_ref(), &mut lines);
    let consequence = |reason: &&Reason| too_old.is_some_and(|has| follows(reason, has));
    let reasons: Vec<&Reason> = load.reasons.iter().filter(|reason| !consequence(reason)).collect();
    if let Some(needed) = libraries_needed(slice) {
        let there = load.objects.iter().skip(1).cloned().collect::<Vec<_>>();
        lines.push(judged(load, Check::Libraries, needed, listed(&there), &reasons));
    }
    let unresolved = judged(load, Check::Symbols, symbols_needed(slice), "all of them".into(), &reasons);
    if slice.symbol_count() > 0 || unresolved.verdict != Verdict::Accepted {
        lines.push(unresolved);
    }
    let others = judged(load, Check::Loading, "a file that the loader takes".into(), String::new(), &reasons);
    lines.extend(Some(others).filter(|line| line.verdict != Verdict::Accepted));
    lines
}

/// The libraries that have to be there, if any.
pub(super) fn libraries_needed(slice: &Slice) -> Option<String> {
    let libraries = slice.libraries.iter().filter(|library| !library.optional);
    let names: Vec<&str> = libraries.map(|library| library.name.as_str()).collect();
    (!names.is_empty()).then(|| listed(&names))
}

/// `93 symbols, the newest of GLIBC_2.34`.
pub(super) fn symbols_needed(slice: &Slice) -> String {
    let (count, newest) = (slice.symbol_count(), slice.newest_versions());
    let symbols = plural(count, "symbol");
    if newest.is_empty() { symbols } else { format!("{symbols}, versions up to {}", listed(&newest)) }
}

/// One line out of the reasons and gaps that belong to it.
fn judged(load: &Load, check: Check, needed: String, fine: String, reasons: &[&Reason]) -> Line {
    let own: Vec<String> = reasons.iter().filter(|reason| check_of(reason) == check).map(ToString::to_string).collect();
    if !own.is_empty() {
        return Line::of(check, needed, listed(&own), false);
    }
    let about = match check {
        Check::Libraries => Some(About::Library),
        Check::Symbols => Some(About::Symbol),
        _ => None,
    };
    let mut gaps: Vec<&str> =
        load.gaps.iter().filter(|gap| Some(gap.about) == about).map(|gap| gap.text.as_str()).collect();
    // What a library defines cannot be told where it is not known.
    if check == Check::Symbols && gaps.is_empty() && load.gaps.iter().any(|gap| gap.about == About::Library) {
        gaps.push("not all of the libraries are known");
    }
    if gaps.is_empty() { Line::of(check, needed, fine, true) } else { Line::unknown(check, needed, listed(&gaps)) }
}

/// Which line a reason belongs to; every reason belongs to one.
fn check_of(reason: &Reason) -> Check {
    match reason {
        Reason::NoLoader { .. } | Reason::BadLoader { .. } | Reason::NothingLoads => Check::Loader,
        Reason::MissingLibrary { .. } | Reason::UnusableLibrary { .. } => Check::Libraries,
        Reason::MissingVersion { .. }
        | Reason::UnversionedLibrary { .. }
        | Reason::VersionOfNothing { .. }
        | Reason::UndefinedSymbol { .. } => Check::Symbols,
        _ => Check::Loading,
    }
}

fn is_about_loader(reason: &Reason) -> bool {
    check_of(reason) == Check::Loader
}

/// The C library that has to be there, if it is one that programs are loaded with.
pub(super) fn libc_needed(slice: &Slice) -> Option<String> {
    Some(match (slice.libc.family, &slice.floors.glibc) {
        (_, Some(floor)) => format!("glibc {floor} or newer"),
        (LibcFamily::Glibc, None) => "glibc".to_owned(),
        (LibcFamily::Musl, None) => "musl".to_owned(),
        _ => return None,
    })
}

/// Adds the line about the C library; the release that is there, when it is too old.
fn libc(slice: &Slice, has: Option<&Libc>, lines: &mut Vec<Line>) -> Option<Version> {
    let needed = libc_needed(slice)?;
    let floor = slice.floors.glibc.as_deref();
    let Some(has) = has else {
        lines.push(Line::unknown(Check::Libc, needed, "its release cannot be told"));
        return None;
    };
    let found = format!("{} {}", name(has.family), has.version);
    let fits = match floor.map(str::parse::<Version>) {
        None => has.family == slice.libc.family,
        // musl takes programs that were linked against glibc as far as their symbols go, which is the next line's matter.
        Some(_) if has.family != LibcFamily::Glibc => false,
        Some(Ok(floor)) => has.version >= floor,
        Some(Err(())) => false,
    };
    lines.push(Line::of(Check::Libc, needed, found, fits));
    (!fits && has.family == LibcFamily::Glibc).then_some(has.version)
}

/// Whether a reason says no more than that glibc is too old.
fn follows(reason: &Reason, has: Version) -> bool {
    let is_newer = |version: &str| {
        version.strip_prefix("GLIBC_").is_some_and(|number| number.parse().is_ok_and(|number: Version| number > has))
    };
    match reason {
        Reason::MissingVersion { library, version, .. } => is_glibc_file(library) && is_newer(version),
        Reason::UndefinedSymbol { version: Some(version), .. } => is_newer(version),
        _ => false,
    }
}

fn name(family: LibcFamily) -> &'static str {
    match family {
        LibcFamily::Glibc => "glibc",
        LibcFamily::Musl => "musl",
        _ => "another C library",
    }
}
