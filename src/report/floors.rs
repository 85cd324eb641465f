//! Floors: the oldest versions that still run an artifact, as far as the file itself says.

use serde::{Deserialize, Serialize};

use crate::facts::{Details, Facts, Os, dotted};
use crate::hosts::Version;
use crate::hosts::kernel::{self, GoFloors};
use crate::hosts::{macos, windows};

/// The oldest version of each thing that still runs the artifact; `None` where the file does not say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Floors {
    /// glibc, from the version needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glibc: Option<String>,
    /// Linux, from what the runtimes in the file support, or the ABI note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux: Option<String>,
    /// macOS, from `LC_BUILD_VERSION` or `LC_VERSION_MIN_MACOSX`, the processor, the load commands that dyld has to know, and
    /// what the Go release in the file supports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub macos: Option<String>,
    /// Windows, from the subsystem version, the imported functions, and what the Go release in the file supports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<String>,
    /// CPU level, from `GNU_PROPERTY_X86_ISA_1_NEEDED` or Go's `GOAMD64` and its like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
}

impl Floors {
    /// The floors that one slice states.
    pub fn of(facts: &Facts) -> Floors {
        let mut floors = Floors { cpu: go_cpu(facts), ..Floors::default() };
        match &facts.details {
            Details::Elf(elf) => {
                floors.glibc = elf.glibc_floor.as_ref().map(|version| dotted(version));
                let floor = kernel::floor(facts).map(|floor| floor.version.to_string());
                floors.linux = floor.or_else(|| elf.abi_tag_kernel.clone());
                if let Some(level) = elf.x86_isa_needed {
                    floors.cpu = Some(level.to_owned());
                }
            }
            Details::Pe(pe) if facts.os == Os::Windows => {
                let stated = Some(pe.subsystem_version.clone()).filter(|version| !version.is_empty());
                let runtime = go_floors(facts).map(|go| go.windows);
                floors.windows = higher(stated, runtime.max(windows::floor(pe)));
            }
            Details::MachO(macho) if facts.os == Os::MacOs => {
                let runtime = go_floors(facts).map(|go| go.macos);
                // As it is written, but for versions of iOS.
                let written = macho.platform.as_deref() != Some("mac-catalyst");
                let stated = macho.min_os.clone().filter(|_| written);
                let stated = stated.or_else(|| macos::min(macho).map(|version| version.to_string()));
                floors.macos = higher(stated, runtime.max(macos::floor(facts)));
            }
            Details::Pe(_) | Details::MachO(_) => {}
        }
        floors
    }

    /// Name and version of each floor that is known, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("glibc", &self.glibc),
            ("linux", &self.linux),
            ("macos", &self.macos),
            ("windows", &self.windows),
            ("cpu", &self.cpu),
        ]
        .into_iter()
        .filter_map(|(name, version)| version.as_deref().map(|version| (name, version)))
    }
}

/// What the Go release in the file supports; Go writes an older Windows into its images than it runs on.
fn go_floors(facts: &Facts) -> Option<GoFloors> {
    kernel::go(facts.go.as_ref()?.version.as_deref()?)
}

/// The higher of what the file states and what its runtime needs.
fn higher(stated: Option<String>, runtime: Option<Version>) -> Option<String> {
    let Some(runtime) = runtime else { return stated };
    let known: Option<Version> = stated.as_deref().and_then(|version| version.parse().ok());
    if known.is_some_and(|known| known >= runtime) { stated } else { Some(runtime.to_string()) }
}

/// `GOAMD64=v2` as the level it stands for; the settings of other architectures as Go writes them.
fn go_cpu(facts: &Facts) -> Option<String> {
    let go = facts.go.as_ref()?;
    if let Some(level) = go.setting("GOAMD64") {
        return Some(if level == "v1" { "x86-64-baseline".into() } else { format!("x86-64-{level}") });
    }
    let key =
        ["GOARM64", "GOARM", "GO386", "GOPPC64", "GORISCV64"].into_iter().find(|key| go.setting(key).is_some())?;
    Some(format!("{key}={}", go.setting(key)?))
}
