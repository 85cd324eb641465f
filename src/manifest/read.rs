//! From bytes to a platform signature. The bytes are hostile: what is not exactly as described is refused with its reason.

use thiserror::Error;

use super::{Artifact, FORMAT_VERSION, Manifest};

/// Why bytes are no platform signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Malformed {
    /// Not JSON, or not of this shape.
    #[error("it is not a platform signature: {0}")]
    Shape(String),
    /// Of another version.
    #[error("its format_version is {0}, and this program reads {FORMAT_VERSION}; use the release that wrote it")]
    Version(u64),
    /// Well formed, and contradicts itself or leads astray.
    #[error("it cannot be used: {0}")]
    Content(String),
}

/// Reads a bare platform signature.
///
/// # Errors
/// [`Malformed`].
pub fn parse(bytes: &[u8]) -> Result<Manifest, Malformed> {
    version(bytes)?;
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(|error| Malformed::Shape(error.to_string()))?;
    if manifest.artifacts.is_empty() {
        return Err(Malformed::Content("it names no artifact".into()));
    }
    is_digest(&manifest.policy.sha256, "the policy")?;
    manifest.artifacts.iter().try_for_each(artifact)?;
    Ok(manifest)
}

/// The version comes first: a newer format may look different everywhere else.
fn version(bytes: &[u8]) -> Result<(), Malformed> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        format_version: Option<u64>,
    }
    let found: Versioned = serde_json::from_slice(bytes).map_err(|error| Malformed::Shape(error.to_string()))?;
    match found.format_version {
        Some(version) if version == u64::from(FORMAT_VERSION) => Ok(()),
        Some(version) => Err(Malformed::Version(version)),
        None => Err(Malformed::Shape("it has no format_version".into())),
    }
}

fn artifact(artifact: &Artifact) -> Result<(), Malformed> {
    if !is_inside(&artifact.path) {
        return Err(Malformed::Content(format!("the path `{}` leads out of its directory", artifact.path)));
    }
    is_digest(&artifact.sha256, &format!("`{}`", artifact.path))
}

fn is_digest(text: &str, of: &str) -> Result<(), Malformed> {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() == 64 && text.bytes().all(is_hex) {
        return Ok(());
    }
    Err(Malformed::Content(format!("the SHA-256 of {of} is not 64 digits of lower-case hex")))
}

/// Whether a path can only mean a file below the directory it is looked up in, on every system: no root, no drive, no `..`.
pub(super) fn is_inside(path: &str) -> bool {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..");
    path.split('/').all(is_plain) && !path.contains(['\\', '\0', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_never_lead_out() {
        for fine in ["app", "target/release/app", "a b/ü.exe", "..app"] {
            assert!(is_inside(fine), "{fine}");
        }
        for astray in ["", "/app", "../app", "a/../../app", "a//b", "./app", "c:app", "a\\..\\b", "a\0b", "a/"] {
            assert!(!is_inside(astray), "{astray}");
        }
    }

    #[test]
    fn what_is_no_signature_is_refused_with_a_reason() {
        for (bytes, why) in [
            (&b""[..], "EOF"),
            (b"[1]", "invalid"),
            (b"{}", "no format_version"),
            (br#"{"format_version": 2}"#, "format_version is 2"),
            (br#"{"format_version": "1"}"#, "invalid type"),
            (br#"{"format_version": 1}"#, "missing field"),
        ] {
            let error = parse(bytes).expect_err("it is no signature").to_string();
            assert!(error.contains(why), "{error}");
        }
        let deep = "[".repeat(100_000);
        assert!(parse(deep.as_bytes()).is_err());
    }
}
