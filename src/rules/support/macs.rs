//! The Macs that a policy names, and whether they run code for a file's processor at all.

use super::NOT_MACOS;
use crate::hosts::macos::{APPLE_SILICON, ARM64E_OF_OTHERS, is_arm64e_alone};
use crate::hosts::{System, Version};
use crate::rules::{PolicySource, Subject, Verdict, Violation};

/// A macOS that the policy names.
pub(in crate::rules) struct Limit {
    pub(in crate::rules) has: Version,
    /// The host of `runs-on`; `None` for `[macos] min`, which means every later one as well.
    pub(in crate::rules) host: Option<String>,
    policy: PolicySource,
}

impl Limit {
    /// Whether it is a system for other processors than this code is for: `[macos] min` is one for all that came later.
    fn is_older_than(&self, subject: &Subject<'_>) -> bool {
        self.host.is_some() && self.has < first_system(subject)
    }

    /// A violation that is about this macOS.
    pub(in crate::rules) fn broken(&self) -> Violation {
        Violation { host: self.host.clone(), policy: Some(self.policy.clone()), ..Violation::default() }
    }

    /// What messages call it.
    pub(in crate::rules) fn name(&self) -> String {
        self.host.as_ref().map_or_else(|| format!("macOS {}", self.has), |host| format!("`{host}`"))
    }
}

/// Every macOS that the policy names, or why one of them cannot be told.
pub(in crate::rules) fn limits(subject: &Subject<'_>) -> Result<Vec<Limit>, String> {
    let mut limits = Vec::new();
    if let Some(min) = &subject.policy.policy.macos.min {
        let key = format!("[macos] min = \"{}\"", min.value);
        let Ok(has) = min.value.parse() else { return Err(format!("`{key}` is no version")) };
        limits.push(Limit { has, host: None, policy: PolicySource { key: key.into(), origin: min.origin.clone() } });
    }
    for host in subject.hosts {
        if let System::MacOs(has) = host.system {
            limits.push(Limit { has, host: Some(host.name.clone()), policy: subject.listed(&host.name) });
        }
    }
    Ok(limits)
}

/// What the macOS hosts of the policy make of a file for another system of Apple's, or one that does not say for which.
/// `[macos] min` says nothing of where such a file has to run.
pub(in crate::rules) fn other_system(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macho() else { return Verdict::NotApplicable(NOT_MACOS) };
    let hosts: Vec<Limit> = limits(subject).unwrap_or_default().into_iter().filter(|it| it.host.is_some()).collect();
    if hosts.is_empty() {
        return Verdict::NotApplicable(NOT_MACOS);
    }
    let platform = macho.platform.as_deref().unwrap_or_default();
    let system = macho.system().unwrap_or("an unknown system");
    let (mut violations, mut open) = (Vec::new(), Vec::new());
    for limit in hosts {
        // Macs with Apple silicon run apps for iOS, and drivers are started by the system alone.
        let is_refused = match platform {
            "tvos" | "watchos" => true,
            "ios" => limit.is_older_than(subject) || subject.facts.arch != "aarch64",
            other => other.ends_with("-simulator"),
        };
        if is_refused {
            violations.push(Violation {
                message: format!("`{{artifact}}` is made for {system}, which {} does not run", limit.name()),
                evidence: vec![format!("its load commands name the platform {platform}")],
                help: Some("build it for macOS".into()),
                ..limit.broken()
            });
        } else {
            open.push(limit.name());
        }
    }
    let hosts = open.join(" or ");
    let open = (!open.is_empty()).then(|| match platform {
        "" => format!("the file does not say for which system it is, so that whether {hosts} runs it is not known"),
        _ => format!("whether {hosts} runs what is made for {system} is not known"),
    });
    Verdict::of(violations, open)
}

/// The first macOS for the processor of a file.
pub(in crate::rules) fn first_system(subject: &Subject<'_>) -> Version {
    if subject.facts.arch == "aarch64" { APPLE_SILICON } else { Version::new(0, 0) }
}

/// What Macs with one macOS make of code for a processor.
pub(in crate::rules) enum Processor {
    /// They run it.
    Runs,
    /// They take other code out of the universal file.
    TakesOther,
    /// They refuse it.
    Refuses(Violation),
    /// Nobody knows.
    Unknown(String),
}

/// Whether Macs with this macOS have a processor for the code, and run it.
pub(in crate::rules) fn processor(subject: &Subject<'_>, limit: &Limit) -> Processor {
    let has = |archs: &[&str]| subject.file.slices.iter().any(|slice| archs.contains(&&*slice.arch));
    match &*subject.facts.arch {
        "aarch64" if limit.is_older_than(subject) => match has(&["x86_64", "i386", "ppc", "ppc64"]) {
            true => Processor::TakesOther,
            false => Processor::Refuses(too_early(limit)),
        },
        "aarch64" if is_arm64e_alone(subject.facts, &subject.file.slices) => arm64e(limit),
        // PowerPC went with Rosetta in 10.7, 32-bit Intel in 10.15.
        "i386" if !has(&["x86_64"]) => not_any_more(subject, Version::new(10, 15), "32-bit code", limit),
        "ppc" | "ppc64" if !has(&["i386", "x86_64", "aarch64"]) => {
            not_any_more(subject, Version::new(10, 7), "code for PowerPC", limit)
        }
        _ => Processor::Runs,
    }
}

fn too_early(limit: &Limit) -> Violation {
    Violation {
        message: format!("`{{artifact}}` holds code for Apple silicon only, which {} does not run", limit.name()),
        evidence: vec![format!(
            "it is made for aarch64, and macOS {APPLE_SILICON} is the first on Macs with such a processor"
        )],
        help: Some(format!("build for `x86_64` too, or list `macos:{APPLE_SILICON}` for this file")),
        ..limit.broken()
    }
}

fn arm64e(limit: &Limit) -> Processor {
    if limit.has >= ARM64E_OF_OTHERS {
        return Processor::Unknown(format!(
            "whether {} runs arm64e code that is not Apple's is not known",
            limit.name()
        ));
    }
    Processor::Refuses(Violation {
        message: format!("`{{artifact}}` holds no arm64 code but arm64e, which {} runs of Apple alone", limit.name()),
        evidence: vec![format!(
            "it is made for arm64e (`CPU_SUBTYPE_ARM64E`), a preview that the kernel refuses before macOS {}",
            ARM64E_OF_OTHERS.major()
        )],
        help: Some("build for `arm64`, with or without arm64e beside it".into()),
        ..limit.broken()
    })
}

fn not_any_more(subject: &Subject<'_>, gone: Version, what: &str, limit: &Limit) -> Processor {
    if limit.has < gone {
        return Processor::Runs;
    }
    Processor::Refuses(Violation {
        message: match &limit.host {
            Some(host) => format!("`{{artifact}}` holds {what}, which `{host}` does not run"),
            None => format!("`{{artifact}}` holds {what}, but has to run on macOS {}", limit.has),
        },
        evidence: vec![format!("it is made for {}, and macOS {gone} and newer run no {what}", subject.facts.arch)],
        help: Some("build for `x86_64`, and for `arm64` too".into()),
        ..limit.broken()
    })
}
