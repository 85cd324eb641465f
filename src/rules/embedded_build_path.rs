//! Paths of the machine that built it are left in the file.

use super::support::advice::Maker;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(crate) static RULE: Rule = Rule {
    id: "embedded-build-path",
    summary: "paths below a home or work directory of the build machine are left in the file",
    default: Level::Allow,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The whole file for paths below home directories (`/home/NAME/…`, `/Users/NAME/…`, `/root/…`, `C:\Users\NAME\…`), directories
of build services (`/builds/…`, `/private/var/folders/…`) and the directory the build ran in. It reads every byte, so it is
off unless the policy turns it on; the preset `release` warns of it.

## Why it matters
Compilers leave the paths of sources in panic messages, tables of lines and debug information. They tell strangers the names
of people and projects, and make the same sources give other bytes on another machine.

## Example
```text
warning[embedded-build-path]: `dist/app` contains paths of the machine that built it, such as `/home/jane/app/src/main.rs`
  = evidence: it contains `/home/jane/app/src/main.rs`
  = policy: `embedded-build-path` is `warn` (seaworthy.toml:2)
  = help: build with `--remap-path-prefix` for the home and the work directory, and strip debug information, or see `seaworthy explain embedded-build-path`
```

## How to fix
- Go: `trimpath = true` in the policy, or `go build -trimpath`. C code of cgo needs `CGO_CFLAGS=-ffile-prefix-map=$PWD=.`.
- Cargo: `RUSTFLAGS="--remap-path-prefix=$HOME=~ --remap-path-prefix=$PWD=."`; the paths of the registry below the home
  directory count as well. Strip the debug information of releases (`strip = true`).
"#,
};

/// Paths that are shown.
const SHOWN: usize = 5;

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(texts) = &subject.file.texts else {
        return Verdict::Inconclusive("its text was not searched for paths".into());
    };
    let Some(first) = texts.build_paths.first() else { return Verdict::Pass };
    let mut evidence: Vec<String> =
        texts.build_paths.iter().take(SHOWN).map(|path| format!("it contains `{path}`")).collect();
    match texts.build_paths.len().saturating_sub(SHOWN) {
        0 => {}
        more if texts.more_build_paths => evidence.push(format!("and more than {more} others")),
        more => evidence.push(format!("and {more} more")),
    }
    let help = match subject.maker() {
        Maker::Go => "build with `-trimpath`",
        Maker::Rust => {
            "build with `--remap-path-prefix` for the home and the work directory, and strip debug information"
        }
        Maker::Other => "compile with `-ffile-prefix-map=DIRECTORY=.`, and strip debug information",
    };
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` contains paths of the machine that built it, such as `{first}`"),
        evidence,
        help: Some(help.into()),
        causes: vec![Cause::Setting("build-path".into())],
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::texts::Texts;
    use crate::rules::support::testing::Case;

    fn contains(paths: &[&str]) -> Case {
        let build_paths = paths.iter().map(ToString::to_string).collect();
        Case::elf().rust().with(|case| case.texts = Some(Texts { build_paths, ..Texts::default() }))
    }

    #[test]
    fn a_path_of_the_build_machine_violates() {
        contains(&["/home/jane/app/src/main.rs"]).documented(&RULE);
        let many = contains(&["/root/a/b"; 7]).violations(&RULE).remove(0);
        assert!(many.evidence.iter().any(|line| line == "and 2 more"), "{many:?}");
    }

    #[test]
    fn a_file_without_such_paths_passes() {
        contains(&[]).passes(&RULE);
    }

    #[test]
    fn without_a_search_it_cannot_be_told() {
        Case::elf().inconclusive(&RULE);
    }
}
