//! What a string of the policy must look like, kind by kind.

use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::DeValue;

use super::keys::Shape;
use super::pattern::{Pattern, is_glob};
use super::problem::{Problem, closest, visible};
use crate::rules::{self, RULES};

/// What is wrong with a string.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// One sentence that stands alone.
    pub(super) title: String,
    /// What to write beside the mark.
    pub(super) label: String,
    /// The next step.
    pub(super) help: Option<String>,
}

fn flaw(title: String, label: impl Into<String>) -> Flaw {
    Flaw { title, label: label.into(), help: None }
}

/// Whether `text`, the value of `key`, has that shape.
pub(super) fn check(key: &str, text: &str, shape: Shape) -> Result<(), Flaw> {
    if text.trim().is_empty() {
        return Err(flaw(format!("`{key}` must not be empty"), "empty"));
    }
    let shown = visible(text);
    let only = |allowed: fn(char) -> bool| text.chars().all(allowed);
    match shape {
        Shape::Any | Shape::Path => {
            if text.contains('\0') {
                return Err(flaw(format!("`{key}` must not hold a NUL character"), "NUL inside"));
            }
        }
        Shape::Version => {
            let number =
                |part: &str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
            if !text.split('.').all(number) {
                return Err(flaw(
                    format!("`{key}` is not a version: `{shown}`"),
                    "expected numbers with dots between them, as `2.17`",
                ));
            }
        }
        Shape::Windows => {
            check(key, text, Shape::Version)?;
            if !is_windows(text) {
                let label =
                    "Windows 7 is `6.1`, 8 is `6.2`, 8.1 is `6.3`, 10 and 11 are `10.0` with a build, as `10.0.22000`";
                return Err(flaw(format!("`{key}` is no version of Windows as it numbers itself: `{shown}`"), label));
            }
        }
        Shape::Host => return host(key, text),
        Shape::Glob => Pattern::plain(text).map(|_| ()).map_err(|why| glob_flaw(key, &why))?,
        Shape::Compiled => {}
        Shape::Rule => return rule(text),
        // go/build/constraint: letters, digits, underscores and dots.
        Shape::GoTag => {
            if !only(|c| c.is_alphanumeric() || c == '_' || c == '.') {
                let label = "expected letters, digits, `_` and `.`; one tag an element";
                return Err(flaw(format!("`{key}` is not a build tag: `{shown}`"), label));
            }
        }
        Shape::Target => {
            if text.starts_with('-') || !only(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
                let label = "expected a target triple, as `x86_64-unknown-linux-musl`";
                return Err(flaw(format!("`{key}` is not a target: `{shown}`"), label));
            }
        }
        Shape::Entitlement | Shape::Entitlements => return entitlement(key, text, shape == Shape::Entitlements),
        Shape::Team => {
            if text.len() != 10 || !only(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
                let label = "expected ten capital letters and digits, as `ABCDE12345`";
                return Err(flaw(format!("`{key}` is not a team of Apple's: `{shown}`"), label));
            }
        }
    }
    Ok(())
}

/// Whether there is such a version of Windows, by the numbers it has for itself.
fn is_windows(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(u32::MAX));
    let (major, minor) = (parts.next(), parts.next());
    match major {
        Some(5) => matches!(minor, Some(0..=2)),
        Some(6) => matches!(minor, Some(0..=3)),
        Some(10) => matches!(minor, None | Some(0)),
        _ => false,
    }
}

