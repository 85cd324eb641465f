//! Settings of the user's that made a program what it is: flags, flags that hide others, a linker, a target, a profile.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use crate::blame::{About, flags};
use crate::plan::users::{ProfileSettings, Source, Sourced, TargetSettings, scalar};
use crate::rules::Cause;

/// Keys of profiles that bring a property about, and values with which they do not (The Cargo Book, "Profiles").
const PROFILE_KEYS: &[(&str, &str, &[&str])] =
    &[("run-path", "rpath", &["false"]), ("debug-info", "debug", &["false", "0", "none"])];

/// What one flag of rustc does to a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Touch {
    /// Brings it about.
    Brings,
    /// Would have kept it off.
    Prevents,
    /// Only takes the place of an earlier one.
    Resets,
}

/// What `flag` does to `property`, and the option that it is: of several of one option the last counts.
///
/// Sources: The rustc book, "Codegen Options"; for `-Z relro-level`, "The Unstable Book".
fn touch<'f>(flag: &'f str, property: &str, about: About<'_>) -> Option<(&'f str, Touch)> {
    let option = ["--codegen=", "--", "-C", "-Z"].iter().find_map(|start| flag.strip_prefix(start)).unwrap_or(flag);
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    let touch = match (property, name, value) {
        ("start-files", "relocation-model", "static") => Touch::Prevents,
        ("start-files", "relocation-model", _) => Touch::Resets,
        ("target-cpu", "target-cpu", cpu) => {
            // The evidence names the one that counted; of features it says nothing.
            let named = about.evidence.iter().any(|line| line.contains(&format!("target-cpu={cpu}`")));
            if named { Touch::Brings } else { Touch::Resets }
        }
        ("relro", "relro-level", "off" | "partial") => Touch::Brings,
        ("relro", "relro-level", _) => Touch::Resets,
        ("std", "prefer-dynamic", "" | "y" | "yes" | "on" | "true") => Touch::Brings,
        ("std", "prefer-dynamic", _) => Touch::Resets,
        ("pie", "relocation-model", "static") => Touch::Brings,
        ("pie", "relocation-model", model) if model.starts_with("pi") => Touch::Prevents,
        ("build-path", "remap-path-prefix", _) => Touch::Prevents,
        ("debug-info", "debuginfo", "0" | "none") => Touch::Prevents,
        ("debug-info", "debuginfo", _) => Touch::Brings,
        ("debug-info", "strip", "none") => Touch::Resets,
        ("debug-info", "strip", _) => Touch::Prevents,
        ("debug-info", "-g", _) => return Some(("debuginfo", Touch::Brings)),
        _ => return None,
    };
    Some((name, touch))
}

/// Whether a flag would have kept the property off.
fn prevents(flag: &Sourced, property: &str, about: About<'_>) -> bool {
    let words = rustc_link_words(std::slice::from_ref(flag));
    let words: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
    touch(&flag.value, property, about).is_some_and(|(_, touch)| touch == Touch::Prevents)
        || flags::prevent(&words, property)
        || (property == "loader" && has_feature(flag, "+crt-static"))
}

fn has_feature(flag: &Sourced, feature: &str) -> bool {
    let list = flag.value.split_once("target-feature=").map(|(_, list)| list);
    list.is_some_and(|list| list.split(',').any(|one| one == feature))
}

/// What flags of rustc hand to the linker, each word with the index of its flag.
fn rustc_link_words(flags: &[Sourced]) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    for (at, flag) in flags.iter().enumerate() {
        let option = ["--codegen=", "-C"].iter().find_map(|start| flag.value.strip_prefix(start));
        match option.unwrap_or(&flag.value).split_once('=') {
            Some(("link-arg", word)) => words.push((at, word)),
            Some(("link-args", list)) => words.extend(list.split_whitespace().map(|word| (at, word))),
            _ => {}
        }
    }
    words
}

