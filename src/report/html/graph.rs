//! What an artifact depends on, as a tree: loader, libraries, versions of them, symbols, and who brought each in.

use std::fmt::Write as _;

use super::words::text;
use crate::check::{ArtifactResult, Finding};
use crate::listing::plural;
use crate::profile::{Needed, NeededVersion, Profile};
use crate::report::path;
use crate::rules::Cause;

/// Libraries up to which each has a line of its own, whether there is anything to say about it or not.
const FEW: usize = 8;

/// The tree of one slice.
pub(super) fn tree(out: &mut String, profile: &Profile, result: &ArtifactResult) {
    out.push_str("<h4>What it depends on</h4>\n<ul class=\"tree\"><li>");
    let name = result.artifact.path.file_name().map(std::path::Path::new).map(path).unwrap_or_default();
    let _ = write!(out, "<span class=\"node\">{}</span>", text(&name));
    let blamed = Blamed(result.findings.iter().chain(result.excepted.iter().map(|(finding, _)| finding)).collect());
    if profile.loader.is_none() && profile.libraries.is_empty() {
        out.push_str(" <span class=\"aside\">stands alone: no loader and no libraries</span></li></ul>\n");
        return;
    }
    out.push_str("<ul>\n");
    if let Some(loader) = &profile.loader {
        let who = blamed.whom(|cause| matches!(cause, Cause::Loader(_)));
        leaf(out, &text(loader), "the loader that starts it", &who);
    }
    let (plain, telling): (Vec<&Needed>, Vec<&Needed>) =
        profile.libraries.iter().partition(|library| profile.libraries.len() > FEW && is_plain(library, &blamed));
    for library in telling {
        needed(out, library, &blamed);
    }
    if !plain.is_empty() {
        let count = plain.len();
        let _ = write!(
            out,
            "<li><span class=\"aside\">{count} libraries, whatever their version</span><div class=\"plain\">"
        );
        for library in plain {
            let class = if blamed.finds(library) { " class=\"hit\"" } else { "" };
            let _ = write!(out, "<span{class}>{}</span>", text(&library.name));
        }
        out.push_str("</div></li>\n");
    }
    if !profile.symbols.is_empty() {
        out.push_str("<li><span class=\"aside\">from any of them</span>");
        symbols(out, &profile.symbols, "symbol");
        out.push_str("</li>\n");
    }
    out.push_str("</ul></li></ul>\n");
}

/// Whether there is nothing to say about a library but its name.
fn is_plain(library: &Needed, blamed: &Blamed<'_>) -> bool {
    let silent = library.versions.is_empty() && library.symbols.is_empty() && !library.optional;
    silent && blamed.whom(|cause| is_library(cause, library)).is_empty()
}

fn is_library(cause: &Cause, library: &Needed) -> bool {
    matches!(cause, Cause::Library(name) if *name == library.name)
}

fn leaf(out: &mut String, name: &str, aside: &str, who: &[&str]) {
    let _ = write!(out, "<li><span class=\"node\">{name}</span> <span class=\"aside\">{aside}</span>");
    brought(out, who);
    out.push_str("</li>\n");
}

fn needed(out: &mut String, library: &Needed, blamed: &Blamed<'_>) {
    let class = if blamed.finds(library) { " hit" } else { "" };
    let _ = write!(out, "<li><span class=\"node{class}\">{}</span>", text(&library.name));
    let count = library.all_symbols().count();
    let mut asides = Vec::new();
    if library.optional {
        asides.push("optional".to_owned());
    }
    if count > 0 {
        asides.push(plural(count, "symbol"));
    }
    if !asides.is_empty() {
        let _ = write!(out, " <span class=\"aside\">{}</span>", asides.join(" \u{b7} "));
    }
    brought(out, &blamed.whom(|cause| is_library(cause, library)));
    if !library.versions.is_empty() {
        out.push_str("<div class=\"versions\">");
        for version in &library.versions {
            chip(out, version, blamed);
        }
        out.push_str("</div>");
    }
    if !library.symbols.is_empty() {
        symbols(out, &library.symbols, "without a version");
    }
    out.push_str("</li>\n");
}

/// A version with its symbols; red where a finding is about it.
fn chip(out: &mut String, version: &NeededVersion, blamed: &Blamed<'_>) {
    let class = if blamed.shows(&version.name) { " class=\"hit\"" } else { "" };
    let name = text(&version.name);
    if version.symbols.is_empty() {
        let _ = write!(out, "<details{class}><summary>{name}</summary><p>a mark, without symbols</p></details>");
        return;
    }
    let _ = write!(
        out,
        "<details{class}><summary>{name}{} <span class=\"aside\">{}</span></summary><p>{}</p>",
        if version.weak { " (weak)" } else { "" },
        version.symbols.len(),
        names(&version.symbols),
    );
    brought(out, &blamed.whom(|cause| matches!(cause, Cause::Symbol(name) if version.symbols.contains(name))));
    out.push_str("</details>");
}

fn symbols(out: &mut String, symbols: &[String], what: &str) {
    let plural = if what == "symbol" && symbols.len() != 1 { "s" } else { "" };
    let _ = write!(
        out,
        "<div class=\"versions\"><details><summary>{} {what}{plural}</summary><p>{}</p></details></div>",
        symbols.len(),
        names(symbols)
    );
}

fn names(symbols: &[String]) -> String {
    symbols.iter().map(|symbol| text(symbol)).collect::<Vec<_>>().join(", ")
}

fn brought(out: &mut String, who: &[&str]) {
    for who in who {
        let _ = write!(out, "<span class=\"who\">brought in by {}</span>", super::words::prose(who));
    }
}

/// The findings about the artifact, asked who is behind a part of it.
struct Blamed<'a>(Vec<&'a Finding>);

impl<'a> Blamed<'a> {
    /// Who the findings with such a cause blame, each once.
    fn whom(&self, about: impl Fn(&Cause) -> bool) -> Vec<&'a str> {
        let mut who: Vec<&str> = Vec::new();
        for finding in self.0.iter().filter(|finding| finding.causes.iter().any(&about)) {
            who.extend(finding.blame.as_deref().filter(|blame| !who.contains(blame)));
        }
        who
    }

    /// Whether a finding is about this library.
    fn finds(&self, library: &Needed) -> bool {
        self.0.iter().flat_map(|finding| &finding.causes).any(|cause| is_library(cause, library))
    }

    /// Whether a finding shows a symbol of this version.
    fn shows(&self, version: &str) -> bool {
        let ends = |text: &str| {
            text.match_indices(version).any(|(at, _)| {
                let next = text.get(at + version.len()..).and_then(|rest| rest.chars().next());
                !next.is_some_and(|next| next == '.' || next.is_ascii_alphanumeric() || next == '_')
            })
        };
        self.0.iter().flat_map(|finding| &finding.evidence).any(|piece| ends(piece))
    }
}
