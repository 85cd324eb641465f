//! Go's build information (`debug/buildinfo`): where it lies, and what it says.

mod find;
mod modinfo;
mod pclntab;

use serde::Serialize;

use super::{Format, Os};

pub(in crate::facts) use find::{Places, find};
pub(in crate::facts) use pclntab::{Releases, at as pclntab_at, find as find_pclntab};

/// What shows that Go made a file, and how it was built.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct GoBuild {
    /// `go1.27.3`; `None` when only other traces of Go were found.
    pub version: Option<String>,
    /// Import path of the main package.
    pub path: Option<String>,
    /// The main module.
    pub module: Option<GoModule>,
    /// The modules linked in, replaced ones by their replacement.
    pub deps: Vec<GoModule>,
    /// Build settings in file order: `CGO_ENABLED`, `-tags`, `GOAMD64` …
    pub settings: Vec<(String, String)>,
    /// What shows that this is Go where there is no build information (`.gopclntab`, the runtime's entry code).
    pub traces: Vec<String>,
    /// The oldest release that may have made it, by the format of its table of functions, where the release is not recorded:
    /// `1.20`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest: Option<&'static str>,
}

/// A Go module version.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct GoModule {
    /// Module path.
    pub path: String,
    /// Module version.
    pub version: String,
    /// Checksum as in `go.sum` (`h1:…`); empty where there is none.
    pub sum: String,
    /// Path of the module that it stands in for, by a `replace` of `go.mod`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

impl GoBuild {
    /// What is known without build information: `None` when nothing shows Go.
    pub(super) fn of_traces(mut traces: Vec<String>, table: Option<&Releases>) -> Option<GoBuild> {
        traces.extend(table.map(|releases| format!("table of functions of {}", releases.shown)));
        let oldest = table.map(|releases| releases.oldest);
        (!traces.is_empty()).then(|| GoBuild { traces, oldest, ..GoBuild::default() })
    }

    /// The value of a build setting.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The system that `GOOS` names, of those with ELF files.
    pub(super) fn os(&self) -> Option<Os> {
        Os::named(self.setting("GOOS")?).filter(|os| os.format() == Some(Format::Elf))
    }
}