/// The flags of rustc behind a property, one phrase each.
fn brought(flags: &[Sourced], property: &str, about: About<'_>) -> Vec<String> {
    let mut last: BTreeMap<&str, (usize, Touch)> = BTreeMap::new();
    for (at, flag) in flags.iter().enumerate() {
        last.extend(touch(&flag.value, property, about).map(|(name, touch)| (name, (at, touch))));
    }
    let mut found: Vec<RangeInclusive<usize>> =
        last.values().filter(|(_, touch)| *touch == Touch::Brings).map(|(at, _)| *at..=*at).collect();
    // `+` wins whatever the order.
    if property == "loader" && !flags.iter().any(|flag| has_feature(flag, "+crt-static")) {
        found.extend(flags.iter().rposition(|flag| has_feature(flag, "-crt-static")).map(|at| at..=at));
    }
    let causes: Vec<Cause> =
        about.causes.iter().filter(|cause| flags::property(cause) == Some(property)).cloned().collect();
    found.extend(for_linker(flags, About { causes: &causes, ..about }));
    found.sort_by_key(|range| *range.start());
    found.dedup();
    found.into_iter().filter_map(|range| phrase(flags.get(range)?)).collect()
}

/// The flags of rustc whose words for the linker are behind a finding.
fn for_linker(flags: &[Sourced], about: About<'_>) -> Vec<RangeInclusive<usize>> {
    let words = rustc_link_words(flags);
    let texts: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
    let of_flags = |range: RangeInclusive<usize>| Some(words.get(*range.start())?.0..=words.get(*range.end())?.0);
    flags::behind(&texts, about).into_iter().filter_map(of_flags).collect()
}

/// Flags that belong together, with the place of the last.
fn phrase(flags: &[Sourced]) -> Option<String> {
    let texts: Vec<&str> = flags.iter().map(|flag| flag.value.as_str()).collect();
    Some(format!("`{}`, set by {}", texts.join(" "), flags.last()?.place()))
}

/// The flag that names the loader of a finding.
pub(super) fn of_loader(flags: &[Sourced], loader: &Cause) -> Option<String> {
    let about = About { causes: std::slice::from_ref(loader), evidence: &[] };
    for_linker(flags, about).pop().and_then(|range| phrase(flags.get(range)?))
}

/// The settings for the target behind a finding, one phrase each.
pub(super) fn of_target(settings: &TargetSettings, about: About<'_>) -> Vec<String> {
    let mut phrases = Vec::new();
    for property in about.causes.iter().filter_map(flags::property) {
        phrases.extend(of_linker(settings, property));
        phrases.extend(of_target_itself(settings, property));
        phrases.extend(brought(&settings.flags, property, about));
        let prevented = |flag: &&Sourced| prevents(flag, property, about);
        let Some((variable, hidden)) = &settings.hidden else { continue };
        let lost = hidden.iter().filter(prevented).filter(|_| !settings.flags.iter().any(|flag| prevented(&flag)));
        phrases.extend(
            lost.map(|flag| {
                format!("`{variable}` in the environment, which hides `{}` of {}", flag.value, flag.place())
            }),
        );
    }
    phrases
}

/// Flags behind a finding that stand in no table of a target: those of `cargo rustc`.
pub(super) fn of_flags(flags: &[Sourced], about: About<'_>) -> Vec<String> {
    let properties = about.causes.iter().filter_map(flags::property);
    properties.flat_map(|property| brought(flags, property, about)).collect()
}

/// `musl-gcc` as the linker adds a loader to rustc's static start-up code (rust-lang/rust#95926).
fn of_linker(settings: &TargetSettings, property: &str) -> Option<String> {
    let for_musl = settings.target.value.contains("-musl") && matches!(property, "loader" | "start-files");
    let linker = settings.linker.as_ref().filter(|linker| for_musl && linker.value.ends_with("musl-gcc"))?;
    Some(format!("`linker = \"{}\"`, set by {}", linker.value, linker.place()))
}

/// A target with glibc makes dynamic programs, unless flags say otherwise.
fn of_target_itself(settings: &TargetSettings, property: &str) -> Option<String> {
    let target = &settings.target;
    let for_glibc = property == "loader" && target.value.contains("-linux-gnu");
    let is_wrong = property == "--target" && !target.value.is_empty();
    (for_glibc || is_wrong).then(|| format!("the target `{}`, set by {}", target.value, target.place()))
}

