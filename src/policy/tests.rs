//! What holds when several places of a policy speak: presets, file, entries, defaults.

use std::path::{Path, PathBuf};

use jiff::civil::date;

use super::*;
use crate::rules::RULES;

fn policy(text: &str) -> Policy {
    parse_str(text, Path::new("sub/seaworthy.toml")).unwrap_or_else(|errors| panic!("{}", errors.rendered.join("\n")))
}

fn line(line: u32) -> Origin {
    Origin::File { path: PathBuf::from("sub/seaworthy.toml"), line }
}

/// The sample of the documentation: every key there is.
const EVERYTHING: &str = include_str!("../../examples/policies/everything.toml");

#[test]
fn an_empty_file_is_the_default() {
    let default = Policy::default_policy();
    let empty = policy("");
    assert_eq!(empty, Policy { file: empty.file.clone(), ..default.clone() });
    assert_eq!(default.linkage, Setting::default(LinkagePolicy::Static));
    assert_eq!(default.go.cgo, Setting::default(CgoPolicy::Off));
    assert_eq!((default.cargo.crt_static.value, default.inconclusive.value), (true, Level::Deny));
}

#[test]
fn every_value_knows_its_line() {
    let policy =
        policy("linkage = \"any\"\nruns-on = [\n  \"scratch\",\n  \"debian:12\",\n]\n\n[go]\ncgo = \"allow\"\n");
    assert_eq!(policy.linkage, Setting { value: LinkagePolicy::Any, origin: line(1) });
    assert_eq!(policy.runs_on[1], Setting { value: "debian:12".into(), origin: line(4) });
    assert_eq!(policy.go.cgo, Setting { value: CgoPolicy::Allow, origin: line(8) });
    assert_eq!(policy.go.cgo.origin.to_string(), "sub/seaworthy.toml:8");
    assert_eq!(policy.go.trimpath.origin.to_string(), "by default");
}

#[test]
fn a_file_goes_over_its_presets_and_a_later_preset_over_an_earlier() {
    let mixed = policy(
        "extends = [\"strict\", \"container\"]\n[go]\ntrimpath = false\n[rules]\nunused-exception = \"allow\"\n",
    );
    assert_eq!(mixed.go.trimpath, Setting { value: false, origin: line(3) });
    assert_eq!(mixed.go.ldflags.origin, Origin::Preset("release".into()), "strict extends release");
    assert_eq!(mixed.linkage.origin, Origin::Preset("static".into()));
    assert_eq!(mixed.runs_on[0].origin, Origin::Preset("container".into()));
    let level = |rule: &str| mixed.rules.get(rule).map(|level| (level.value, level.origin.clone()));
    assert_eq!(level("unused-exception"), Some((Level::Allow, line(5))));
    assert_eq!(level("expired-exception"), Some((Level::Deny, Origin::Preset("strict".into()))));
    assert_eq!(mixed.go.ldflags.origin.to_string(), "preset `release`");
}

#[test]
fn the_strict_preset_denies_every_rule() {
    let strict = policy("extends = \"strict\"");
    let effective = strict.for_artifact("app", None);
    for rule in RULES {
        let level = effective.level(rule.id, rule.default).value;
        assert!(
            level == Level::Deny || rule.default == Level::Allow,
            "`{}` is {level:?}; name it in strict.toml",
            rule.id
        );
    }
}

