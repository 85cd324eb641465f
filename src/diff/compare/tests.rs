//! Changes, each by itself, and what they mean.

use serde_json::json;

use super::*;
use crate::profile::NeededVersion;

fn profile(change: impl FnOnce(&mut Profile)) -> Profile {
    let mut profile =
        Profile { arch: "x86_64".into(), format: "elf".into(), linkage: "dynamic".into(), ..Profile::default() };
    change(&mut profile);
    profile
}

fn needs(name: &str, versions: &[&str]) -> Needed {
    let version = |name: &&str| NeededVersion { name: (*name).into(), weak: false, symbols: vec!["f".into()] };
    Needed { name: name.into(), versions: versions.iter().map(version).collect(), ..Needed::default() }
}

/// What changed, and what it means.
fn told(old: &Profile, new: &Profile) -> Vec<(Effect, String)> {
    slices(old, new).iter().map(|change| (change.effect, change.sentence())).collect()
}

#[track_caller]
fn one(old: &Profile, new: &Profile, effect: Effect, sentence: &str) {
    assert_eq!(told(old, new), [(effect, sentence.to_owned())]);
}

#[test]
fn floors_rise_and_fall() {
    let with = |floors: crate::report::Floors| profile(|profile| profile.floors = floors);
    let cpu = |level: &str| with(crate::report::Floors { cpu: Some(level.into()), ..Default::default() });
    let linux = |version: &str| with(crate::report::Floors { linux: Some(version.into()), ..Default::default() });
    let glibc = with(crate::report::Floors { glibc: Some("2.34".into()), ..Default::default() });
    let none = profile(|_| {});
    one(&linux("3.2"), &linux("3.10"), Effect::Worse, "needs Linux 3.10 instead of 3.2");
    one(&linux("3.10"), &linux("3.2"), Effect::Better, "needs Linux 3.2 instead of 3.10");
    assert_eq!(told(&linux("3.2"), &linux("3.2.0")), []);
    one(&none, &linux("3.2"), Effect::Neutral, "needs Linux 3.2, and did not say what it needed");
    one(&linux("3.2"), &none, Effect::Neutral, "does not say any more that it needs Linux 3.2");
    one(&none, &glibc, Effect::Worse, "needs glibc 2.34, and needed none");
    one(&glibc, &none, Effect::Better, "needs no glibc any more, and needed 2.34");
    let [baseline, v3] = [cpu("x86-64-baseline"), cpu("x86-64-v3")];
    one(&baseline, &v3, Effect::Worse, "needs the CPU level x86-64-v3 instead of x86-64-baseline");
    one(&none, &v3, Effect::Worse, "needs the CPU level x86-64-v3, and needed none");
    assert_eq!(told(&none, &baseline), []);
    one(&cpu("GOARM=6"), &cpu("GOARM=7"), Effect::Worse, "needs the CPU level GOARM=7 instead of GOARM=6");
    one(
        &cpu("GO386=softfloat"),
        &cpu("GO386=sse2"),
        Effect::Neutral,
        "needs the CPU level GO386=sse2 instead of GO386=softfloat",
    );
}

#[test]
fn libraries_of_the_system_are_no_burden_and_others_are() {
    let with = |libraries: &[Needed]| profile(|profile| profile.libraries = libraries.to_vec());
    let [libc, libm, ssl] = ["libc.so.6", "libm.so.6", "libssl.so.3"].map(|name| needs(name, &[]));
    let old = with(std::slice::from_ref(&libc));
    one(&old, &with(&[libc.clone(), libm]), Effect::Neutral, "needs `libm.so.6` as well");
    one(&old, &with(&[libc.clone(), ssl.clone()]), Effect::Worse, "needs `libssl.so.3` as well");
    one(&with(&[libc.clone(), ssl.clone()]), &old, Effect::Better, "does not need `libssl.so.3` any more");
    let weak = Needed { optional: true, ..ssl.clone() };
    let [just_weak, just_ssl] = [weak, ssl].map(|library| with(&[library]));
    one(&just_weak, &just_ssl, Effect::Worse, "cannot do without `libssl.so.3` any more");
    one(&just_ssl, &just_weak, Effect::Better, "can do without `libssl.so.3` now");
}

