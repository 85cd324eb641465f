//! A program that lies in an image cannot start there.

use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::policy::Level;

pub(crate) static RULE: Rule = Rule {
    id: "unstartable-program",
    summary: "a program that an image holds, but does not start by itself, cannot start there",
    default: Level::Warn,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
For each image that `seaworthy check` reads: every ELF program with an execute bit that is neither what the image starts nor
named by an `[[artifact]]` entry of the policy. It has to be made for the image's machine, and the load in the image's own
root has to succeed, as for `missing-library` and `undefined-symbol`. Several of one image are one finding.

## Why it matters
A script or a user will start it one day, and get "not found" for a file that is there. It is a warning only: images carry
programs that nobody starts, such as test data of compilers and tools for other machines.

## Example
```text
warning[unstartable-program]: `image.tar:/app` cannot start in its image: libnowhere.so.1, needed by app, is not found
  = evidence: `/app`: libnowhere.so.1, needed by app, is not found
  = policy: `unstartable-program` is `warn` (by default)
  = help: install what it lacks, or leave it out of the image, or see `seaworthy explain unstartable-program`
```

## How to fix
- Go: build with `CGO_ENABLED=0`.
- Cargo: build for a musl target, or copy the program into an image with the libraries it was linked against.
- Leave it out of the image, or install the package that has what it lacks. To have it judged like what the image starts,
  name it in an `[[artifact]]` entry by its path in the image.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(image) = subject.image.filter(|image| !image.part.is_started()) else {
        return Verdict::NotApplicable("it does not lie in an image, or is what the image starts");
    };
    let violated = |why: String| {
        Verdict::Violated(vec![Violation {
            message: format!("`{{artifact}}` cannot start in its image: {why}"),
            evidence: vec![format!("`{}`: {why}", image.path)],
            host: Some(image.image.clone()),
            help: Some("install what it lacks, or leave it out of the image".into()),
            ..Violation::default()
        }])
    };
    if let Some(arch) = subject.image_arch().filter(|arch| !super::support::target::runs(arch, &subject.facts.arch)) {
        return violated(format!("it is made for {}, the image for {arch}", subject.facts.arch));
    }
    let Some((_, load)) = subject.loads.get().find(|(host, _)| host.name == image.image) else {
        return Verdict::Inconclusive("the root of its image is not known".to_owned());
    };
    match (load.reasons.first(), load.gaps.first()) {
        (Some(reason), _) => violated(reason.to_string()),
        (None, Some(gap)) => Verdict::Inconclusive(gap.text.clone()),
        (None, None) => Verdict::Pass,
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::images::Part;
    use crate::rules::support::testing::Case;

    #[test]
    fn what_the_root_lacks_violates() {
        let program = || Case::elf().dynamic(&["libc.so.6", "libssl.so.3"]);
        program().in_image("distroless:cc", "linux/amd64", Part::Other).passes(&RULE);
        Case::elf()
            .dynamic(&["libc.so.6", "libnowhere.so.1"])
            .in_image("distroless:cc", "linux/amd64", Part::Other)
            .documented(&RULE);
        program().in_image("distroless:cc", "linux/amd64", Part::Entrypoint).not_applicable(&RULE);
        program().not_applicable(&RULE);
    }

    #[test]
    fn programs_for_other_machines_violate_but_those_for_i386_run_on_amd64() {
        let other = |arch: &str| {
            let arch = arch.to_owned();
            Case::elf().with(|case| case.facts.arch = arch.into()).in_image("scratch", "linux/amd64", Part::Other)
        };
        other("aarch64").violations(&RULE);
        other("i386").passes(&RULE);
    }
}
