//! An exception of the policy covers nothing. Raised by the check of a whole run.

use super::Rule;
use crate::facts::Format;
use crate::policy::Level;

pub(crate) static RULE: Rule = Rule {
    id: "unused-exception",
    summary: "an exception of the policy lets nothing through",
    default: Level::Warn,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: None,
    docs: r#"## What it checks
That every `[[exception]]` covered a finding of this run. One that matches no file of the run may belong to another build:
it is never more than a warning.

## Why it matters
An exception nobody needs any more hides the day the defect comes back. A misspelt rule or path looks the same.

## Example
```text
warning[unused-exception]: the exception for `executable-stack` on `bin/legacy` lets nothing through
  = evidence: its reason: vendor blob, replaced in 3.2
  = policy: `[[exception]] rule = "executable-stack"` (seaworthy.toml:1)
  = help: remove it, unless other builds need it, or see `seaworthy explain unused-exception`
```

## How to fix
The same for Go and Cargo: remove the entry, or correct its `rule` or `artifact`.
"#,
};
