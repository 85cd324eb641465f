//! Settings of the user's that made a program what it is: flags, flags that hide others, a linker, a target, a profile.

use std::path::Path;

use crate::plan::users::{ProfileSettings, Source, Sourced, TargetSettings, scalar};
use crate::rules::Cause;

/// What flags of rustc do to one property of a program.
struct Effect {
    /// Parts of flags that bring it about.
    brings: &'static [&'static str],
    /// Parts of flags that would have kept it off.
    prevents: &'static [&'static str],
    /// Key of a profile that brings it about, and values with which it does not.
    profile: Option<(&'static str, &'static [&'static str])>,
}

/// Sources: The rustc book, "Codegen Options"; The Cargo Book, "Profiles"; ld(1).
const EFFECTS: &[(&str, Effect)] = &[
    ("loader", Effect { brings: &["-crt-static"], prevents: &["+crt-static"], profile: None }),
    ("start-files", Effect { brings: &["no-pie"], prevents: &["relocation-model=static"], profile: None }),
    ("stack", Effect { brings: &["execstack"], prevents: &["noexecstack"], profile: None }),
    ("target-cpu", Effect { brings: &["target-cpu=", "target-feature=+"], prevents: &[], profile: None }),
    ("run-path", Effect { brings: &["-rpath"], prevents: &[], profile: Some(("rpath", &["false"])) }),
    ("relro", Effect { brings: &["norelro", "relro-level=", "-z,lazy"], prevents: &["-z,now"], profile: None }),
    (
        "pie",
        Effect { brings: &["no-pie", "relocation-model=static"], prevents: &["relocation-model=pi"], profile: None },
    ),
    ("build-path", Effect { brings: &[], prevents: &["remap-path-prefix"], profile: None }),
    (
        "debug-info",
        Effect {
            brings: &["debuginfo=1", "debuginfo=2", "debuginfo=full"],
            prevents: &["strip=", "link-arg=-s", "debuginfo=0"],
            profile: Some(("debug", &["false", "0", "none"])),
        },
    ),
];

/// The property a cause is about.
fn property(cause: &Cause) -> Option<&str> {
    match cause {
        Cause::Loader(_) => Some("loader"),
        Cause::ExecutableStack => Some("stack"),
        Cause::Setting(name) if name == "static linking" => Some("loader"),
        Cause::Setting(name) => Some(name),
        _ => None,
    }
}

impl Effect {
    /// What flags do to a property.
    fn on(property: &str) -> Option<&'static Effect> {
        EFFECTS.iter().find(|(name, _)| *name == property).map(|(_, effect)| effect)
    }

    fn is_brought_by(&self, flag: &str) -> bool {
        self.brings.iter().any(|part| flag.contains(part)) && !self.is_prevented_by(flag)
    }

    fn is_prevented_by(&self, flag: &str) -> bool {
        self.prevents.iter().any(|part| flag.contains(part))
    }
}

/// Whether a flag brings one of these causes about.
pub(super) fn brings(flag: &str, causes: &[Cause]) -> bool {
    causes.iter().filter_map(property).filter_map(Effect::on).any(|effect| effect.is_brought_by(flag))
}

/// The settings for the target behind these causes, one phrase each.
pub(super) fn of_target(settings: &TargetSettings, causes: &[Cause]) -> Vec<String> {
    let mut phrases = Vec::new();
    for property in causes.iter().filter_map(property) {
        phrases.extend(of_linker(settings, property));
        phrases.extend(of_target_itself(settings, property));
        let Some(effect) = Effect::on(property) else { continue };
        let prevented = |flag: &&Sourced| effect.is_prevented_by(&flag.value);
        let brought = settings.flags.iter().filter(|flag| effect.is_brought_by(&flag.value));
        phrases.extend(brought.map(|flag| format!("`{}`, set by {}", flag.value, flag.place())));
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
    (for_glibc || property == "--target").then(|| format!("the target `{}`, set by {}", target.value, target.place()))
}

/// What the profile has to do with these causes; `manifest` is the one at the root of the workspace.
pub(super) fn of_profile(profile: &ProfileSettings, manifest: Option<&Path>, causes: &[Cause]) -> Vec<String> {
    let mut phrases = Vec::new();
    for property in causes.iter().filter_map(property) {
        let Some((key, without)) = Effect::on(property).and_then(|effect| effect.profile) else { continue };
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
    let line = Sourced { value: format!("{key} = {}", set.value), source: set.source.clone() };
    match set.source {
        Source::File(_) => line.place(),
        _ => set.place(),
    }
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

    const MUSL: &str = "x86_64-unknown-linux-musl";

    #[test]
    fn a_flag_and_a_linker_are_named_with_their_place() {
        let loader = [Cause::Loader("/lib/ld.so".into())];
        let mut musl = settings(MUSL);
        assert!(of_target(&musl, &loader).is_empty());
        musl.linker = Some(flag("musl-gcc", "LINKER"));
        assert_eq!(of_target(&musl, &loader), ["`linker = \"musl-gcc\"`, set by `LINKER` in the environment"]);
        musl.linker = None;
        musl.flags = vec![flag("target-feature=-crt-static", "RUSTFLAGS")];
        let found = of_target(&musl, &loader);
        assert_eq!(found, ["`target-feature=-crt-static`, set by `RUSTFLAGS` in the environment"]);
        assert!(of_target(&musl, &[Cause::ExecutableStack]).is_empty());
    }

    #[test]
    fn only_a_hidden_flag_that_would_have_helped_is_named() {
        let cause = [Cause::Setting("build-path".into())];
        let mut hiding = settings(MUSL);
        hiding.hidden = Some(("RUSTFLAGS".into(), vec![flag("-g", "X"), flag("--remap-path-prefix=/a=/b", "X")]));
        let found = of_target(&hiding, &cause);
        assert!(found.len() == 1 && found[0].contains("hides `--remap-path-prefix=/a=/b`"), "{found:?}");
        hiding.flags = vec![flag("--remap-path-prefix=/a=/c", "RUSTFLAGS")];
        assert!(of_target(&hiding, &cause).is_empty());
    }

    #[test]
    fn a_target_with_glibc_is_named_for_a_loader() {
        let found = of_target(&settings("x86_64-unknown-linux-gnu"), &[Cause::Loader(String::new())]);
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
        profile.values.push(("rpath", flag("false", "CARGO_PROFILE_RELEASE_RPATH")));
        assert!(of_profile(&profile, Some(&manifest), &cause).is_empty());
    }
}
