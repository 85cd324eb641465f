//! An exception of the policy is past its date. Raised by the check of a whole run.

use super::Rule;
use crate::facts::Format;
use crate::policy::Level;

pub(crate) static RULE: Rule = Rule {
    id: "expired-exception",
    summary: "an exception of the policy is past its last day",
    default: Level::Warn,
    formats: &[Format::Elf, Format::Pe, Format::MachO],
    since: "0.1.0",
    check: None,
    docs: r#"## What it checks
The `until` date of every `[[exception]]`. Past that day the exception lets nothing through any more: the finding it covered
is back, and this rule names the entry.

## Why it matters
Exceptions outlive their reasons. A date makes somebody look again.

## Example
```text
warning[expired-exception]: the exception for `unreadable-binary` on `dist/app` expired on 2027-03-01, so its finding is back
  = evidence: its reason: vendor blob, replaced in 3.2
  = policy: `[[exception]] rule = "unreadable-binary"` (seaworthy.toml:6)
  = help: fix the cause, or give the exception a later `until`, or see `seaworthy explain expired-exception`
```

## How to fix
The same for Go and Cargo: fix what the exception covered and remove the entry, or move `until` on, with a reason that still
holds.
"#,
};
