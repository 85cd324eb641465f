//! It could not be told for sure what the build made. Raised by the check of a whole run.

use super::Rule;
use crate::facts::Format;
use crate::policy::Level;

pub(crate) static RULE: Rule = Rule {
    id: "degraded-discovery",
    summary: "what the build made could not be told for sure",
    default: Level::Warn,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: None,
    docs: r#"## What it checks
That it is certain which files the tool made: cargo says so in its JSON messages, go in its action graph. Where `-o` leaves one
file that go can have written, that file must show that it was written. Where an old or unusual tool says nothing, the files are
looked for in the places the command names, and this rule says so.

## Why it matters
A file that is overlooked is a file that is not judged. The preset `strict` denies it.

## Example
```text
warning[degraded-discovery]: discovery degraded: what the build made could not be told for sure: go wrote no action graph
  = evidence: go wrote no action graph
  = policy: `degraded-discovery` is `warn` (by default)
  = help: judge the files that matter by name with `seaworthy check PATH…`, or see `seaworthy explain degraded-discovery`
```

## How to fix
- Go: use the Go project's own toolchain, 1.20 or newer; gccgo writes no action graph.
- Cargo: keep wrappers around cargo from swallowing `--message-format`.
"#,
};
