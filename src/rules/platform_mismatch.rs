//! What an image starts is not made for the platform that the image declares.

use super::support::advice::Maker;
use super::support::cpu::{level, needed};
use super::support::target;
use super::{Cause, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::images::InImage;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "platform-mismatch",
    summary: "what an image starts is made for another platform than the image declares",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
For each image that `seaworthy check` reads, of what it starts and what an `[[artifact]]` entry names: that the file's
machine is that of the platform in the index (or in the configuration, without an index), and that the CPU level it says it
needs is not above the variant: `GOARM` and `Tag_CPU_arch` against `arm/v6` or `v7`, `GOAMD64` and
`GNU_PROPERTY_X86_ISA_1_NEEDED` against `amd64/v2` to `v4`. Without a variant `arm` means v7, and `amd64` means v1, or what
the image's own loader needs. That the configuration declares what the index does is checked as well.

## Why it matters
Runtimes pick an image by what the index declares and look no further. An amd64 program in the image for arm64 ends with
"exec format error" on every arm64 machine, while the same tag works for whoever built it; one for a newer CPU dies of an
illegal instruction.

## Example
```text
error[platform-mismatch]: `image.tar:/app` lies in an image for `linux/arm64`, but is made for x86_64
  = evidence: the file's machine is x86_64, the platform's is aarch64
  = policy: `platform-mismatch` is `deny` (by default)
  = help: build it with `GOARCH=arm64`, or see `seaworthy explain platform-mismatch`
```

## How to fix
- Go: build with `GOARCH=$TARGETARCH` and, for arm, `GOARM=${TARGETVARIANT#v}` in the Dockerfile.
- Cargo: give `--target` by `$TARGETARCH`.
- Copy from a stage of the same platform, not from one with `FROM --platform=$BUILDPLATFORM`.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(image) = subject.image else { return Verdict::NotApplicable("it does not lie in an image") };
    if image.platform.architecture.is_empty() {
        return Verdict::Inconclusive("the image does not say for which platform it is".to_owned());
    }
    let Some(arch) = subject.image_arch() else {
        return Verdict::Inconclusive(format!("the machine of the platform `{}` is not known here", image.platform));
    };
    let mut violation = None;
    if !target::runs(arch, &subject.facts.arch) {
        violation = Some(Violation {
            message: format!(
                "`{{artifact}}` lies in an image for `{}`, but is made for {}",
                image.platform, subject.facts.arch
            ),
            evidence: vec![format!("the file's machine is {}, the platform's is {arch}", subject.facts.arch)],
            help: Some(help(subject, image)),
            ..Violation::default()
        });
    } else if let Some((needs, evidence)) = needed(subject)
        && is_above(image, &needs)
    {
        violation = Some(Violation {
            message: format!("`{{artifact}}` lies in an image for `{}`, but needs {needs}", image.platform),
            evidence: vec![evidence],
            help: Some("build for the level that the image declares, or declare its variant in the index".into()),
            ..Violation::default()
        });
    } else if !image.configured.architecture.is_empty() && !image.configured.agrees(&image.platform) {
        violation = Some(Violation {
            message: format!(
                "`{{artifact}}` lies in an image that the index declares as `{}`, and its configuration as `{}`",
                image.platform, image.configured
            ),
            evidence: vec![format!("the configuration says `{}`", image.configured)],
            help: Some("build the index from images of the platforms it declares".into()),
            ..Violation::default()
        });
    }
    match violation {
        Some(violation) => {
            let host = Some(image.image.clone());
            let causes = vec![Cause::Setting("GOARCH".into())];
            Verdict::Violated(vec![Violation { host, causes, ..violation }])
        }
        None => Verdict::Pass,
    }
}

/// Whether a level is above the variant that is declared, or that its absence means.
fn is_above(image: &InImage, needs: &str) -> bool {
    let declared = image.platform.meant_variant().unwrap_or_default();
    let offered = match image.platform.architecture.as_str() {
        "amd64" => format!("x86-64-{declared}"),
        // `v8` is the first of arm64 as well as what 32-bit programs call it.
        "arm" | "arm64" => format!("arm{declared}"),
        _ => return false,
    };
    // A distribution that is built for newer machines says so in its loader, not in the index.
    let own = image.platform.variant.is_none().then_some(image.loader_cpu).flatten();
    let best = [Some(offered.as_str()), own].into_iter().flatten().filter_map(level).max();
    matches!((level(needs), best), (Some(needs), Some(best)) if needs.0 == best.0 && needs.1 > best.1)
}

fn help(subject: &Subject<'_>, image: &InImage) -> String {
    let architecture = &image.platform.architecture;
    match subject.maker() {
        Maker::Go => format!("build it with `GOARCH={architecture}`"),
        Maker::Rust => "build it with `--target` for that platform".into(),
        Maker::Other => format!("compile for {architecture}, or copy it from a stage of that platform"),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::images::Part;
    use crate::rules::support::testing::Case;

    fn case(platform: &str) -> Case {
        Case::elf().in_image("scratch", platform, Part::Entrypoint)
    }

    #[test]
    fn another_machine_violates() {
        case("linux/arm64").go(&[]).documented(&RULE);
        case("linux/amd64").passes(&RULE);
        case("linux/amd64").with(|case| case.facts.arch = "i386".into()).passes(&RULE);
        case("linux/386").violations(&RULE);
    }

    #[test]
    fn levels_above_the_variant_violate() {
        let arm = |platform: &str, level: &'static str| {
            case(platform).with(|case| case.facts.arch = "arm".into()).go(&[("GOARM", level)])
        };
        arm("linux/arm/v6", "7").violations(&RULE);
        arm("linux/arm/v6", "6").passes(&RULE);
        arm("linux/arm", "7").passes(&RULE);
        case("linux/amd64").go(&[("GOAMD64", "v3")]).violations(&RULE);
        case("linux/amd64/v2").go(&[("GOAMD64", "v3")]).violations(&RULE);
        case("linux/amd64/v3").go(&[("GOAMD64", "v3")]).passes(&RULE);
        let debian = case("linux/arm/v6").with(|case| case.facts.arch = "arm".into());
        debian.edit(|elf| elf.attributes = vec![("Tag_CPU_arch".into(), "v7".into())]).violations(&RULE);
    }

    #[test]
    fn a_distribution_for_newer_machines_says_so_in_its_loader() {
        let noted = |platform: &str, loader: &'static str| {
            let case = case(platform).edit(|elf| elf.x86_isa_needed = Some("x86-64-v3"));
            case.with(|case| case.image.as_mut().expect("an image").loader_cpu = Some(loader))
        };
        noted("linux/amd64", "x86-64-v3").passes(&RULE);
        noted("linux/amd64", "x86-64-v2").violations(&RULE);
        noted("linux/amd64/v2", "x86-64-v3").violations(&RULE);
    }

    #[test]
    fn without_a_platform_nothing_is_known() {
        Case::elf().not_applicable(&RULE);
        case("linux/").inconclusive(&RULE);
        case("linux/vax").inconclusive(&RULE);
    }
}
