//! cgo: off, or linked statically; and what cannot do without it.

use std::ffi::OsString;

use super::{Build, Set, Settings, Wanted, change};
use crate::plan::environment::Environment;
use crate::plan::{Conflict, Plan};
use crate::policy::{CgoPolicy, LinkagePolicy, Policy};

/// What the policy says about cgo, against what the user set.
pub(super) fn fill(
    plan: &mut Plan,
    wanted: &mut Wanted,
    build: &Build,
    settings: &Settings<'_>,
    environment: &Environment,
    policy: &Policy,
) {
    let os = settings.os();
    let cgo = &policy.go.cgo;
    if cgo.value == CgoPolicy::Allow {
        return;
    }
    if let Some(needed_by) = build.needs_cgo(&os) {
        let value = if cgo.value == CgoPolicy::Off { "off" } else { "static" };
        plan.not_applicable.push(format!("go.cgo = \"{value}\": {needed_by} needs cgo, so it is left as it is"));
        return;
    }
    match cgo.value {
        CgoPolicy::Off => off(plan, build, settings, policy),
        _ if os != "linux" => {
            plan.not_applicable.push(format!("go.cgo = \"static\": it is about programs for Linux, and GOOS is {os}"))
        }
        _ => statically(plan, wanted, build, settings, environment, policy),
    }
}

fn off(plan: &mut Plan, build: &Build, settings: &Settings<'_>, policy: &Policy) {
    let origin = policy.go.cgo.origin.clone();
    match settings.get("CGO_ENABLED") {
        Some(Set { value, source }) if value == "1" => plan.conflicts.push(Conflict {
            user: "CGO_ENABLED=1".to_owned(),
            user_source: source,
            policy: "go.cgo = \"off\"".to_owned(),
            origin,
            help: "unset it, or allow cgo with `[go] cgo = \"static\"` (linked statically) or `cgo = \"allow\"`"
                .to_owned(),
        }),
        set => {
            if set.is_none_or(|set| set.value != "0") {
                change(plan, "CGO_ENABLED=0", "go.cgo", &origin);
                plan.env.insert("CGO_ENABLED".into(), "0".into());
            }
            plan.expectations.cgo_enabled = Some(("0".to_owned(), origin));
        }
    }
    if build.mode() == "pie" && settings.os() == "linux" && policy.linkage.value == LinkagePolicy::Static {
        plan.notes.push(
            "`-buildmode=pie` without cgo asks for the dynamic loader (golang/go#40711); use `-buildmode=exe`, or `[go] \
             cgo = \"static\"` for a static PIE"
                .to_owned(),
        );
    }
}

fn statically(
    plan: &mut Plan,
    wanted: &mut Wanted,
    build: &Build,
    settings: &Settings<'_>,
    environment: &Environment,
    policy: &Policy,
) {
    let origin = policy.go.cgo.origin.clone();
    let users_cc = settings.get("CC");
    let enabled = settings.get("CGO_ENABLED").map(|set| set.value);
    let compiler = users_cc.is_some() || policy.go.cc.is_some() || (!settings.is_cross() && has_gcc(environment));
    if enabled.as_deref() == Some("0") || (enabled.as_deref() != Some("1") && !compiler) {
        plan.notes.push("cgo is off for this build, so there is nothing for a C linker to link".to_owned());
        return;
    }
    if enabled.is_none() {
        change(plan, "CGO_ENABLED=1", "go.cgo", &origin);
        plan.env.insert("CGO_ENABLED".into(), "1".into());
    }
    if let (None, Some(cc)) = (&users_cc, &policy.go.cc) {
        change(plan, &format!("CC={}", cc.value), "go.cc", &cc.origin);
        plan.env.insert("CC".into(), OsString::from(&cc.value));
    }
    for tag in ["netgo", "osusergo"] {
        if !wanted.tags.iter().any(|known| known == tag) {
            wanted.tags.push(tag.to_owned());
            wanted.tags_by = ("go.cgo", origin.clone());
        }
    }
    wanted.linker.external = Some(if build.mode() == "pie" { "-static-pie" } else { "-static" });
    wanted.linker_by = ("go.cgo", origin.clone());
    plan.expectations.cgo_enabled = Some(("1".to_owned(), origin.clone()));
    plan.expectations.static_links.push((None, origin));
}

/// Whether go would find its default C compiler; without it, it leaves cgo off.
fn has_gcc(environment: &Environment) -> bool {
    let path = environment.get("PATH").unwrap_or_default();
    which::which_in("gcc", Some(path), &environment.cwd).is_ok()
}
