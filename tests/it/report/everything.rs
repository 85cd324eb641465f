//! One report with everything in it that a report can say.

use std::path::{Path, PathBuf};

use seaworthy::check::{ArtifactResult, Finding, HostVerdict, Overall, Runs};
use seaworthy::policy::{Level, Origin, Setting};
use seaworthy::report::{self, Report};
use seaworthy::rules::PolicySource;
use seaworthy::run::{Artifact, Role};

pub(crate) fn finding(rule: &'static str, level: Level, artifact: &str) -> Finding {
    Finding {
        rule,
        level,
        level_origin: Origin::Default,
        artifact: PathBuf::from(artifact),
        slice: None,
        message: format!("`{}` needs glibc 2.34, but `debian:11` has 2.31", report::path(Path::new(artifact))),
        evidence: vec!["`__libc_start_main@GLIBC_2.34` from crt1.o".into(), "`stat64@GLIBC_2.33`".into()],
        causes: Vec::new(),
        host: None,
        has: None,
        blame: None,
        policy: None,
        help: None,
    }
}

pub(crate) fn result(path: &str, verdict: Overall, findings: Vec<Finding>) -> ArtifactResult {
    ArtifactResult {
        artifact: Artifact { path: path.into(), role: Role::Program, package: None, target: None },
        facts: None,
        image: None,
        verdict,
        inconclusive_level: Setting::default(Level::Deny),
        findings,
        inconclusive: Vec::new(),
        passed: Vec::new(),
        not_applicable: Vec::new(),
        hosts: Vec::new(),
        excepted: Vec::new(),
    }
}

fn on(host: &str, verdict: Runs, why: Option<&str>) -> HostVerdict {
    HostVerdict { host: host.to_owned(), verdict, why: why.map(str::to_owned) }
}

/// Everything a report can say, with names that nobody should print raw.
pub(crate) fn everything() -> Report {
    let hostile = "bin/a\u{1b}[31m\nb";
    let markup = "]]>\"'<img src=x onerror=alert(1)>|`&amp;`{{x}}\u{202e}\u{ffff}";
    let full = Finding {
        host: Some("debian:11".into()),
        blame: Some("crate `libsqlite3-sys 0.30.1`, pulled in by `rusqlite`".into()),
        policy: Some(PolicySource {
            key: "`runs-on` lists `debian:11`".into(),
            origin: Origin::File { path: "seaworthy.toml".into(), line: 3 },
        }),
        help: Some("build for `x86_64-unknown-linux-musl`".into()),
        ..finding("newer-glibc", Level::Deny, "target/release/app")
    };
    let mut unsure = result("packed", Overall::Inconclusive, Vec::new());
    unsure.inconclusive = vec![("newer-glibc", "packed with UPX".into()), ("stray-glibc", "packed with UPX".into())];
    let mut excepted = result("ok", Overall::Pass, Vec::new());
    excepted.excepted = vec![(finding("run-path", Level::Deny, "ok"), "vendor blob".into())];
    excepted.not_applicable = vec![("cgo-runtime", "it is not a Go program".into())];
    let warned = Finding {
        level_origin: Origin::Preset("strict".into()),
        slice: Some("aarch64".into()),
        evidence: std::iter::once(markup.to_owned())
            .chain((0..12).map(|number| format!("`symbol_{number}`")))
            .collect(),
        ..finding("run-path", Level::Warn, hostile)
    };
    let mut rejected = result("target/release/app", Overall::Fail, vec![full]);
    rejected.passed = vec!["executable-stack", "text-relocations"];
    rejected.hosts = vec![
        on("debian:11", Runs::No, Some("`target/release/app` needs glibc 2.34, but `debian:11` has 2.31")),
        on("debian:12", Runs::Yes, None),
        on("our|host", Runs::Unknown, Some("`libodd.so.1` may be <there> or not")),
        on("windows:2022", Runs::NotApplicable, None),
    ];
    Report {
        artifacts: vec![rejected, result(hostile, Overall::Pass, vec![warned]), unsure, excepted],
        general: vec![Finding {
            message: "an exception is unused".into(),
            ..finding("unused-exception", Level::Warn, "")
        }],
        notes: vec!["3 files that are no linked binaries left out".into()],
        problems: vec!["cannot read `secret`: permission denied".into()],
        ..Report::default()
    }
}