/// What the profile has to do with these causes; `manifest` is the one at the root of the workspace.
pub(super) fn of_profile(profile: &ProfileSettings, manifest: Option<&Path>, causes: &[Cause]) -> Vec<String> {
    let mut phrases = Vec::new();
    for property in causes.iter().filter_map(flags::property) {
        let Some((_, key, without)) = PROFILE_KEYS.iter().copied().find(|(about, ..)| *about == property) else {
            continue;
        };
        let set = profile.values.iter().find(|(known, _)| *known == key).map(|(_, set)| set.clone());
        let set = set.or_else(|| in_manifest(manifest?, &profile.name, key));
        match set {
            Some(set) if !without.contains(&set.value.as_str()) => {
                phrases.push(format!("`profile.{}.{key} = {}`, set by {}", profile.name, set.value, place(&set, key)));
            }
            None if key == "debug" && profile.name == "dev" => {
                phrases.push("the profile `dev`, which has debug information by default".to_owned());
            }
            _ => {}
        }
    }
    phrases
}

/// The place of a key, whose value alone is found on too many lines.
fn place(set: &Sourced, key: &str) -> String {
    let bare = set.source.to_string();
    let written = [" = \"", "=\"", " = '", "='", " = ", "="].map(|between| format!("{key}{between}{}", set.value));
    let places = written.map(|value| Sourced { value, source: set.source.clone() }.place());
    places.into_iter().find(|place| *place != bare).unwrap_or(bare)
}