#[test]
fn the_highest_version_of_a_family_counts() {
    let with = |versions: &[&str]| profile(|profile| profile.libraries = vec![needs("libstdc++.so.6", versions)]);
    let worse = |old: &[&str], new: &[&str]| {
        let all = told(&with(old), &with(new));
        all.into_iter().filter(|(effect, _)| *effect != Effect::Neutral).collect::<Vec<_>>()
    };
    let old = ["GLIBCXX_3.4.9", "CXXABI_1.3"];
    let said = |effect, sentence: &str| vec![(effect, sentence.to_owned())];
    assert_eq!(
        worse(&old, &["GLIBCXX_3.4.30", "CXXABI_1.3"]),
        said(Effect::Worse, "needs `GLIBCXX_3.4.30` of `libstdc++.so.6` instead of `GLIBCXX_3.4.9`")
    );
    assert_eq!(worse(&old, &["GLIBCXX_3.4", "GLIBCXX_3.4.9", "CXXABI_1.3"]), []);
    assert_eq!(
        worse(&old, &["GLIBCXX_3.4.9"]),
        said(Effect::Better, "does not need `CXXABI_1.3` of `libstdc++.so.6` any more")
    );
    assert_eq!(
        worse(&[], &["GLIBC_PRIVATE"]),
        said(Effect::Worse, "needs `GLIBC_PRIVATE` of `libstdc++.so.6` as well")
    );
    assert_eq!(worse(&["GLIBC_2.2"], &["GLIBC_2.3"]), [], "a floor says that");
}

#[test]
fn protections_count_where_both_builds_tell() {
    let with = |has: &[(&str, bool)]| {
        profile(|profile| profile.hardening = has.iter().map(|(name, there)| ((*name).into(), *there)).collect())
    };
    let (yes, no) = (with(&[("stack protector", true)]), with(&[("stack protector", false)]));
    one(&yes, &no, Effect::Worse, "has lost its protection: stack protector");
    one(&no, &yes, Effect::Better, "has gained protection: stack protector");
    assert_eq!(told(&yes, &with(&[])), []);
}

#[test]
fn what_is_neither_better_nor_worse_is_told_all_the_same() {
    let with = |entitlements: serde_json::Value| {
        profile(|profile| profile.entitlements = serde_json::from_value(entitlements).expect("a map"))
    };
    let (old, new) = (with(json!({"a": true, "b": ["x"]})), with(json!({"b": ["y"], "c": true})));
    let sentences: Vec<String> = told(&old, &new).into_iter().map(|(_, sentence)| sentence).collect();
    assert_eq!(
        sentences,
        [
            "does not claim the entitlement `a` any more",
            "claims `[\"y\"]` for the entitlement `b` instead of `[\"x\"]`",
            "claims the entitlement `c` as well"
        ]
    );
    let musl = profile(|profile| profile.libc = Some("musl linked in".into()));
    one(&profile(|_| {}), &musl, Effect::Neutral, "uses musl linked in, and used none");
}

#[test]
fn an_architecture_that_is_gone_is_worse() {
    let of = |arches: &[&str]| Built {
        path: "app".into(),
        size: Some(1),
        profiles: arches.iter().map(|arch| Profile { arch: (*arch).into(), ..Profile::default() }).collect(),
    };
    let changes = files(&of(&["x86_64", "aarch64"]), &of(&["aarch64"]));
    assert_eq!((changes.len(), changes[0].effect), (1, Effect::Worse));
    assert_eq!(changes[0].sentence(), "has no code for `x86_64` any more");
    assert_eq!(files(&of(&["aarch64"]), &of(&["x86_64", "aarch64"]))[0].effect, Effect::Better);
    assert_eq!(files(&of(&[]), &of(&["x86_64"]))[0].effect, Effect::Unknown);
}