#[test]
fn the_last_entry_that_speaks_decides() {
    let policy = policy(
        "runs-on = [\"scratch\"]\n[rules]\nrun-path = \"warn\"\n\
         [[artifact]]\npath = \"lib/**\"\nlinkage = \"any\"\nprovided = [\"Py*\"]\nrules = { run-path = \"allow\" }\n\
         [[artifact]]\npath = \"lib/special/*\"\nruns-on = [\"debian:12\"]\nprovided = [\"napi_*\"]\n\
         [[artifact]]\npath = \"*.so\"\nrules = { run-path = \"deny\" }\n\
         [[artifact]]\npath = \"lib/**\"\ntarget = \"*-windows-*\"\ninconclusive = \"allow\"\n",
    );
    let level = |path: &str| policy.for_artifact(path, None).level("run-path", Level::Deny);
    assert_eq!(level("bin/app"), Setting { value: Level::Warn, origin: line(3) });
    assert_eq!(level("lib/x"), Setting { value: Level::Allow, origin: line(8) });
    assert_eq!(level("lib/special/x.so"), Setting { value: Level::Deny, origin: line(15) });
    assert_eq!(policy.for_artifact("app", None).level("dynamic-loader", Level::Deny).origin, Origin::Default);

    let special = policy.for_artifact("lib/special/x", None);
    assert_eq!((special.linkage.value, special.runs_on[0].value.as_str()), (LinkagePolicy::Any, "debian:12"));
    assert_eq!((special.provided, special.matching), (vec!["Py*".to_owned(), "napi_*".to_owned()], vec![0, 1]));
    let other = policy.for_artifact("lib/x", Some("x86_64-unknown-linux-musl"));
    assert_eq!((other.runs_on[0].value.as_str(), other.inconclusive.value), ("scratch", Level::Deny));
    let windows = policy.for_artifact("lib/x", Some("x86_64-pc-windows-gnu"));
    assert_eq!(windows.inconclusive.value, Level::Allow);
    assert_eq!(policy.for_artifact("bin/x", Some("x86_64-pc-windows-gnu")).matching, [0; 0]);
}

#[test]
fn entries_of_presets_stand_before_those_of_the_file() {
    // No preset has entries so far; what matters is that `lay` appends.
    let both = policy("extends = \"strict\"\n[[exception]]\nrule = \"run-path\"\nartifact = \"a\"\nreason = \"r\"");
    assert_eq!(both.exceptions.last().map(|one| one.reason.as_str()), Some("r"));
}

#[test]
fn paths_start_from_the_policy_file() {
    let policy = policy("[macos]\nentitlements-file = \"app.entitlements\"\n[hosts.box]\nrootfs = \"images/box\"");
    let file = policy.macos.entitlements_file.map(|file| file.value);
    assert_eq!(file, Some(PathBuf::from("sub/app.entitlements")));
    assert_eq!(policy.hosts["box"].value.rootfs, Some(PathBuf::from("sub/images/box")));
}

#[test]
fn everything_in_the_sample_is_read() {
    let all = policy(EVERYTHING);
    assert_eq!(all.exceptions[0].until.as_ref().map(|until| until.value), Some(date(2027, 3, 1)));
    let value = serde_json::to_value(&all).expect("a policy is plain data");
    let mut unset = Vec::new();
    collect_nulls("", &value, &mut unset);
    assert_eq!(
        unset,
        ["hosts.our-appliance.value.glibc", "hosts.our-appliance.value.musl"],
        "the sample leaves these out"
    );
    let default = serde_json::to_string(&Policy::default_policy()).expect("plain data");
    assert!(!default.contains("\"line\""));
}

/// What is shown is a policy that says the same.
#[test]
fn what_is_shown_can_be_read_again() {
    let hostile = "[[exception]]\nrule = \"run-path\"\nartifact = \"a\\\\\\\"b\"\nreason = \"\\u001b[31m \\u202e\\n\"";
    for text in ["", "extends = \"strict\"", EVERYTHING, hostile] {
        let read = |text: &str| {
            parse_str(text, Path::new("seaworthy.toml"))
                .unwrap_or_else(|errors| panic!("{}", errors.rendered.join("\n")))
        };
        let bare = |policy: &Policy| {
            let tables = policy.shown();
            tables
                .into_iter()
                .flat_map(|table| {
                    let lines = table.lines.into_iter().map(|line| format!("{} = {}", line.key, line.value));
                    std::iter::once(table.header).chain(lines).collect::<Vec<_>>()
                })
                .collect::<Vec<_>>()
        };
        let first = read(text);
        let shown = first.to_toml();
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
        assert_eq!(bare(&read(&shown)), bare(&first), "{shown}");
        assert_eq!(
            read(&shown).exceptions.first().map(|one| one.reason.clone()),
            first.exceptions.first().map(|one| one.reason.clone())
        );
    }
}