/// An entitlement, whose key may be a glob where any that matches will do.
fn entitlement(key: &str, text: &str, may_be_glob: bool) -> Result<(), Flaw> {
    let (name, value) = text.split_once('=').map_or((text, "any"), |(name, value)| (name, value.trim()));
    let (name, shown) = (name.trim(), visible(text));
    if name.is_empty() || name.contains(char::is_whitespace) || value.is_empty() {
        let label = "expected `KEY` or `KEY=VALUE`, as `com.apple.security.cs.allow-jit`";
        return Err(flaw(format!("`{key}` names no entitlement: `{shown}`"), label));
    }
    if !is_glob(name) {
        return Ok(());
    }
    if !may_be_glob {
        let label = "each key by its full name; `forbidden-entitlements` alone takes globs";
        return Err(flaw(format!("`{key}` asks for no single entitlement: `{shown}`"), label));
    }
    Pattern::plain(name).map(|_| ()).map_err(|why| glob_flaw(key, &why))
}

fn glob_flaw(key: &str, why: &str) -> Flaw {
    flaw(format!("`{key}` is not a glob that can be matched"), visible(why))
}

/// The problem of a glob at `span` that does not compile.
pub(super) fn bad_glob(key: &str, span: Range<usize>, why: &str) -> Problem {
    let flaw = glob_flaw(key, why);
    Problem::new(span, flaw.title, flaw.label)
}

/// A name of a host, with its version behind a colon.
fn host(key: &str, text: &str) -> Result<(), Flaw> {
    let (name, version) = text.split_once(':').map_or((text, None), |(name, version)| (name, Some(version)));
    let part = |part: &str, more: fn(char) -> bool| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || more(c))
    };
    if part(name, |c| matches!(c, '-' | '_' | '.' | '/'))
        && version.is_none_or(|v| part(v, |c| matches!(c, '-' | '_' | '.')))
    {
        return Ok(());
    }
    Err(flaw(
        format!("`{key}` names no host: `{}`", visible(text)),
        "expected `name` or `name:version`, as `alpine:3.20`",
    ))
}

/// A name for a host of the project's own.
pub(super) fn own_host(name: &str) -> Result<(), Flaw> {
    if name.contains(':') {
        return Err(flaw(
            format!("`{}` is no name for a host of your own", visible(name)),
            "a `:` is for the versions of built-in hosts",
        ));
    }
    check("hosts", name, Shape::Host).map_err(|_| {
        flaw(
            format!("`{}` is no name for a host of your own", visible(name)),
            "expected letters, digits, `-`, `_`, `.` or `/`, the first a letter or a digit",
        )
    })
}

fn rule(text: &str) -> Result<(), Flaw> {
    if rules::find(text).is_some() {
        return Ok(());
    }
    let near = closest(text, RULES.iter().map(|rule| rule.id));
    let mut flaw = flaw(format!("unknown rule `{}`", visible(text)), "no rule of that name");
    flaw.help = Some(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`seaworthy explain` lists the rules".to_owned(),
    });
    Err(flaw)
}

/// The day a TOML date or a string names.
pub(super) fn day(value: &Spanned<DeValue<'_>>) -> Result<Date, Problem> {
    let form = |what: &str| {
        Problem::new(value.span(), format!("`until` must be a day, {what}"), "expected a date, as `2027-03-01`")
    };
    let parts = match value.get_ref() {
        DeValue::Datetime(moment) if moment.time.is_some() || moment.offset.is_some() => {
            return Err(form("without a time"));
        }
        DeValue::Datetime(moment) => moment.date.map(|date| (i64::from(date.year), date.month, date.day)),
        DeValue::String(text) => split(text),
        _ => None,
    };
    let Some((year, month, day)) = parts else {
        return Err(form("as year, month and day"));
    };
    let built = i16::try_from(year).ok().zip(i8::try_from(month).ok()).zip(i8::try_from(day).ok());
    built
        .and_then(|((year, month), day)| Date::new(year, month, day).ok())
        .ok_or_else(|| form("and this one is in no calendar"))
}

/// `YYYY-MM-DD`, nothing else.
fn split(text: &str) -> Option<(i64, u8, u8)> {
    let shaped = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    if !shaped {
        return None;
    }
    Some((text.get(..4)?.parse().ok()?, text.get(5..7)?.parse().ok()?, text.get(8..)?.parse().ok()?))
}
