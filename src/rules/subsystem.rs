//! A Windows program opens a console where it should not, or none where it should.

use super::support::advice::Maker;
use super::support::{NOT_PROGRAM, NOT_WINDOWS};
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "subsystem",
    summary: "a Windows program is of another subsystem than the policy names",
    default: Level::Deny,
    formats: &[Format::Pe],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The subsystem of programs against `[windows] subsystem`: `console` (`IMAGE_SUBSYSTEM_WINDOWS_CUI`) or `windows`
(`IMAGE_SUBSYSTEM_WINDOWS_GUI`).

## Why it matters
A tool built with `-H=windowsgui` prints nothing and returns before it is done; an application built without it opens a
black window behind its own.

## Example
```text
error[subsystem]: `dist/app.exe` is of the subsystem `console`, not `windows`
  = evidence: `Subsystem` in the optional header is `windows-cui`
  = policy: `[windows] subsystem = "windows"` (seaworthy.toml:1)
  = help: link with `-mwindows` (MinGW) or `/SUBSYSTEM:WINDOWS`, or see `seaworthy explain subsystem`
```

## How to fix
- Go: `-ldflags=-H=windowsgui` for an application with windows, nothing for a console program.
- Cargo: `#![windows_subsystem = "windows"]` in `main.rs`, or not.
- C and C++: `-mwindows` or `-mconsole` for MinGW, `/SUBSYSTEM:WINDOWS` or `/SUBSYSTEM:CONSOLE` for MSVC.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(pe) = subject.windows() else { return Verdict::NotApplicable(NOT_WINDOWS) };
    if !subject.is_program() {
        return Verdict::NotApplicable(NOT_PROGRAM);
    }
    let Some(wanted) = &subject.policy.policy.windows.subsystem else {
        return Verdict::NotApplicable("the policy names no subsystem");
    };
    let found = match pe.subsystem.as_str() {
        "windows-cui" => "console",
        "windows-gui" => "windows",
        other => other,
    };
    if found == wanted.value {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` is of the subsystem `{found}`, not `{}`", wanted.value),
        evidence: vec![format!("`Subsystem` in the optional header is `{}`", pe.subsystem)],
        policy: Some(PolicySource {
            key: format!("[windows] subsystem = \"{}\"", wanted.value).into(),
            origin: wanted.origin.clone(),
        }),
        help: Some(help(subject.maker(), &wanted.value)),
        ..Violation::default()
    }])
}

/// What asks for the subsystem, in the words of the tool.
fn help(maker: Maker, wanted: &str) -> String {
    let flag = match maker {
        Maker::Go => "`-ldflags=-H=windowsgui`",
        Maker::Rust => "`#![windows_subsystem = \"windows\"]` in `main.rs`",
        Maker::Other if wanted == "windows" => return "link with `-mwindows` (MinGW) or `/SUBSYSTEM:WINDOWS`".into(),
        Maker::Other => return "link with `-mconsole` (MinGW) or `/SUBSYSTEM:CONSOLE`".into(),
    };
    if wanted == "windows" { format!("build with {flag}") } else { format!("leave out {flag}") }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::Kind;
    use crate::rules::support::testing::{Case, from_file};

    fn wanted(subsystem: &str) -> Case {
        Case::pe()
            .edit_pe(|pe| pe.subsystem = "windows-cui".into())
            .with(|case| case.policy.windows.subsystem = Some(from_file(subsystem.to_owned())))
    }

    #[test]
    fn another_subsystem_violates() {
        wanted("windows").documented(&RULE);
        wanted("console").edit_pe(|pe| pe.subsystem = "native".into()).violations(&RULE);
    }

    #[test]
    fn the_advice_is_in_the_words_of_the_tool() {
        let help = |case: Case| case.violations(&RULE).remove(0).help.expect("help");
        assert_eq!(help(wanted("windows").go(&[])), "build with `-ldflags=-H=windowsgui`");
        assert_eq!(help(wanted("windows")), "link with `-mwindows` (MinGW) or `/SUBSYSTEM:WINDOWS`");
        let graphical = |case: Case| case.edit_pe(|pe| pe.subsystem = "windows-gui".into());
        assert!(help(graphical(wanted("console"))).contains("`-mconsole`"));
        assert!(help(graphical(wanted("console").rust())).starts_with("leave out `#![windows_subsystem"));
    }

    #[test]
    fn the_named_subsystem_passes() {
        wanted("console").passes(&RULE);
    }

    #[test]
    fn libraries_and_silent_policies_are_left_alone() {
        wanted("windows").with(|case| case.facts.kind = Kind::SharedObject).not_applicable(&RULE);
        Case::pe().not_applicable(&RULE);
    }
}
