//! Version numbers as the world writes them: `2.34`, `2.2.5`, `10.0.17763`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Up to four numbers; `2.17` and `2.17.0` are equal.
#[derive(Debug, Clone, Copy, Default)]
pub struct Version {
    parts: [u32; 4],
    written: u8,
}

impl Version {
    /// The version `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Version { parts: [major, minor, 0, 0], written: 2 }
    }

    /// The version `major.minor.patch`.
    pub const fn patch(major: u32, minor: u32, patch: u32) -> Self {
        Version { parts: [major, minor, patch, 0], written: 3 }
    }

    /// The first number.
    pub const fn major(self) -> u32 {
        self.parts[0]
    }

    /// The second number.
    pub const fn minor(self) -> u32 {
        self.parts[1]
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut version = Version::default();
        for number in text.split('.') {
            let slot = version.parts.get_mut(usize::from(version.written)).ok_or(())?;
            if !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(());
            }
            *slot = number.parse().map_err(|_| ())?;
            version.written += 1;
        }
        Ok(version)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts.cmp(&other.parts)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.parts.iter().take(usize::from(self.written.max(1))).enumerate() {
            write!(f, "{}{part}", if at == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_not_text() {
        let version = |text: &str| text.parse::<Version>();
        assert!(version("2.4") < version("2.17"));
        assert_eq!(version("2.17"), version("2.17.0"));
        assert_eq!(version("10.0.17763").map(|version| version.to_string()), Ok("10.0.17763".into()));
        for bad in ["", "2.", "2.x", "+2.1", "1.2.3.4.5", "99999999999"] {
            assert_eq!(version(bad), Err(()), "{bad}");
        }
    }
}
