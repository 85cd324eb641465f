//! Plans for go, made from environments that do not exist.

use super::*;
use crate::plan::make;
use crate::policy::CgoPolicy;
use crate::policy::Setting;

fn policy(cgo: CgoPolicy) -> Policy {
    let mut policy = Policy::default_policy();
    policy.go.cgo = Setting::default(cgo);
    policy.go.tags = Setting::default(vec![]);
    policy.go.ldflags = Setting::default(vec![]);
    policy.go.trimpath = Setting::default(false);
    policy
}

fn plan(policy: &Policy, variables: &[(&str, &str)], args: &[&str]) -> Plan {
    let own = std::env::current_exe().expect("a path").canonicalize().expect("a path");
    // Any program will do: nothing is run. This one's own path is refused, so the shell it is.
    let program = if cfg!(windows) { own } else { PathBuf::from("/bin/sh") };
    let fixed = [("SEAWORTHY_REAL_GO", program.as_os_str()), ("GOENV", "off".as_ref())];
    let variables = fixed.into_iter().chain(variables.iter().map(|(name, value)| (*name, value.as_ref())));
    let environment = Environment::new(variables, "/w");
    make(Tool::Go, args.iter().map(OsString::from).collect(), &environment, policy).expect("a plan")
}

fn words(plan: &Plan) -> Vec<&str> {
    plan.args.iter().filter_map(|word| word.to_str()).collect()
}

fn cgo_enabled(plan: &Plan) -> Option<&str> {
    plan.env.get(std::ffi::OsStr::new("CGO_ENABLED")).and_then(|value| value.to_str())
}

#[test]
fn cgo_is_turned_off_wherever_it_was_not_set() {
    for os in ["linux", "windows", "darwin", "wasip1"] {
        let plan = plan(&policy(CgoPolicy::Off), &[("GOOS", os)], &["build", "."]);
        assert_eq!((words(&plan), cgo_enabled(&plan)), (vec!["build", "."], Some("0")));
        assert!(plan.targets[0].starts_with(os) && plan.conflicts.is_empty());
    }
    let set = plan(&policy(CgoPolicy::Off), &[("CGO_ENABLED", "0")], &["build"]);
    assert!(set.changes.is_empty() && set.expectations.cgo_enabled.is_some());
}

#[test]
fn what_the_user_set_is_a_conflict() {
    let plan = plan(&policy(CgoPolicy::Off), &[("CGO_ENABLED", "1")], &["build"]);
    let conflict = plan.conflicts.first().expect("a conflict");
    assert_eq!((conflict.user.as_str(), conflict.user_source.as_str()), ("CGO_ENABLED=1", "the environment"));
    assert_eq!(cgo_enabled(&plan), None);
}

#[test]
fn what_needs_cgo_keeps_it() {
    for args in [&["build", "-race"][..], &["build", "--buildmode", "c-shared"], &["install", "-buildmode=plugin", "."]]
    {
        let plan = plan(&policy(CgoPolicy::Off), &[("CGO_ENABLED", "1")], args);
        assert!(
            plan.conflicts.is_empty() && plan.not_applicable.len() == 1 && cgo_enabled(&plan).is_none(),
            "{args:?}"
        );
    }
    let by_goflags = plan(&policy(CgoPolicy::Off), &[("GOFLAGS", "-race")], &["build"]);
    assert_eq!(by_goflags.not_applicable.len(), 1);
    let off_again = plan(&policy(CgoPolicy::Off), &[("GOFLAGS", "-race")], &["build", "-race=false"]);
    assert_eq!(cgo_enabled(&off_again), Some("0"));
}

