//! Flags of a Go build that are behind a finding: of Go's own linker, and for the C linker.

use std::slice::from_ref;

use super::Program;
use super::packages::Package;
use crate::blame::{About, Culprits, flags};
use crate::plan::Plan;
use crate::plan::go::{for_c_linker, linker_words};
use crate::plan::go_quoting::split;
use crate::plan::users::GoSetting;
use crate::rules::Cause;

/// The loader among the causes that a flag names, and who gives that flag.
pub(super) fn named_loader(plan: &Plan, about: About<'_>, packages: &[Package]) -> Option<(usize, String)> {
    let is_musl = plan.users.go.iter().any(|setting| setting.name == "CC" && setting.value.contains("musl"));
    let at = flags::odd_loader(about.causes, is_musl)?;
    let about = About { causes: from_ref(about.causes.get(at)?), evidence: &[] };
    let of_packages = || packages.iter().find_map(|package| of_package(package, about).pop());
    Some((at, of_settings(plan, about).pop().or_else(of_packages)?))
}

/// The user's flags, and those in the `#cgo` lines of packages, that are behind a finding about a setting or a stack.
pub(super) fn of(plan: &Plan, about: About<'_>, program: Option<&Program<'_>>) -> Vec<String> {
    let mut phrases = of_settings(plan, about);
    for package in program.iter().flat_map(|program| &program.packages) {
        let does = of_package(package, about);
        phrases.extend(program.iter().flat_map(|program| does.iter().map(|does| program.phrase(package, does))));
    }
    phrases
}

/// What a package does by its `#cgo` lines, in words that follow its name.
fn of_package(package: &Package, about: About<'_>) -> Vec<String> {
    let words: Vec<&str> = package.cgo_ldflags.iter().map(String::as_str).collect();
    let found = flags::behind(&words, about).into_iter();
    found.map(|range| format!(" gives the linker `{}` by `#cgo LDFLAGS`", flags::text(&words, range))).collect()
}

fn of_settings(plan: &Plan, about: About<'_>) -> Vec<String> {
    let settings = &plan.users.go;
    let mut phrases = Vec::new();
    if let Some(set) = last_ldflags(settings) {
        let own = of_own_linker(&linker_words(&set.value), about);
        phrases.extend(own.into_iter().map(|text| format!("`{text}` in `-ldflags` of {}", set.place)));
        let words = for_c_linker(&set.value);
        let found = in_words(&words, about).into_iter();
        phrases.extend(found.map(|text| format!("`{text}` in `-extldflags` of {}", set.place)));
    }
    if let Some(set) = settings.iter().rfind(|setting| setting.name == "CGO_LDFLAGS") {
        let found = in_words(&split(&set.value).unwrap_or_default(), about).into_iter();
        phrases.extend(found.map(|text| format!("`{text}` in `CGO_LDFLAGS`, set by {}", set.place)));
    }
    phrases
}

fn in_words(words: &[String], about: About<'_>) -> Vec<String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    flags::behind(&words, about).into_iter().map(|range| flags::text(&words, range)).collect()
}

/// `-I` and `-r` of Go's linker (`go doc cmd/link`): its loader, and its run path.
fn of_own_linker(words: &[String], about: About<'_>) -> Vec<String> {
    let is_behind = |name: &str, value: &str| {
        about.causes.iter().any(|cause| match cause {
            Cause::Loader(path) => name == "I" && path == value,
            Cause::Setting(setting) => {
                setting == "run-path" && name == "r" && value.split(':').any(|one| about.shows(one))
            }
            _ => false,
        })
    };
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
        match (flag.split_once('='), words.get(at + 1)) {
            (Some((name, value)), _) if is_behind(name, value) => found.push(word.clone()),
            (None, Some(value)) if is_behind(flag, value) => found.push(format!("{word} {value}")),
            _ => {}
        }
    }
    found
}

/// The flag by which the C compiler links whatever the program is made of, with its place.
pub(crate) fn external(settings: &[GoSetting]) -> Option<String> {
    let set = last_ldflags(settings)?;
    let words = linker_words(&set.value);
    let at = words.iter().rposition(|word| word.trim_start_matches('-').starts_with("linkmode"))?;
    let text = match words.get(at)?.trim_start_matches('-') {
        "linkmode" if words.get(at + 1).is_some_and(|value| value == "external") => "-linkmode external",
        "linkmode=external" => "-linkmode=external",
        _ => return None,
    };
    Some(format!("`{text}` in `-ldflags` of {}", set.place))
}

/// What a flag does that makes the C compiler link a program without C code.
pub(super) fn of_external(flag: &str) -> Culprits {
    Culprits {
        phrases: vec![format!("{flag}: the C compiler then links the program, and asks for a loader")],
        help: Some("take that flag out: Go's own linker then makes a static program".into()),
    }
}

fn last_ldflags(settings: &[GoSetting]) -> Option<&GoSetting> {
    settings.iter().rfind(|setting| setting.name == "ldflags")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn flags_of_gos_linker_are_read_in_both_forms() {
        let loader = [Cause::Loader("/lib/nope.so".into())];
        let about = About { causes: &loader, evidence: &[] };
        assert_eq!(of_own_linker(&words(&["-s", "-I", "/lib/nope.so"]), about), ["-I /lib/nope.so"]);
        assert_eq!(of_own_linker(&words(&["-I=/lib/nope.so", "-I=/lib/x.so"]), about), ["-I=/lib/nope.so"]);
        let (cause, evidence) = ([Cause::Setting("run-path".into())], ["`DT_RUNPATH` contains `/opt/evil`".to_owned()]);
        let about = About { causes: &cause, evidence: &evidence };
        assert_eq!(of_own_linker(&words(&["-r", "/usr/lib:/opt/evil", "-r=/opt/x"]), about), ["-r /usr/lib:/opt/evil"]);
    }

    #[test]
    fn only_the_last_link_mode_counts() {
        let external = |value: &str| {
            external(&[GoSetting { name: "ldflags", value: value.into(), place: "the command line".into() }])
        };
        let wanted = "`-linkmode=external` in `-ldflags` of the command line";
        assert_eq!(external("-s -linkmode=external").as_deref(), Some(wanted));
        assert!(external("-linkmode external").is_some());
        assert_eq!(external("-linkmode=external -linkmode=internal"), None);
        assert_eq!(external("-s"), None);
    }
}