/// The places in `value` that hold nothing.
fn collect_nulls(place: &str, value: &serde_json::Value, found: &mut Vec<String>) {
    let below = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    match value {
        serde_json::Value::Null => found.push(place.to_owned()),
        serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| collect_nulls(&below(key), value, found)),
        serde_json::Value::Array(items) => items.iter().for_each(|value| collect_nulls(place, value, found)),
        _ => {}
    }
}

#[test]
fn words_are_what_the_reports_say() {
    fn same<T: keys::Words + Serialize + std::fmt::Debug>() {
        for (word, value) in T::ALL {
            assert_eq!(serde_json::to_value(value).expect("a word"), *word, "{value:?}");
        }
    }
    same::<Level>();
    same::<CgoPolicy>();
    same::<LinkagePolicy>();
    same::<OnViolation>();
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let _ = parse::parse(&bytes, Path::new("p"), Path::new("p"));
    }

    /// Pieces of the real thing, cut and put together anew, reach further than noise.
    #[test]
    fn no_mutation_of_a_policy_makes_the_parser_panic(
        cuts in proptest::collection::vec((0..EVERYTHING.len(), 0..60usize), 1..12),
        noise in proptest::collection::vec(proptest::sample::select(vec!["\"", "[", "]", "{", "}", "=", "\n", "'''", "\u{e9}", "a.b", "[[artifact]]\n", "#"]), 12),
    ) {
        let mut text = String::new();
        for ((from, length), noise) in cuts.into_iter().zip(noise) {
            text.extend(EVERYTHING.chars().skip(from).take(length * 8));
            text.push_str(noise);
        }
        if let Err(errors) = parse_str(&text, Path::new("p")) {
            proptest::prop_assert!(!errors.rendered.is_empty());
            let raw = errors.rendered.iter().any(|block| block.contains('\u{1b}'));
            proptest::prop_assert!(!raw, "an escape reaches the terminal");
        }
    }
}

/// A new policy file with everything in it made to hold; of the three ways to describe a host, one.
fn uncommented(starter: &str) -> String {
    let lines = starter.lines().filter(|line| !line.starts_with("#rootfs") && !line.starts_with("#musl"));
    let holds = lines.map(|line| match line.strip_prefix('#') {
        Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest,
        _ => line,
    });
    holds.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_new_policy_changes_nothing_until_something_is_uncommented() {
    let file = policy(&starter(&[], &[]));
    assert_eq!(
        file.to_toml().lines().skip(1).collect::<Vec<_>>(),
        Policy::default_policy().to_toml().lines().skip(1).collect::<Vec<_>>()
    );
}

#[test]
fn a_new_policy_shows_every_key_and_every_rule_with_values_that_are_good() {
    let text = starter(&["Found\nrunning.".to_owned()], &[]);
    policy(&uncommented(&text));
    let mut rest = text.lines();
    let mut expect = |wanted: &str| {
        let found = rest.any(|line| line.strip_prefix('#').unwrap_or(line).starts_with(wanted));
        assert!(found, "`{wanted}` does not come in its turn");
    };
    let plain = |section: &'static keys::Section| section.keys.iter().filter(|key| !key.sample().is_empty());
    plain(&keys::ROOT).for_each(|key| expect(&format!("{} = ", key.name)));
    for key in keys::ROOT.keys {
        match key.kind {
            keys::Kind::Table(inner) | keys::Kind::Tables(inner) | keys::Kind::Named(inner) => {
                expect(&inner.header.replace("NAME", "our-appliance"));
                assert_eq!(plain(inner).count(), inner.keys.len(), "each key of {} has a sample", inner.header);
                inner.keys.iter().for_each(|key| expect(&format!("{} = ", key.name)));
            }
            keys::Kind::Levels => crate::rules::RULES.iter().for_each(|rule| expect(&format!("{} = ", rule.id))),
            _ => {}
        }
    }
}

#[test]
fn a_new_policy_says_what_was_chosen_and_why() {
    let chosen =
        Chosen { section: "[go]", key: "cgo", value: "\"static\"".into(), because: "a\u{1b}.go imports C".into() };
    let text = starter(&[], &[chosen]);
    assert!(text.contains("# a\\x1b.go imports C\ncgo = \"static\"\n"), "{text}");
    assert_eq!(policy(&text).go.cgo.value, CgoPolicy::Static);
}
