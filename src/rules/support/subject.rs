//! Questions that rules ask about their subject again and again.

use super::target::Target;
use crate::facts::elf::ElfFacts;
use crate::facts::macho::MachOFacts;
use crate::facts::pe::PeFacts;
use crate::facts::{Details, Format, Kind, Os};
use crate::policy::LinkagePolicy;
use crate::rules::{PolicySource, Subject, Verdict};
use crate::run::Role;

/// Why a rule about programs has nothing to say about libraries.
pub(in crate::rules) const NOT_PROGRAM: &str = "it is loaded by a program, not started as one";
/// Why a rule about Linux has nothing to say about another system.
pub(in crate::rules) const NOT_LINUX: &str = "it is not made for Linux";

/// Why a rule about signatures has nothing to say about ELF files.
pub(in crate::rules) const NO_SIGNATURES: &str = "its format has no signatures";
/// Why a rule about macOS has nothing to say about another system.
pub(in crate::rules) const NOT_MACOS: &str = "it is not made for macOS";
/// Why a rule about Windows has nothing to say about firmware.
pub(in crate::rules) const NOT_WINDOWS: &str = "it is not made for Windows";

impl<'a> Subject<'a> {
    /// What only ELF files have.
    pub(in crate::rules) fn elf(&self) -> Option<&'a ElfFacts> {
        if let Details::Elf(elf) = &self.facts.details { Some(elf) } else { None }
    }

    /// What only PE images have.
    pub(in crate::rules) fn pe(&self) -> Option<&'a PeFacts> {
        if let Details::Pe(pe) = &self.facts.details { Some(pe) } else { None }
    }

    /// What only Mach-O files have.
    pub(in crate::rules) fn macho(&self) -> Option<&'a MachOFacts> {
        if let Details::MachO(macho) = &self.facts.details { Some(macho) } else { None }
    }

    /// What only Mach-O files have, when it is made for macOS.
    pub(in crate::rules) fn macos(&self) -> Option<&'a MachOFacts> {
        self.macho().filter(|_| self.facts.os == Os::MacOs)
    }

    /// What only PE images have, when it is made for Windows.
    pub(in crate::rules) fn windows(&self) -> Option<&'a PeFacts> {
        self.pe().filter(|_| self.facts.os == Os::Windows)
    }

    /// Whether it is a program: what the build meant to make decides, then what the file is.
    pub(in crate::rules) fn is_program(&self) -> bool {
        match self.artifact.role {
            Role::Program => self.facts.kind != Kind::Other,
            Role::SharedObject => false,
            Role::Unknown => self.facts.kind.is_program(),
        }
    }

    /// Whether it is an ELF file for Linux. Most static files do not say: `EI_OSABI` is System V for nearly all.
    pub(in crate::rules) fn is_linux(&self) -> bool {
        self.facts.format == Format::Elf && matches!(self.facts.os, Os::Linux | Os::Unknown)
    }

    /// Whether Go built it with `-race`, `-msan` or `-asan`.
    pub(in crate::rules) fn is_sanitized(&self) -> bool {
        let go = self.facts.go.as_ref();
        go.is_some_and(|go| ["-race", "-msan", "-asan"].iter().any(|key| go.setting(key) == Some("true")))
    }

    /// The line of the policy that demands static linking of this program, or why none does.
    pub(in crate::rules) fn static_demand(&self) -> Result<PolicySource, Verdict> {
        if !self.is_linux() {
            return Err(Verdict::NotApplicable(NOT_LINUX));
        }
        if !self.is_program() {
            return Err(Verdict::NotApplicable(NOT_PROGRAM));
        }
        // Whoever builds one is told nothing about it; whoever ships it is.
        if self.is_sanitized() && self.provenance.tool.is_some() {
            return Err(Verdict::NotApplicable("a Go program with a sanitizer needs cgo, and is no release"));
        }
        match self.policy.linkage.value {
            LinkagePolicy::Any => Err(Verdict::NotApplicable("the policy allows any linkage")),
            LinkagePolicy::Static => {
                Ok(PolicySource { key: "linkage = \"static\"".into(), origin: self.policy.linkage.origin.clone() })
            }
        }
    }

    /// The architecture that the image around it declares, where that is understood.
    pub(in crate::rules) fn image_arch(&self) -> Option<&'static str> {
        self.image.and_then(|image| super::target::goarch_of(&image.platform.architecture))
    }

    /// What the target's name promises, where a target is known and understood.
    pub(in crate::rules) fn target(&self) -> Option<Target> {
        self.artifact.target.as_deref().and_then(Target::parse)
    }
}
