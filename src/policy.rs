//! Policy: what the project demands of its binaries; `seaworthy.toml`, or a built-in default without one.
//!
//! The way of a policy file: text → `document` (spanned, raw, compared with `keys`, every error at once) → `validate`
//! (resolved values, each with its [`Origin`]) → [`Policy`]. For one artifact, [`levels`] and [`exceptions`] then say what
//! holds.

mod asked;
mod document;
pub mod exceptions;
mod keys;
pub mod levels;
mod load;
mod parse;
mod pattern;
mod presets;
mod problem;
mod reader;
mod reference;
mod shape;
mod show;
mod starter;
mod syntax;
mod validate;
mod wording;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::facts::hex;

use crate::diff::Build;

pub use load::{load, load_for};
pub use parse::parse_str;
pub(crate) use pattern::is_glob;
pub use pattern::{FileNames, Pattern};
pub use problem::PolicyErrors;
pub use reference::reference;
pub use show::{Shown, ShownLine};
pub use starter::{Chosen, starter};

/// Name of the policy file, looked for in the working directory and its parents.
pub const FILE_NAME: &str = "seaworthy.toml";

/// A resolved policy; every value knows who set it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Policy {
    /// The file it came from; `None` for the built-in default.
    pub file: Option<PathBuf>,
    /// The bytes of that file, for [`Policy::digest`].
    #[serde(skip)]
    pub bytes: Vec<u8>,
    /// `linkage`: what programs for Linux must be.
    pub linkage: Setting<LinkagePolicy>,
    /// `runs-on`: names of hosts.
    pub runs_on: Vec<Setting<String>>,
    /// `on-violation`: what becomes of a rejected file.
    pub on_violation: Setting<OnViolation>,
    /// `inconclusive`: whether a binary that cannot be judged fails the build (`deny`, the default) or not (`allow`).
    pub inconclusive: Setting<Level>,
    /// `forbidden-strings`: what no artifact may contain.
    pub forbidden_strings: Option<Setting<Vec<String>>>,
    /// `[baseline] report`: the JSON report of the last release.
    pub baseline: Option<Setting<PathBuf>>,
    /// What that report says; `None` until [`load()`] has read it.
    #[serde(skip)]
    pub last_release: Option<Build>,
    /// `[go]`.
    pub go: GoPolicy,
    /// `[cargo]`.
    pub cargo: CargoPolicy,
    /// `[linux]`.
    pub linux: LinuxPolicy,
    /// `[macos]`.
    pub macos: MacOsPolicy,
    /// `[windows]`.
    pub windows: WindowsPolicy,
    /// `[hosts.NAME]`.
    pub hosts: BTreeMap<String, Setting<OwnHost>>,
    /// `[rules]`.
    pub rules: BTreeMap<String, Setting<Level>>,
    /// `[[artifact]]`, in file order; later entries win.
    pub artifacts: Vec<ArtifactPolicy>,
    /// `[[exception]]`, in file order.
    pub exceptions: Vec<exceptions::Exception>,
}

impl Policy {
    /// SHA-256, in hex, of the policy file's bytes; without a file, of [`Policy::to_toml`].
    pub fn digest(&self) -> String {
        let default = || self.to_toml().into_bytes();
        let bytes = self.file.as_ref().map_or_else(default, |_| self.bytes.clone());
        hex(&Sha256::digest(bytes))
    }
}

/// A value together with who decided it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Who set it.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// A built-in value.
    pub const fn default(value: T) -> Self {
        Setting { value, origin: Origin::Default }
    }
}

/// Who decided a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Built in; reports say "by default".
    Default,
    /// A preset named by `extends`.
    Preset(String),
    /// The command line of the wrapped tool, where it promises something by itself.
    CommandLine,
    /// A line of the policy file.
    File {
        /// As the user would open it: relative to the working directory where that is shorter.
        path: PathBuf,
        /// Line, from 1.
        line: u32,
    },
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::Default => f.write_str("by default"),
            Origin::Preset(name) => write!(f, "preset `{name}`"),
            Origin::CommandLine => f.write_str("on the command line"),
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
        }
    }
}

/// `linkage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkagePolicy {
    /// Programs for Linux are statically linked.
    Static,
    /// Any linkage.
    Any,
}

/// `on-violation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnViolation {
    /// Leave the file where it is.
    Keep,
    /// Append `.rejected` to its name.
    Rename,
    /// Delete it.
    Remove,
}

