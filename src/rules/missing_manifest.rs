//! A Windows program without an application manifest.

use super::support::{NOT_PROGRAM, NOT_WINDOWS};
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "missing-manifest",
    summary: "a Windows program carries no application manifest that names the Windows it knows",
    default: Level::Allow,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
That a program has a manifest (`RT_MANIFEST`), with an execution level and Windows 10 among its supported systems. Off
unless the policy turns it on: Go and cargo embed none by themselves.

## Why it matters
Without a manifest Windows guesses: names with "setup" or "update" ask for an administrator, versions are reported as
Windows 8, writes to `Program Files` are redirected, paths end at 260 characters and windows are blurred on dense screens.

## Example
```text
warning[missing-manifest]: `dist/app.exe` carries no application manifest
  = evidence: there is no `RT_MANIFEST` resource
  = policy: `missing-manifest` is `warn` (seaworthy.toml:2)
  = help: embed a manifest with an execution level and the supported systems, or see `seaworthy explain missing-manifest`
```

## How to fix
- Go: a `.syso` file beside `main.go`, made by `go-winres` or `rsrc`.
- Cargo: the crates `embed-manifest` or `winresource` in the build script.
"#,
};

/// `supportedOS` of Windows 10 and 11 (Microsoft, "Application manifests").
const WINDOWS_10: &str = "8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a";

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.windows() else { return Verdict::NotApplicable(NOT_WINDOWS) };
    if !subject.is_program() {
        return Verdict::NotApplicable(NOT_PROGRAM);
    }
    let Some(manifest) = &pe.manifest else {
        return violated(
            "`{artifact}` carries no application manifest",
            vec!["there is no `RT_MANIFEST` resource".into()],
        );
    };
    if let Some(problem) = &manifest.problem {
        return Verdict::Inconclusive(format!("its manifest could not be read: {problem}"));
    }
    let mut evidence = Vec::new();
    if manifest.execution_level.is_none() {
        evidence.push("the manifest has no `requestedExecutionLevel`".to_owned());
    }
    if !manifest.supported_os.iter().any(|system| system == WINDOWS_10) {
        evidence.push("the manifest does not list Windows 10 as `supportedOS`".to_owned());
    }
    if evidence.is_empty() {
        Verdict::Pass
    } else {
        violated("the application manifest of `{artifact}` is incomplete", evidence)
    }
}

fn violated(message: &str, evidence: Vec<String>) -> Verdict {
    Verdict::Violated(vec![Violation {
        message: message.into(),
        evidence,
        help: Some("embed a manifest with an execution level and the supported systems".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::{RULE, WINDOWS_10};
    use crate::facts::Kind;
    use crate::facts::pe::Manifest;
    use crate::rules::support::testing::Case;

    fn manifest(change: impl FnOnce(&mut Manifest)) -> Case {
        let mut manifest = Manifest {
            execution_level: Some("asInvoker".into()),
            supported_os: vec![WINDOWS_10.into()],
            ..Manifest::default()
        };
        change(&mut manifest);
        Case::pe().edit_pe(|pe| pe.manifest = Some(manifest))
    }

    #[test]
    fn no_manifest_and_half_a_manifest_violate() {
        Case::pe().documented(&RULE);
        manifest(|manifest| manifest.execution_level = None).violations(&RULE);
        manifest(|manifest| manifest.supported_os.clear()).violations(&RULE);
    }

    #[test]
    fn a_whole_manifest_passes() {
        manifest(|_| {}).passes(&RULE);
    }

    #[test]
    fn a_damaged_manifest_cannot_be_judged() {
        manifest(|manifest| manifest.problem = Some("it does not end".into())).inconclusive(&RULE);
        Case::pe().with(|case| case.facts.kind = Kind::SharedObject).not_applicable(&RULE);
    }
}
