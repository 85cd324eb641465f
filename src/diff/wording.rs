//! Changes in words.

use super::{About, Change, Effect};
use crate::report::size;

impl Change {
    /// The change as the rest of a sentence that begins with the file: `needs glibc 2.34 instead of 2.31`. Names in it come
    /// from outside, and are made safe where it is printed.
    pub fn sentence(&self) -> String {
        let (old, new) = (self.old.as_deref(), self.new.as_deref());
        let name = &self.name;
        match (self.about, old, new) {
            (About::Comparison, ..) => format!("cannot be compared: the {name} file was not read, or is packed"),
            (About::Architecture, _, None) => format!("has no code for `{name}` any more"),
            (About::Architecture, ..) => format!("has code for `{name}` as well"),
            (About::Floor, Some(old), Some(new)) => format!("needs {} instead of {old}", floor(name, new)),
            (About::Floor, None, Some(new)) if self.effect == Effect::Worse => {
                format!("needs {}, and needed none", floor(name, new))
            }
            (About::Floor, None, Some(new)) => format!("needs {}, and did not say what it needed", floor(name, new)),
            (About::Floor, Some(old), None) if self.effect == Effect::Better => {
                format!("needs no {name} any more, and needed {old}")
            }
            (About::Floor, old, None) => {
                format!("does not say any more that it needs {}", floor(name, old.unwrap_or_default()))
            }
            (About::Linkage, _, new) => match new {
                Some("dynamic") => "needs a loader or libraries, and stood alone".to_owned(),
                _ => "stands alone, and needed a loader or libraries".to_owned(),
            },
            (About::Kind, old, new) => {
                format!("is of the kind `{}`, and was `{}`", new.unwrap_or("-"), old.unwrap_or("-"))
            }
            (About::Libc, old, new) => {
                format!("uses {}, and used {}", new.unwrap_or("no C library"), old.unwrap_or("none"))
            }
            (About::Loader, Some(old), Some(new)) => format!("asks for the loader `{new}` instead of `{old}`"),
            (About::Loader, None, Some(new)) => format!("asks for the loader `{new}`, and asked for none"),
            (About::Loader, _, None) => "asks for no loader any more".to_owned(),
            (About::Library, Some("optional"), Some(_)) => format!("cannot do without `{name}` any more"),
            (About::Library, Some(_), Some(_)) => format!("can do without `{name}` now"),
            (About::Library, None, Some("optional")) => format!("can use `{name}`"),
            (About::Library, None, _) => format!("needs `{name}` as well"),
            (About::Library, Some(_), None) => format!("does not need `{name}` any more"),
            (About::Version, Some(old), Some(new)) => format!("needs `{new}` of `{name}` instead of `{old}`"),
            (About::Version, None, new) => format!("needs `{}` of `{name}` as well", new.unwrap_or_default()),
            (About::Version, old, None) => format!("does not need `{}` of `{name}` any more", old.unwrap_or_default()),
            (About::Symbols, _, Some(count)) => format!("takes {count} more {} {}", symbols(count), from(name)),
            (About::Symbols, count, None) => {
                let count = count.unwrap_or_default();
                format!("takes {count} fewer {} {}", symbols(count), from(name))
            }
            (About::Hardening, ..) if self.effect == Effect::Worse => format!("has lost its protection: {name}"),
            (About::Hardening, ..) => format!("has gained protection: {name}"),
            (About::Entitlement, None, _) => format!("claims the entitlement `{name}` as well"),
            (About::Entitlement, _, None) => format!("does not claim the entitlement `{name}` any more"),
            (About::Entitlement, old, new) => {
                format!(
                    "claims `{}` for the entitlement `{name}` instead of `{}`",
                    new.unwrap_or_default(),
                    old.unwrap_or_default()
                )
            }
            (About::Size, old, new) => grown(old, new),
        }
    }
}

fn floor(name: &str, floor: &str) -> String {
    match name {
        "glibc" => format!("glibc {floor}"),
        "linux" => format!("Linux {floor}"),
        "macos" => format!("macOS {floor}"),
        "windows" => format!("Windows {floor}"),
        _ => format!("the CPU level {floor}"),
    }
}

fn symbols(count: &str) -> &'static str {
    if count == "1" { "symbol" } else { "symbols" }
}

fn from(library: &str) -> String {
    if library.is_empty() { "from any library".to_owned() } else { format!("from `{library}`") }
}

fn grown(old: Option<&str>, new: Option<&str>) -> String {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    let (old, new) = (number(old), number(new));
    let percent = i128::from(new).saturating_sub(i128::from(old)) * 100 / i128::from(old.max(1));
    let sign = if new > old { "+" } else { "" };
    let share = if percent == 0 { String::new() } else { format!(" ({sign}{percent} %)") };
    format!("has {} instead of {}{share}", size(new), size(old))
}