#[test]
fn lists_are_united_in_place_and_behind_the_directory() {
    let mut policy = policy(CgoPolicy::Off);
    policy.go.tags.value = vec!["netgo".into()];
    policy.go.ldflags.value = vec!["-s".into()];
    policy.go.trimpath.value = true;
    let of = |variables: &[(&str, &str)], args: &[&str]| words(&plan(&policy, variables, args)).join("|");
    assert_eq!(of(&[], &["build", "-C", "d", "."]), "build|-C|d|-trimpath|-tags=netgo|-ldflags=-s|.");
    assert_eq!(of(&[], &["-C=d", "build"]), "-C=d|build|-trimpath|-tags=netgo|-ldflags=-s");
    let users = ["build", "-trimpath", "-tags", "a,b", "-ldflags=-w", "./cmd"];
    assert_eq!(of(&[], &users), "build|-trimpath|-tags|a,b,netgo|-ldflags=-w -s|./cmd");
    assert_eq!(of(&[], &["build", "-ldflags", "all=-w"]), "build|-trimpath|-tags=netgo|-ldflags=-s|-ldflags|all=-w -s");
    let goflags = [("GOFLAGS", "'-ldflags=-X a=b' -tags=c -trimpath")];
    assert_eq!(of(&goflags, &["build"]), "build|-tags=c,netgo|-ldflags=-X a=b -s");
    assert_eq!(of(&goflags, &["build", "-ldflags=-w"]), "build|-tags=c,netgo|-ldflags=-w -s");
}

#[test]
fn static_cgo_links_externally_and_keeps_the_users_compiler() {
    let mut policy = policy(CgoPolicy::Static);
    policy.go.cc = Some(Setting::default("musl-gcc".into()));
    let environment = [("GOOS", "linux"), ("PATH", "/usr/bin")];
    let static_plan = plan(&policy, &environment, &["build"]);
    let expected = ["build", "-tags=netgo,osusergo", "-ldflags=-linkmode=external -extldflags=-static"];
    assert_eq!(words(&static_plan), expected);
    assert_eq!(static_plan.env.get(std::ffi::OsStr::new("CC")), Some(&OsString::from("musl-gcc")));
    assert_eq!(cgo_enabled(&static_plan), Some("1"));
    let own = plan(&policy, &[("GOOS", "linux"), ("CC", "zig cc")], &["build", "-buildmode=pie"]);
    assert!(!own.env.contains_key(std::ffi::OsStr::new("CC")));
    assert!(words(&own).contains(&"-ldflags=-linkmode=external -extldflags=-static-pie"));
    let internal = plan(&policy, &environment, &["build", "-ldflags=-linkmode=internal"]);
    assert_eq!(internal.conflicts.len(), 1);
    assert_eq!(plan(&policy, &[("GOOS", "windows")], &["build"]).not_applicable.len(), 1);
    let off = plan(&policy, &[("CGO_ENABLED", "0"), ("GOOS", "linux")], &["build"]);
    assert!(off.notes.len() == 1 && words(&off) == ["build"]);
}

#[test]
fn a_dry_run_is_none_of_ours() {
    let plan = plan(&policy(CgoPolicy::Off), &[("GOFLAGS", "-n")], &["build", "."]);
    assert_eq!((plan.mode, words(&plan), cgo_enabled(&plan)), (Mode::PassThrough, vec!["build", "."], None));
}

#[test]
fn the_users_own_action_graph_is_honoured() {
    let plan = plan(&policy(CgoPolicy::Off), &[], &["build", "-C", "d", "-debug-actiongraph=g.json"]);
    let Discovery::GoActionGraph { users, at, directory, shared_objects, .. } = plan.discovery else {
        panic!("no graph")
    };
    assert_eq!((users, at, directory), (Some("/w/d/g.json".into()), 3, "/w/d".into()));
    assert!(!shared_objects);
}

#[test]
fn only_programs_by_the_rules_of_modules_are_documented() {
    let documented = |variables: &[(&str, &str)], args: &[&str]| {
        let plan = plan(&policy(CgoPolicy::Off), variables, args);
        matches!(plan.discovery, Discovery::GoActionGraph { documented: true, .. })
    };
    for args in [&["build"][..], &["build", "-buildmode=pie"], &["build", "-linkshared=false", "-compiler", "gc"]] {
        assert!(documented(&[], args), "{args:?}");
    }
    for args in ["-buildmode=c-archive", "-buildmode=c-shared", "-buildmode=plugin", "-linkshared", "-compiler=gccgo"] {
        assert!(!documented(&[], &["build", args]), "{args}");
        assert!(!documented(&[("GOFLAGS", args)], &["build"]), "{args}");
    }
    for variable in [("GO111MODULE", "off"), ("GOARCH", "wasm")] {
        assert!(!documented(&[variable], &["build"]), "{variable:?}");
    }
}
