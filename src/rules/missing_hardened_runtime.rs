//! A program is signed without the hardened runtime.

use super::support::apple::{NOT_SIGNED, demand, signature};
use super::support::{NOT_MACOS, NOT_PROGRAM};
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::code_signature::SignatureKind;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "missing-hardened-runtime",
    summary: "a program for macOS is signed without the hardened runtime",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The flag `CS_RUNTIME` (0x10000) of every CodeDirectory, when `[macos] hardened-runtime` or `notarizable` ask for it. A
signature made by the linker is left to `adhoc-signature`.

## Why it matters
The hardened runtime keeps others from injecting code into the program, and the program from making code of its own without
an entitlement for it. Apple's notary takes no program without it.

## Example
```text
error[missing-hardened-runtime]: `dist/app` is signed without the hardened runtime
  = evidence: the CodeDirectory in slot 0x0 has the flags 0x0
  = policy: `[macos] hardened-runtime = true` (seaworthy.toml:1)
  = help: sign it with `codesign --options runtime …`, or see `seaworthy explain missing-hardened-runtime`
```

## How to fix
The same for Go and Cargo: sign with `codesign --options runtime …` on a Mac, or `rcodesign sign --code-signature-flags
runtime …` elsewhere. A program with a JIT then needs `com.apple.security.cs.allow-jit`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    if !subject.is_program() {
        return Verdict::NotApplicable(NOT_PROGRAM);
    }
    let Some(policy) = demand(subject, "hardened-runtime", |macos| &macos.hardened_runtime) else {
        return Verdict::NotApplicable("the policy does not ask for the hardened runtime");
    };
    let Some(signature) = signature(macho) else { return Verdict::NotApplicable(NOT_SIGNED) };
    if macho.signature_kind == SignatureKind::LinkerAdhoc {
        return Verdict::NotApplicable("the linker signed it: see `adhoc-signature`");
    }
    let bare: Vec<String> = signature
        .code_directories
        .iter()
        .filter(|directory| !directory.hardened_runtime())
        .map(|directory| {
            format!("the CodeDirectory in slot {:#x} has the flags {:#x}", directory.slot, directory.flags)
        })
        .collect();
    if bare.is_empty() {
        return Verdict::Pass;
    }
    Verdict::Violated(vec![Violation {
        message: "`{artifact}` is signed without the hardened runtime".into(),
        evidence: bare,
        policy: Some(policy),
        help: Some("sign it with `codesign --options runtime …`".into()),
        ..Violation::default()
    }])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::facts::macho::code_signature::SignatureKind;
    use crate::rules::support::testing::{Case, from_file, signed_macho};

    fn asked(flags: u32, kind: SignatureKind) -> Case {
        signed_macho(kind, flags, None).with(|case| case.policy.macos.hardened_runtime = Some(from_file(true)))
    }

    #[test]
    fn a_signature_without_the_flag_violates() {
        asked(0, SignatureKind::Cms).documented(&RULE);
        asked(0x2, SignatureKind::Adhoc).violations(&RULE);
    }

    #[test]
    fn the_flag_passes() {
        asked(0x10000, SignatureKind::Cms).passes(&RULE);
        asked(0x10002, SignatureKind::Adhoc).passes(&RULE);
    }

    #[test]
    fn what_other_rules_say_is_not_repeated() {
        asked(0x20002, SignatureKind::LinkerAdhoc).not_applicable(&RULE);
        asked(0, SignatureKind::None).not_applicable(&RULE);
        asked(0, SignatureKind::Cms).with(|case| case.policy.macos.hardened_runtime = None).not_applicable(&RULE);
    }
}
