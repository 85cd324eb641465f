//! Programs were linked and thrown away. Raised by the check of a whole run.

use super::Rule;
use crate::facts::Format;
use crate::policy::Level;

pub(crate) static RULE: Rule = Rule {
    id: "discarded-artifact",
    summary: "programs were built and thrown away, so they were not judged",
    default: Level::Warn,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: None,
    docs: r#"## What it checks
That every program the tool linked was also kept. `go build ./...` with several programs links them only to see whether they
link, and `-o /dev/null` keeps none.

## Why it matters
Nothing was shipped, but nothing was judged either: a green build says less than it seems to. The preset `strict` denies it.

## Example
```text
warning[discarded-artifact]: 2 programs were built and thrown away, so nothing could be judged
  = evidence: example.com/app/cmd/a, example.com/app/cmd/b
  = policy: `discarded-artifact` is `warn` (by default)
  = help: let the tool keep them: `go build -o DIRECTORY/ …`, or see `seaworthy explain discarded-artifact`
```

## How to fix
- Go: give a directory, `go build -o bin/ ./...`.
- Cargo: keeps what it builds; nothing to do.
"#,
};
