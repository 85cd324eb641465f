//! The plan set something and the artifact does not show it.

use super::support::libraries::needs;
use super::{Cause, PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::go_build_info::GoBuild;
use crate::facts::{Format, Linkage};
use crate::plan::{Expectations, Tool};
use crate::policy::{Level, LinkagePolicy, Origin};

pub(super) static RULE: Rule = Rule {
    id: "enforced-setting-lost",
    summary: "a setting that was given to the build does not show in what came out",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
What the plan set for the wrapped build, against what the artifact shows: `CGO_ENABLED`, `-tags` and `-trimpath` in Go's
build information, and a static link that was asked for. It applies to wrapped builds only; `seaworthy plan` shows what is
set.

## Why it matters
Build tools drop settings in silence: a second `-ldflags` or `-tags` replaces the first, `RUSTFLAGS` hides the flags of
cargo's configuration, a wrapper script resets a variable. The build succeeds, and what came out is not what was asked for.

## Example
```text
error[enforced-setting-lost]: the build of `dist/app` was given `CGO_ENABLED=0`, but the file does not show it
  = evidence: the build information says `CGO_ENABLED=1`
  = policy: `go.cgo` (by default)
  = help: look for a later flag or a variable that replaces it; `seaworthy plan` shows what was set, or see `seaworthy explain enforced-setting-lost`
```

## How to fix
- Go: look for a later `-tags` or `-ldflags`, for `GOFLAGS`, for `go env -w` (`go env -changed`), and for a script named
  `go` in front of the real one.
- Cargo: look for `RUSTFLAGS` and `CARGO_ENCODED_RUSTFLAGS` in the environment, which hide every flag of the configuration,
  even when they are empty.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(tool) = subject.provenance.tool else {
        return Verdict::NotApplicable("it does not come from a wrapped build");
    };
    let wanted = &subject.provenance.expectations;
    let mut lost = static_link(subject, wanted);
    if tool == Tool::Go && expects_go_settings(wanted) {
        match subject.facts.go.as_ref().filter(|go| !go.settings.is_empty()) {
            Some(go) => lost.extend(go_settings(go, wanted)),
            None if lost.is_empty() => {
                return Verdict::Inconclusive("it has no Go build information to compare the settings with".into());
            }
            None => {}
        }
    }
    if lost.is_empty() { Verdict::Pass } else { Verdict::Violated(lost) }
}

fn expects_go_settings(wanted: &Expectations) -> bool {
    wanted.cgo_enabled.is_some() || !wanted.go_tags.is_empty() || wanted.trimpath
}

fn go_settings(go: &GoBuild, wanted: &Expectations) -> Vec<Violation> {
    let mut lost = Vec::new();
    if let Some((value, origin)) = &wanted.cgo_enabled {
        // Go leaves `CGO_ENABLED` out where cgo cannot be had at all, as on a target without it.
        let found = go.setting("CGO_ENABLED").unwrap_or("0");
        if found != value {
            let evidence = format!("the build information says `CGO_ENABLED={found}`");
            let violation = violation("CGO_ENABLED", &format!("CGO_ENABLED={value}"), evidence);
            lost.push(Violation { policy: Some(cgo_key(origin)), ..violation });
        }
    }
    let tags: Vec<&str> = go.setting("-tags").unwrap_or_default().split(',').collect();
    let missing: Vec<&String> = wanted.go_tags.iter().filter(|tag| !tags.contains(&tag.as_str())).collect();
    if !missing.is_empty() {
        let missing = missing.iter().map(|tag| tag.as_str()).collect::<Vec<_>>().join(",");
        let evidence = match go.setting("-tags") {
            Some(found) => format!("the build information says `-tags={found}`"),
            None => "the build information has no `-tags`".into(),
        };
        lost.push(violation("-tags", &format!("-tags={missing}"), evidence));
    }
    if wanted.trimpath && go.setting("-trimpath") != Some("true") {
        lost.push(violation("-trimpath", "-trimpath", "the build information has no `-trimpath=true`".into()));
    }
    lost
}

/// A static link that was asked for. Where the policy demands static linking anyway, `dynamic-loader` says it better.
fn static_link(subject: &Subject<'_>, wanted: &Expectations) -> Vec<Violation> {
    let demanded = subject.policy.linkage.value == LinkagePolicy::Static;
    let asked = wanted.static_link(subject.artifact.target.as_deref());
    if asked.is_none() || demanded || !subject.is_program() || !subject.is_linux() {
        return Vec::new();
    }
    let Some(elf) = subject.elf().filter(|_| subject.facts.linkage == Linkage::Dynamic) else { return Vec::new() };
    let loader = elf.interpreter.as_ref().map(|loader| format!("`PT_INTERP` is `{loader}`"));
    let needed = elf.needed.iter().map(|name| needs(name));
    let evidence = loader.into_iter().chain(needed).collect();
    let linked = Violation { evidence, ..violation("static linking", "static linking", String::new()) };
    vec![linked]
}

fn violation(name: &str, setting: &str, evidence: String) -> Violation {
    Violation {
        message: format!("the build of `{{artifact}}` was given `{setting}`, but the file does not show it"),
        evidence: vec![evidence],
        causes: vec![Cause::Setting(name.to_owned())],
        help: Some("look for a later flag or a variable that replaces it; `seaworthy plan` shows what was set".into()),
        ..Violation::default()
    }
}

fn cgo_key(origin: &Origin) -> PolicySource {
    PolicySource { key: "go.cgo".into(), origin: origin.clone() }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::plan::Tool;
    use crate::policy::{LinkagePolicy, Origin};
    use crate::rules::support::testing::Case;

    const MUSL: &str = "x86_64-unknown-linux-musl";

    fn built_by_go(settings: &[(&str, &str)]) -> Case {
        Case::elf().go(settings).with(|case| case.provenance.tool = Some(Tool::Go))
    }

    #[test]
    fn a_lost_variable_violates() {
        let case = built_by_go(&[("CGO_ENABLED", "1")])
            .with(|case| case.provenance.expectations.cgo_enabled = Some(("0".into(), Origin::Default)));
        case.documented(&RULE);
    }

    #[test]
    fn lost_tags_and_trimpath_violate() {
        let case = built_by_go(&[("-tags", "integration")]).with(|case| {
            case.provenance.expectations.go_tags = vec!["netgo".into(), "integration".into()];
            case.provenance.expectations.trimpath = true;
        });
        assert_eq!(case.violations(&RULE).len(), 2);
    }

    #[test]
    fn a_lost_static_link_violates_where_no_other_rule_says_so() {
        let case = || {
            Case::elf().dynamic(&["libc.so.6"]).with(|case| {
                case.provenance.tool = Some(Tool::Cargo);
                case.provenance.expectations.static_links = vec![(None, Origin::Default)];
            })
        };
        case().linkage(LinkagePolicy::Any).violations(&RULE);
        case().passes(&RULE);
        // It was asked for another target of the same build.
        let musl = |case: &mut Case| {
            case.provenance.expectations.static_links = vec![(Some(MUSL.to_owned()), Origin::Default)];
        };
        case().linkage(LinkagePolicy::Any).with(musl).target(MUSL).violations(&RULE);
        case().linkage(LinkagePolicy::Any).with(musl).target("x86_64-unknown-linux-gnu").passes(&RULE);
    }

    #[test]
    fn settings_that_arrived_pass() {
        let settings = [("CGO_ENABLED", "0"), ("-tags", "osusergo,netgo"), ("-trimpath", "true")];
        let case = built_by_go(&settings).with(|case| {
            case.provenance.expectations.cgo_enabled = Some(("0".into(), Origin::Default));
            case.provenance.expectations.go_tags = vec!["netgo".into()];
            case.provenance.expectations.trimpath = true;
        });
        case.passes(&RULE);
        built_by_go(&[]).passes(&RULE);
    }

    #[test]
    fn without_build_information_it_cannot_be_told() {
        let case = built_by_go(&[]).with(|case| case.provenance.expectations.trimpath = true);
        case.inconclusive(&RULE);
        Case::elf().not_applicable(&RULE);
    }
}
