//! Platforms as images name them: `linux/amd64`, `linux/arm/v6` (OCI image specification, "Image Index").

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an index or a configuration declares.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Platform {
    /// `linux`, `windows`: a `GOOS`.
    pub os: String,
    /// `amd64`, `arm64`, `arm`: a `GOARCH`.
    pub architecture: String,
    /// `v6`, `v7`, `v8`, or the level of amd64: `v2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Platform {
    /// Whether it is Linux, which an empty configuration means.
    pub fn is_linux(&self) -> bool {
        matches!(self.os.as_str(), "linux" | "")
    }

    /// The variant, with what its absence means to runtimes: v7 for arm, v8 for arm64, v1 for amd64.
    pub fn meant_variant(&self) -> Option<&str> {
        let usual = match self.architecture.as_str() {
            "arm" => Some("v7"),
            "arm64" => Some("v8"),
            "amd64" => Some("v1"),
            _ => None,
        };
        self.variant.as_deref().filter(|variant| !variant.is_empty()).or(usual)
    }

    /// Whether two declarations mean the same.
    pub fn agrees(&self, other: &Platform) -> bool {
        self.os == other.os && self.architecture == other.architecture && self.meant_variant() == other.meant_variant()
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match self.variant.as_deref() {
            Some(variant) if !variant.is_empty() => write!(f, "/{variant}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_that_are_not_written_are_the_usual_ones() {
        let of = |architecture: &str, variant: Option<&str>| Platform {
            os: "linux".into(),
            architecture: architecture.into(),
            variant: variant.map(str::to_owned),
        };
        assert!(of("arm", None).agrees(&of("arm", Some("v7"))));
        assert!(of("arm64", Some("")).agrees(&of("arm64", Some("v8"))));
        assert!(!of("arm", Some("v6")).agrees(&of("arm", None)));
        assert_eq!(of("arm", Some("v6")).to_string(), "linux/arm/v6");
        assert_eq!(of("amd64", None).to_string(), "linux/amd64");
        assert_eq!(of("riscv64", None).meant_variant(), None);
    }
}
