//! What an image starts cannot be started.

use super::support::advice::link_statically;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::hosts::load::Reason;
use crate::images::InImage;
use crate::images::start::Fault;
use crate::policy::Level;

pub(crate) static RULE: Rule = Rule {
    id: "unstartable-entrypoint",
    summary: "what an image starts is not in it, or the kernel cannot start it there",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
For each image that `seaworthy check` reads: that its `Entrypoint`, or its `Cmd` where it has none, is found as a container
runtime finds it (`PATH` of the image, working directory, links followed inside the image), is a regular file that the
image's `User` may execute, and is something the kernel starts: a program whose loader is in the image, or a script whose
interpreter is. A `User` by name has to be in the image's `/etc/passwd`. The same of the interpreter, of what
`#!/usr/bin/env NAME` looks for, and of a command that `sh -c`, `tini` or the entrypoint script starts, as far as the image
says. Libraries and symbols are a matter of `missing-library` and its kin.

## Why it matters
The container ends before the first instruction: "exec format error", "no such file or directory" (said of a file that is
there, when its loader is not), "permission denied". The image builds and pushes without complaint.

## Example
```text
error[unstartable-entrypoint]: `image.tar:/app` is the entrypoint and cannot start: it needs `/lib64/ld-linux-x86-64.so.2`, and the image is musl
  = evidence: `PT_INTERP` is `/lib64/ld-linux-x86-64.so.2`
  = evidence: its loader /lib64/ld-linux-x86-64.so.2 is not there, only /lib/ld-musl-x86_64.so.1
  = policy: `unstartable-entrypoint` is `deny` (by default)
  = help: build with `cargo build --target x86_64-unknown-linux-musl`, or see `seaworthy explain unstartable-entrypoint`
```

## How to fix
- Go: build with `CGO_ENABLED=0`, so that the program needs no loader.
- Cargo: build for a musl target, or base the image on a distribution with the same C library as the build stage.
- Copy programs with `COPY --chmod=0755`, to a directory that everybody may enter; make the user, or name it by number. Save
  scripts with Unix line endings and name an interpreter that is in the image.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(image) = subject.image.filter(|image| image.part.is_started()) else {
        return Verdict::NotApplicable("no image starts it");
    };
    if subject.image_arch().is_some_and(|arch| !super::support::target::runs(arch, &subject.facts.arch)) {
        return Verdict::NotApplicable("it is made for another machine, which `platform-mismatch` says");
    }
    for (host, load) in subject.loads.get().filter(|(host, _)| host.name == image.image) {
        let loader = load.reasons.iter().find_map(|reason| match reason {
            Reason::NoLoader { path, .. } => Some((path, missing(path, &host.loaders), reason)),
            Reason::BadLoader { path, why } => {
                Some((path, format!("its loader `{path}` cannot be run: {why}"), reason))
            }
            _ => None,
        });
        if let Some((path, why, reason)) = loader {
            return Verdict::Violated(vec![Violation {
                message: message(image, &why),
                evidence: vec![format!("`PT_INTERP` is `{path}`"), reason.to_string()],
                causes: vec![Cause::Loader(path.clone())],
                host: Some(host.name.clone()),
                help: Some(link_statically(subject)),
                ..Violation::default()
            }]);
        }
    }
    Verdict::Pass
}

/// What the image has instead of a loader.
fn missing(path: &str, present: &[String]) -> String {
    let instead = match present.first() {
        None => "the image has no loader at all".to_owned(),
        Some(loader) if loader.contains("ld-musl") => "the image is musl".to_owned(),
        Some(loader) if loader.contains("ld-linux") || loader.contains("ld64") => "the image is glibc".to_owned(),
        Some(loader) => format!("the image has only `{loader}`"),
    };
    format!("it needs `{path}`, and {instead}")
}

/// The violation of something that is not even a program.
pub(crate) fn faulty(image: &InImage, fault: &Fault) -> Violation {
    Violation {
        message: message(image, &fault.why),
        evidence: fault.evidence.clone(),
        host: Some(image.image.clone()),
        help: Some(fault.help.clone()),
        ..Violation::default()
    }
}

fn message(image: &InImage, why: &str) -> String {
    format!("`{{artifact}}` is {} and cannot start: {why}", image.part.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::Part;
    use crate::rules::support::testing::Case;

    fn dynamic() -> Case {
        Case::elf().dynamic(&["libc.so.6"]).rust()
    }

    #[test]
    fn a_loader_of_the_other_libc_violates() {
        dynamic().in_image("alpine:3.20", "linux/amd64", Part::Entrypoint).documented(&RULE);
        let command = dynamic().in_image("scratch", "linux/amd64", Part::Command).violations(&RULE).remove(0);
        assert!(command.message.ends_with("and the image has no loader at all"), "{}", command.message);
    }

    #[test]
    fn what_starts_passes() {
        dynamic().in_image("debian:12", "linux/amd64", Part::Entrypoint).passes(&RULE);
        Case::elf().in_image("scratch", "linux/amd64", Part::Entrypoint).passes(&RULE);
    }

    #[test]
    fn other_files_are_not_asked() {
        dynamic().runs_on(&["alpine:3.20"]).not_applicable(&RULE);
        dynamic().in_image("alpine:3.20", "linux/amd64", Part::Other).not_applicable(&RULE);
    }
}
