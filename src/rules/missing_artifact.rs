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
That every kind of output the packages ask for was made. What the tool announced and is not there when it is done is a matter of
`unreadable-binary`.

## Why it matters
A file that is not there cannot be judged, and silence would look like a pass. cargo drops a `cdylib` or `dylib` for a static musl
target with a mere warning, and exits with 0.

## Example
```text
error[missing-artifact]: the build succeeded, but an artifact it should have made is not there: the cdylib of `app`
  = evidence: cargo warned that it drops it, as none can be made for x86_64-unknown-linux-musl
  = policy: `cargo.target = "x86_64-unknown-linux-musl"` (by default)
  = help: build it for a target with shared libraries (`--target x86_64-unknown-linux-gnu`, with `linkage = "any"` for it), or take it out of `crate-type`, or see `seaworthy explain missing-artifact`
```

## How to fix
- Go: not concerned; what Go throws away by itself is `discarded-artifact`.
- Cargo: build it for a target that has shared libraries, with `linkage = "any"` for that target in an `[[artifact]]`, or take it out
  of `crate-type`.
"#,
};
