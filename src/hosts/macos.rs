//! What a Mach-O file needs of macOS beyond what it says itself.

use super::Version;

/// The first macOS on Macs with Apple silicon (macOS 11 release notes).
pub const APPLE_SILICON: Version = Version::new(11, 0);
