//! An output that was expected is not there. Raised by the check of a whole run.

use super::Rule;
use crate::facts::Format;
use crate::policy::Level;

pub(crate) static RULE: Rule = Rule {
    id: "missing-artifact",
    summary: "the build succeeded, but an output it should have left is not there",
    default: Level::Deny,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: None,
    docs: r#"## What it checks
That every output the tool announced is there when it is done, and is of the kind the package asked for.

## Why it matters
A file that is not there cannot be judged, and silence would look like a pass. cargo drops a `cdylib` for a static musl
target with a mere warning and exits with 0; a tool that cleans up behind the build takes the file away.

## Example
```text
error[missing-artifact]: the build succeeded, but an artifact it should have made is not there: target/x86_64-unknown-linux-musl/release/libapp.so
  = evidence: target/x86_64-unknown-linux-musl/release/libapp.so
  = policy: `missing-artifact` is `deny` (by default)
  = help: look at the tool's own output; a file that was moved or deleted meanwhile cannot be judged, or see `seaworthy explain missing-artifact`
```

## How to fix
- Go: keep the file where the build puts it until it was judged. What Go throws away by itself is `discarded-artifact`.
- Cargo: build the `cdylib` for a target that has shared libraries, or take it out of `crate-type`.
"#,
};
