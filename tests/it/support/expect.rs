//! Literate fixtures: `tests/fixtures/builds/NAME/expect.toml` says how a small project is built, what the guard must say, and why.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Done, Report, Scratch, have, repository};

/// A whole `expect.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fixture {
    /// Why the fixture exists.
    pub(crate) why: String,
    /// The ways it is built.
    #[serde(default)]
    pub(crate) build: Vec<Build>,
}

/// One guarded build of the fixture and everything it must come to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Build {
    /// Name, unique in the fixture.
    pub(crate) name: String,
    /// What this way of building shows.
    pub(crate) why: String,
    /// Tools it needs, as in [`have`].
    pub(crate) requires: Vec<String>,
    /// What stands behind `seaworthy`.
    pub(crate) run: Vec<String>,
    /// Environment variables.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// The policy; none means the built-in default.
    pub(crate) policy: Option<String>,
    /// Exit code of the guarded build.
    pub(crate) exit: i32,
    /// What standard error contains.
    pub(crate) says: Option<String>,
    /// The file that comes out; absent when nothing is built.
    pub(crate) artifact: Option<String>,
    /// Verdict on the artifact.
    #[serde(default)]
    pub(crate) verdict: String,
    /// Every rule that denies, sorted; those not named must not.
    #[serde(default)]
    pub(crate) fires: Vec<String>,
    /// What happens when the artifact is started on this machine; absent where it cannot be.
    pub(crate) starts: Option<Starts>,
}

/// What the real loader makes of an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Starts {
    /// It ends with 0.
    Well,
    /// A signal kills it.
    Crash,
}

/// Reads the `expect.toml` of a fixture.
pub(crate) fn fixture(name: &str) -> Fixture {
    let path = repository().join("tests/fixtures/builds").join(name).join("expect.toml");
    let text =
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read `{}`: {error}", path.display()));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Makes a named test of each build of a fixture.
macro_rules! guarded_builds {
    ($fixture:literal: $($test:ident = $build:literal),+ $(,)?) => {$(
        #[test]
        fn $test() {
            crate::support::guarded_build($fixture, $build);
        }
    )+};
}

/// Builds a fixture in one of its ways, guarded, and compares everything with what `expect.toml` says.
///
/// Every build runs twice: the second has nothing to compile, and must come to the same verdict.
pub(crate) fn guarded_build(fixture_name: &str, build_name: &str) {
    let fixture = fixture(fixture_name);
    let named = fixture.build.iter().find(|build| build.name == build_name);
    let build = named.unwrap_or_else(|| panic!("`{fixture_name}` has no build `{build_name}`"));
    let tools: Vec<&str> = build.requires.iter().map(String::as_str).collect();
    if !have(&tools) {
        return;
    }
    let scratch = Scratch::fixture(&format!("builds/{fixture_name}"));
    if let Some(policy) = &build.policy {
        scratch.write("seaworthy.toml", policy);
    }
    judge(&run(&scratch, build), &scratch, build);
    judge(&run(&scratch, build), &scratch, build);
    start(&scratch, build);
}

fn run(scratch: &Scratch, build: &Build) -> Done {
    let mut run = scratch.seaworthy().arg("--report").arg(format!("json={}", scratch.report().display()));
    for (name, value) in &build.env {
        run = run.env(name, value);
    }
    run.args(&build.run).run()
}

fn judge(done: &Done, scratch: &Scratch, build: &Build) {
    let why = format!("{}\nbecause: {}", build.name, build.why);
    if done.code() != Some(build.exit) {
        done.fail(&format!("{why}\nexit code {} was expected", build.exit));
    }
    if let Some(text) = build.says.as_ref().filter(|text| !done.stderr().contains(*text)) {
        done.fail(&format!("{why}\n`{text}` was expected on standard error"));
    }
    let report = Report::read(&scratch.report());
    let Some(path) = &build.artifact else {
        assert_eq!(report.paths(), [""; 0], "nothing was to be built");
        return;
    };
    let artifact = report
        .artifact(path)
        .unwrap_or_else(|| done.fail(&format!("{why}\n`{path}` is not in the report, which has {:?}", report.paths())));
    if artifact.verdict != build.verdict || artifact.denied() != build.fires {
        let expected = format!("expected {} by {:?}", build.verdict, build.fires);
        done.fail(&format!("{why}\n{expected}, got {} by {:?}", artifact.verdict, artifact.denied()));
    }
    if let Some(finding) = artifact.findings.iter().find(|finding| finding.evidence.is_empty()) {
        done.fail(&format!("{why}\n`{}` was found without evidence", finding.rule));
    }
}

fn start(scratch: &Scratch, build: &Build) {
    let (Some(expected), Some(artifact)) = (build.starts, &build.artifact) else { return };
    let artifact = scratch.join(artifact);
    let done = scratch.program(artifact.to_str().expect("a UTF-8 path")).run();
    let found = match done.code() {
        Some(0) => Starts::Well,
        Some(code) => done.fail(&format!("{}: ended with {code}", build.name)),
        None => Starts::Crash,
    };
    if found != expected {
        done.fail(&format!("{}: expected {expected:?}, got {found:?}", build.name));
    }
}