fn in_manifest(manifest: &Path, profile: &str, key: &str) -> Option<Sourced> {
    let table: toml::Table = std::fs::read_to_string(manifest).ok()?.parse().ok()?;
    let value = scalar(table.get("profile")?.get(profile)?.get(key)?)?;
    Some(Sourced { value, source: Source::File(manifest.to_path_buf()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(value: &str, variable: &str) -> Sourced {
        Sourced { value: value.into(), source: Source::Variable(variable.into()) }
    }

    fn settings(target: &str) -> TargetSettings {
        let target = Sourced { value: target.into(), source: Source::CommandLine };
        TargetSettings { target, flags: Vec::new(), hidden: None, linker: None, overrides: Vec::new() }
    }

    fn about(causes: &[Cause]) -> About<'_> {
        About { causes, evidence: &[] }
    }

    /// What is named of these flags, without the place.
    fn named(values: &[&str], cause: Cause, evidence: &str) -> Vec<String> {
        let flags: Vec<Sourced> = values.iter().map(|value| flag(value, "X")).collect();
        let found = of_flags(&flags, About { causes: &[cause], evidence: &[evidence.to_owned()] });
        found.iter().filter_map(|phrase| Some(phrase.split('`').nth(1)?.to_owned())).collect()
    }

    #[test]
    fn neither_innocent_nor_opposite_nor_replaced_flags_are_named() {
        let setting = |name: &str| Cause::Setting(name.into());
        let cpu = "rustc was given `-C target-cpu=haswell`";
        let flags = ["-Ctarget-feature=+crt-static,+sse4.2", "-Ctarget-cpu=skylake", "-Ctarget-cpu=haswell"];
        assert_eq!(named(&flags, setting("target-cpu"), cpu), ["-Ctarget-cpu=haswell"]);
        let flags = ["-C", "relro-level=full", "-C", "link-arg=-Wl,-z,norelro"];
        assert_eq!(named(&flags, setting("relro"), ""), ["link-arg=-Wl,-z,norelro"]);
        assert!(named(&["-Crelro-level=off", "-Crelro-level=full"], setting("relro"), "").is_empty());
        let flags =
            ["-Clink-arg=-Wl,-rpath,$ORIGIN/lib", "-Clink-arg=-Wl,-rpath-link,/x", "-Clink-arg=-Wl,-rpath,/opt/bad"];
        let shown = "`DT_RUNPATH` contains `/opt/bad`";
        assert_eq!(named(&flags, setting("run-path"), shown), ["-Clink-arg=-Wl,-rpath,/opt/bad"]);
        let flags = ["-Clink-arg=-Xlinker", "-Clink-arg=-z", "-Clink-arg=-Xlinker", "-Clink-arg=execstack"];
        assert_eq!(named(&flags, Cause::ExecutableStack, ""), [flags.join(" ")]);
        assert!(named(&["-Crelocation-model=pic", "-g"], setting("pie"), "").is_empty());
        assert_eq!(named(&["-g", "-Cdebuginfo=0"], setting("debug-info"), ""), [""; 0]);
    }

    #[test]
    fn the_flag_that_names_the_loader_is_found() {
        let loader = Cause::Loader("/lib/nope.so".into());
        let flags = [flag("-g", "X"), flag("-Clink-arg=-Wl,--dynamic-linker=/lib/nope.so", "X")];
        let wanted = "`-Clink-arg=-Wl,--dynamic-linker=/lib/nope.so`, set by `X` in the environment";
        assert_eq!(of_loader(&flags, &loader).as_deref(), Some(wanted));
        assert_eq!(of_loader(&flags, &Cause::Loader("/lib/other.so".into())), None);
    }

    const MUSL: &str = "x86_64-unknown-linux-musl";

    #[test]
    fn a_flag_and_a_linker_are_named_with_their_place() {
        let loader = [Cause::Loader("/lib/ld.so".into())];
        let mut musl = settings(MUSL);
        assert!(of_target(&musl, about(&loader)).is_empty());
        musl.linker = Some(flag("musl-gcc", "LINKER"));
        assert_eq!(of_target(&musl, about(&loader)), ["`linker = \"musl-gcc\"`, set by `LINKER` in the environment"]);
        musl.linker = None;
        musl.flags = vec![flag("target-feature=-crt-static", "RUSTFLAGS")];
        let found = of_target(&musl, about(&loader));
        assert_eq!(found, ["`target-feature=-crt-static`, set by `RUSTFLAGS` in the environment"]);
        assert!(of_target(&musl, about(&[Cause::ExecutableStack])).is_empty());
    }

    #[test]
    fn only_a_hidden_flag_that_would_have_helped_is_named() {
        let cause = [Cause::Setting("build-path".into())];
        let mut hiding = settings(MUSL);
        hiding.hidden = Some(("RUSTFLAGS".into(), vec![flag("-g", "X"), flag("--remap-path-prefix=/a=/b", "X")]));
        let found = of_target(&hiding, about(&cause));
        assert!(found.len() == 1 && found[0].contains("hides `--remap-path-prefix=/a=/b`"), "{found:?}");
        hiding.flags = vec![flag("--remap-path-prefix=/a=/c", "RUSTFLAGS")];
        assert!(of_target(&hiding, about(&cause)).is_empty());
    }

    #[test]
    fn a_target_with_glibc_is_named_for_a_loader() {
        let found = of_target(&settings("x86_64-unknown-linux-gnu"), about(&[Cause::Loader(String::new())]));
        assert_eq!(found, ["the target `x86_64-unknown-linux-gnu`, set by the command line"]);
    }

    #[test]
    fn the_profile_is_read_from_the_manifest_when_nothing_stronger_is_said() {
        let folder = tempfile::tempdir().expect("a directory");
        let manifest = folder.path().join("Cargo.toml");
        std::fs::write(&manifest, "[package]\nname = 'a'\n[profile.release]\nrpath = true\n").expect("a file");
        let cause = [Cause::Setting("run-path".into())];
        let mut profile = ProfileSettings { name: "release".into(), values: Vec::new() };
        let found = of_profile(&profile, Some(&manifest), &cause);
        assert_eq!(found, [format!("`profile.release.rpath = true`, set by {}:4", manifest.display())]);
        std::fs::write(&manifest, "[profile.release]\ndebug = 'line-tables-only'\n").expect("a file");
        let found = of_profile(&profile, Some(&manifest), &[Cause::Setting("debug-info".into())]);
        assert_eq!(found, [format!("`profile.release.debug = line-tables-only`, set by {}:2", manifest.display())]);
        profile.values.push(("rpath", flag("false", "CARGO_PROFILE_RELEASE_RPATH")));
        assert!(of_profile(&profile, Some(&manifest), &cause).is_empty());
    }
}
