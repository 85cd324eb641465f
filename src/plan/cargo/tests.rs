//! Plans for cargo, made from environments and configurations that exist for the test alone.

use std::path::Path;

use super::*;
use crate::plan::{Tool, make};
use crate::policy::{LinkagePolicy, Origin, Setting};

const GNU: &str = "x86_64-unknown-linux-gnu";
const MUSL: &str = "x86_64-unknown-linux-musl";

/// A working directory with a configuration.
struct Case {
    directory: tempfile::TempDir,
    policy: Policy,
    variables: Vec<(&'static str, OsString)>,
}

impl Case {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut policy = Policy::default_policy();
        policy.cargo.target = Some(Setting::default(MUSL.into()));
        Case { directory, policy, variables: Vec::new() }
    }

    fn config(self, text: &str) -> Self {
        self.file(".cargo/config.toml", text)
    }

    fn file(self, name: &str, text: &str) -> Self {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
        self
    }

    fn env(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn policy(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    fn plan(&self, args: &[&str]) -> Plan {
        let home: &Path = &self.directory.path().join("home");
        // Any program will do, nothing is run; but not this one, which would be taken for ourselves.
        let program = if cfg!(windows) { "C:\\Windows\\System32\\cmd.exe" } else { "/bin/sh" };
        let fixed = [("CARGO_HOME", home.into()), ("SEAWORTHY_REAL_CARGO", program.into())];
        let variables = fixed.into_iter().chain(self.variables.iter().cloned());
        let environment = Environment::new(variables, self.directory.path());
        let args = args.iter().map(OsString::from).collect();
        make(Tool::Cargo, args, &environment, &self.policy).expect("a plan")
    }

    fn words(&self, args: &[&str]) -> String {
        let words: Vec<_> = self.plan(args).args.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }
}

fn said(value: bool) -> Setting<bool> {
    Setting { value, origin: Origin::File { path: "seaworthy.toml".into(), line: 3 } }
}

const JSON: &str = "--message-format=json-render-diagnostics";

#[test]
fn ours_stand_right_behind_the_verb() {
    let case = Case::new();
    assert_eq!(case.words(&["+x", "-v", "build", "-r"]), format!("+x -v build --target {MUSL} {JSON} -r"));
    assert_eq!(case.words(&["rustc", "--", "-g"]), format!("rustc --target {MUSL} {JSON} -- -g"));
    assert_eq!(case.words(&["build", "--target", "a"]), format!("build {JSON} --target a"));
    assert_eq!(case.words(&["zigbuild"]), format!("zigbuild --target {MUSL} {JSON}"));
    assert_eq!(case.words(&["auditable", "build", "-q"]), format!("auditable build --target {MUSL} {JSON} -q"));
    assert_eq!(case.words(&["xwin", "build"]), format!("xwin build {JSON}"));
}

#[test]
fn an_alias_stays_unless_something_is_taken_out_of_it() {
    let case =
        Case::new().config("alias.k = 'build -q'\nalias.s = 'k --message-format short'\nalias.d = 'rustc -- -g'");
    let short = "--message-format=json-render-diagnostics,json-diagnostic-short";
    assert_eq!(case.words(&["k", "-r"]), format!("k --target {MUSL} {JSON} -r"));
    assert_eq!(case.words(&["s", "-r"]), format!("build --target {MUSL} {short} -q -r"));
    assert_eq!(case.words(&["d", "-C", "x"]), format!("rustc --target {MUSL} {JSON} -- -g -C x"));
    let own_target = Case::new().config("alias.w = 'build --target wasm32-wasip1'");
    assert_eq!(own_target.words(&["w"]), format!("w {JSON}"));
    assert_eq!(own_target.plan(&["w"]).targets, ["wasm32-wasip1"]);
}

#[test]
fn the_users_message_format_keeps_working() {
    let case = Case::new();
    let rest = |args: &[&str]| case.words(args).replace(&format!(" --target {MUSL}"), "");
    assert_eq!(rest(&["build", "--message-format", "human", "-q"]), format!("build {JSON} -q"));
    assert_eq!(rest(&["build", "--message-format=json"]), "build --message-format=json");
    assert_eq!(rest(&["build", "--message-format=human,short"]), "build --message-format=human,short");
    assert_eq!(case.plan(&["build", "--message-format=json"]).discovery, Discovery::CargoMessages { pass_on: true });
    assert_eq!(case.plan(&["build", "--message-format=human,short"]).discovery, Discovery::None);
}

#[test]
fn a_target_the_user_chose_is_respected_or_a_conflict() {
    for (case, source) in [
        (Case::new().env("CARGO_BUILD_TARGET", GNU), "the environment"),
        (Case::new().config(&format!("build.target = '{GNU}'")), ".cargo/config.toml:1"),
        (Case::new().config(&format!("build.target = ['{MUSL}', '{GNU}']")), ".cargo/config.toml:1"),
    ] {
        let plan = case.plan(&["build"]);
        assert_eq!(plan.conflicts.len(), 1);
        assert!(plan.conflicts[0].user.contains(GNU) && plan.conflicts[0].user_source.ends_with(source), "{plan:?}");
        assert!(plan.changes.is_empty());
    }
    let by_option = Case::new().plan(&["--config", &format!("build.target='{GNU}'"), "build"]);
    assert_eq!(by_option.conflicts[0].user_source, "the command line");
    let behind_the_verb = Case::new().plan(&["build", "--config", &format!("build.target='{GNU}'")]);
    assert_eq!(behind_the_verb.conflicts.len(), 1);
    for fine in [MUSL, "aarch64-unknown-linux-musl", "x86_64-pc-windows-gnu", "aarch64-apple-darwin", "x.json"] {
        let plan = Case::new().env("CARGO_BUILD_TARGET", fine).plan(&["build"]);
        assert!(plan.conflicts.is_empty() && plan.changes.is_empty() && plan.targets == [fine], "{fine}");
    }
    let allowed = Case::new().policy(|policy| policy.linkage = Setting::default(LinkagePolicy::Any));
    assert!(allowed.plan(&["build", "--target", GNU]).conflicts.is_empty());
}

#[test]
fn the_hosts_own_target_is_weighed_under_its_name() {
    let plan = Case::new().plan(&["build", "--target", "host-tuple"]);
    let host = plan.targets[0].as_str();
    assert!(host.starts_with(std::env::consts::ARCH) && plan.args.contains(&"host-tuple".into()), "{plan:?}");
    assert_eq!(plan.conflicts.len(), usize::from(host.contains("-linux-gnu")), "{plan:?}");
}

#[test]
fn flags_count_where_no_target_is_given() {
    let case = Case::new().config("build.rustflags = ['-Ctarget-cpu=haswell']");
    let case =
        case.policy(|policy| (policy.linkage, policy.cargo.target) = (Setting::default(LinkagePolicy::Any), None));
    let plan = case.plan(&["build"]);
    assert_eq!(plan.expectations.cpus.get("").map(String::as_str), Some("haswell"));
    assert!(plan.targets.is_empty() && plan.expectations.static_links.is_empty(), "{plan:?}");
}

#[test]
fn crt_static_is_given_where_the_policy_says_so() {
    let case = Case::new().policy(|policy| policy.cargo.crt_static = said(true));
    for target in [GNU, "x86_64-pc-windows-msvc"] {
        let plan = case.plan(&["build", "--target", target]);
        let variable = format!("CARGO_TARGET_{}_RUSTFLAGS", rustflags::shouted(target));
        assert_eq!(plan.env.get(&OsString::from(variable)), Some(&"-C target-feature=+crt-static".into()));
        assert_eq!((plan.changes.len(), plan.conflicts.len()), (1, 0));
    }
    let named = Case::new().policy(|policy| policy.cargo.target = Some(Setting::default(GNU.into())));
    let plan = named.plan(&["build"]);
    assert!(plan.conflicts.is_empty() && plan.env.keys().any(|name| name.to_string_lossy().ends_with("RUSTFLAGS")));
    assert_eq!(Case::new().plan(&["build", "--target", "x86_64-pc-windows-msvc"]).changes, []);
}

#[test]
fn flags_that_undo_the_policy_are_conflicts() {
    let flag = "-Ctarget-feature=-crt-static";
    let by_variable = Case::new().env("RUSTFLAGS", flag).plan(&["build"]);
    assert_eq!(by_variable.conflicts[0].user_source, "`RUSTFLAGS` in the environment");
    let by_file = Case::new().config(&format!("build.rustflags = ['{flag}']")).plan(&["build"]);
    assert!(by_file.conflicts[0].user_source.ends_with("config.toml:1"));
    let by_word = Case::new().plan(&["rustc", "--", "-C", "target-feature=-crt-static"]);
    assert_eq!(by_word.conflicts[0].user_source, "the command line");
    let elsewhere = Case::new().env("RUSTFLAGS", flag).plan(&["build", "--target", "aarch64-apple-darwin"]);
    assert!(elsewhere.conflicts.is_empty());
}

#[test]
fn traps_are_noted() {
    let linker = Case::new().config(&format!("target.{MUSL}.linker = 'musl-gcc'"));
    assert!(linker.plan(&["build"]).notes[0].contains("95926"));
    let repaired = linker.env("RUSTFLAGS", "-Crelocation-model=static");
    assert_eq!(repaired.plan(&["build"]).notes, [""; 0]);
    let masked = Case::new().config("build.rustflags = ['-g']").env("RUSTFLAGS", "");
    assert!(masked.plan(&["build"]).notes[0].contains("`RUSTFLAGS` in the environment hides the rustflags of"));
}

#[test]
fn a_package_that_makes_no_program_gets_no_target() {
    let manifest = "[package]\nname = 'x'\n[lib]\ncrate-type = ['cdylib']";
    let plan = Case::new().file("Cargo.toml", manifest).plan(&["build"]);
    assert!(plan.changes.is_empty() && plan.not_applicable.len() == 1);
    let both = Case::new().file("Cargo.toml", manifest).file("src/main.rs", "").plan(&["build"]);
    assert_eq!(both.changes.len(), 1);
}

#[test]
fn installed_programs_are_looked_for_in_the_root() {
    let bin = |case: Case, args: &[&str]| match case.plan(args).discovery {
        Discovery::CargoInstall { bin, .. } => {
            bin.strip_prefix(case.directory.path()).unwrap_or(&bin).display().to_string()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(bin(Case::new(), &["install", "x"]), "home/bin");
    assert_eq!(bin(Case::new().config("install.root = 'r'"), &["install", "x"]), "r/bin");
    assert_eq!(bin(Case::new().env("CARGO_INSTALL_ROOT", "e"), &["install", "x"]), "e/bin");
    assert_eq!(bin(Case::new(), &["install", "--root", "o", "x"]), "o/bin");
}

#[test]
fn what_builds_nothing_stays_as_typed() {
    for args in [
        &["build", "--help"][..],
        &["check"],
        &["build", "--target"],
        &["install", "--list"],
        &["rustc", "--print", "cfg"],
    ] {
        let plan = Case::new().plan(args);
        assert_eq!((plan.mode, plan.args.len()), (Mode::PassThrough, args.len()), "{args:?}");
    }
    let nested = Case::new().env("SEAWORTHY_ACTIVE", "go:cargo").plan(&["build"]);
    assert_eq!((nested.mode, nested.args.len()), (Mode::PassThrough, 1));
}
