//! The file needs a newer Linux kernel than it will find.

use super::support::advice::Maker;
use super::{PolicySource, Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::hosts::kernel::floor;
use crate::hosts::{System, Version};
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "newer-kernel",
    summary: "the file needs a newer Linux kernel than the policy allows",
    default: Level::Deny,
    formats: &[Format::Elf],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
The oldest kernel that the runtimes in the file work on, against `[linux] kernel` and the kernels of the hosts in `runs-on`:
what the Go release supports, what Rust's std supports on that architecture, and the kernel in the ABI note of a static
glibc. In a dynamic glibc program the host's libc decides, and nobody looks at the note.

## Why it matters
A container brings its own libc but never its own kernel. Below the floor a program dies at the start ("FATAL: kernel too
old"), or later, of a system call that is not there.

## Example
```text
error[newer-kernel]: `dist/app` needs Linux 3.2, but `linux:2.6.32` has 2.6.32
  = evidence: Linux 3.2 is the oldest for go1.27.3
  = policy: `runs-on` lists `linux:2.6.32` (seaworthy.toml:1)
  = help: build with an older Go release: 1.23 is the last for kernels before 3.2, or see `seaworthy explain newer-kernel`
```

## How to fix
- Go: build with a release that still supports that kernel; Go 1.23 is the last for kernels before 3.2.
- Cargo: Rust 1.63 is the last for kernels before 3.2; other architectures have floors of their own.
- C: link against musl, which works from kernel 2.6 on.
"#,
};

fn check(subject: &Subject<'_>) -> Verdict {
    if !subject.is_linux() {
        return Verdict::NotApplicable("it is not made for Linux");
    }
    let mut limits: Vec<(Version, Option<String>, PolicySource)> = Vec::new();
    if let Some(kernel) = &subject.policy.policy.linux.kernel {
        let Ok(version) = kernel.value.parse() else {
            return Verdict::Inconclusive(format!("`[linux] kernel = \"{}\"` is no version", kernel.value));
        };
        let key = format!("[linux] kernel = \"{}\"", kernel.value);
        limits.push((version, None, PolicySource { key: key.into(), origin: kernel.origin.clone() }));
    }
    let machines = subject.hosts.iter().filter(|host| host.system == System::Linux);
    limits
        .extend(machines.filter_map(|host| Some((host.kernel?, Some(host.name.clone()), subject.listed(&host.name)))));
    if limits.is_empty() {
        return Verdict::NotApplicable("the policy names no kernel");
    }
    let Some(floor) = floor(subject.facts) else {
        return Verdict::NotApplicable("nothing in the file asks for a kernel");
    };
    let older = limits.into_iter().filter(|(has, ..)| *has < floor.version);
    let violations: Vec<Violation> = older
        .map(|(has, host, policy)| Violation {
            message: match &host {
                Some(host) => format!("`{{artifact}}` needs Linux {}, but `{host}` has {has}", floor.version),
                None => format!("`{{artifact}}` needs Linux {}, but has to run on {has}", floor.version),
            },
            evidence: vec![format!("Linux {} is the oldest for {}", floor.version, floor.because)],
            has: host.is_some().then_some(has),
            host,
            policy: Some(policy),
            help: Some(help(subject).into()),
            ..Violation::default()
        })
        .collect();
    if violations.is_empty() { Verdict::Pass } else { Verdict::Violated(violations) }
}

fn help(subject: &Subject<'_>) -> &'static str {
    match subject.maker() {
        Maker::Go => "build with an older Go release: 1.23 is the last for kernels before 3.2",
        Maker::Rust => "build with an older Rust release: 1.63 is the last for kernels before 3.2",
        Maker::Other => "link against musl, which works from kernel 2.6 on",
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::support::testing::{Case, from_file};

    fn go() -> Case {
        Case::elf().go(&[])
    }

    #[test]
    fn a_host_with_an_older_kernel_violates() {
        go().runs_on(&["linux:2.6.32"]).documented(&RULE);
        let floor = |kernel: &str| go().with(|case| case.policy.linux.kernel = Some(from_file(kernel.to_owned())));
        floor("3.1").violations(&RULE);
        floor("3.2").passes(&RULE);
    }

    #[test]
    fn newer_kernels_pass_and_images_have_none() {
        go().runs_on(&["rhel:7", "linux:6.1"]).passes(&RULE);
        go().runs_on(&["scratch"]).not_applicable(&RULE);
        Case::elf().runs_on(&["linux:2.6.32"]).not_applicable(&RULE);
    }
}