/// Level of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not reported.
    Allow,
    /// Reported, does not fail the build.
    Warn,
    /// Fails the build.
    Deny,
}

/// `[go]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoPolicy {
    /// `cgo`.
    pub cgo: Setting<CgoPolicy>,
    /// `tags`, added to the user's.
    pub tags: Setting<Vec<String>>,
    /// `trimpath`.
    pub trimpath: Setting<bool>,
    /// `ldflags`, added to the user's.
    pub ldflags: Setting<Vec<String>>,
    /// `cc`: C compiler for `cgo = "static"`.
    pub cc: Option<Setting<String>>,
}

/// `cgo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CgoPolicy {
    /// `CGO_ENABLED=0`.
    Off,
    /// cgo with external static linking.
    Static,
    /// Left as it is.
    Allow,
}

/// `[cargo]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CargoPolicy {
    /// `target`: given to cargo when the user names none. `None`: the host's architecture with musl on Linux, cargo's own
    /// default elsewhere.
    pub target: Option<Setting<String>>,
    /// `crt-static`: `+crt-static` for targets that do not have it by default.
    pub crt_static: Setting<bool>,
}

/// `[linux]`: floors beside `runs-on`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LinuxPolicy {
    /// `glibc`: newest glibc version a binary may need, as `2.17`.
    pub glibc: Option<Setting<String>>,
    /// `kernel`: oldest kernel it must run on.
    pub kernel: Option<Setting<String>>,
    /// `cpu`: highest CPU level it may need.
    pub cpu: Option<Setting<String>>,
    /// `page-size`: largest page its segments must be aligned to, as `16K`.
    pub page_size: Option<Setting<String>>,
}

/// `[macos]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MacOsPolicy {
    /// `min`: oldest macOS it must run on.
    pub min: Option<Setting<String>>,
    /// `entitlements`: keys that must be there and true.
    pub entitlements: Option<Setting<Vec<String>>>,
    /// `forbidden-entitlements`: keys or globs over them.
    pub forbidden_entitlements: Option<Setting<Vec<String>>>,
    /// `entitlements-file`: exactly these.
    pub entitlements_file: Option<Setting<PathBuf>>,
    /// What that file says; `None` until [`load()`] has read it.
    #[serde(skip)]
    pub exact_entitlements: Option<BTreeMap<String, serde_json::Value>>,
    /// `hardened-runtime`.
    pub hardened_runtime: Option<Setting<bool>>,
    /// `team`.
    pub team: Option<Setting<String>>,
    /// `notarizable`.
    pub notarizable: Option<Setting<bool>>,
    /// `signed`: whether programs must carry a signature at all. Without it, what the platform demands: arm64 must.
    pub signed: Option<Setting<bool>>,
    /// `universal`: whether files must hold both arm64 and x86_64.
    pub universal: Option<Setting<bool>>,
}

/// `[windows]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WindowsPolicy {
    /// `min`: oldest Windows it must run on, as `10.0.17763`.
    pub min: Option<Setting<String>>,
    /// `signed`: whether images must carry an Authenticode signature.
    pub signed: Option<Setting<bool>>,
    /// `signer`: part of the name of the certificate that must have signed.
    pub signer: Option<Setting<String>>,
    /// `subsystem`: `console` or `windows`.
    pub subsystem: Option<Setting<String>>,
}

/// `[hosts.NAME]`: a host of the project's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OwnHost {
    /// `rootfs`: an unpacked root file system.
    pub rootfs: Option<PathBuf>,
    /// `glibc`: version of glibc.
    pub glibc: Option<String>,
    /// `musl`: version of musl.
    pub musl: Option<String>,
    /// `libraries`: further libraries it provides.
    pub libraries: Vec<String>,
}

/// `[[artifact]]`: what holds for files that match.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArtifactPolicy {
    /// `path`: a glob over the artifact's path.
    pub path: Option<Setting<Pattern>>,
    /// `target`: a glob over the target triple (cargo) or `GOOS/GOARCH` (go).
    pub target: Option<Setting<Pattern>>,
    /// `linkage`.
    pub linkage: Option<Setting<LinkagePolicy>>,
    /// `runs-on`.
    pub runs_on: Option<Vec<Setting<String>>>,
    /// `inconclusive`.
    pub inconclusive: Option<Setting<Level>>,
    /// `provided`: globs of symbols that the loading program provides.
    pub provided: Option<Setting<Vec<String>>>,
    /// `rules`.
    pub rules: BTreeMap<String, Setting<Level>>,
}

#[cfg(test)]
mod tests;
