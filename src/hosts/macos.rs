//! What a Mach-O file needs of macOS beyond what it says itself: a kernel that runs its processor's code.

use super::Version;
use crate::facts::macho::code_signature::SignatureKind;
use crate::facts::{Details, Facts, Kind};

/// The first macOS on Macs with Apple silicon (macOS 11 release notes).
pub const APPLE_SILICON: Version = Version::new(11, 0);

/// Before this macOS the kernel kills arm64e programs of others than Apple at once ("not running binary … built against
/// preview arm64e ABI": xorpse/yabai#4 of 2021, tarantool/tarantool#8824 on 13, dotnet/runtime#109457 of late 2024). This one
/// has "Enhanced Security", for which Xcode 26 builds such code; what it asks of a program for that is not known.
pub const ARM64E_OF_OTHERS: Version = Version::new(26, 0);

/// `CPU_SUBTYPE_ARM64E`, whatever its capability bits.
const ARM64E: u32 = 2;

/// Whether a slice is a program in arm64e code, of others than Apple, without plain arm64 code beside it in the file. The
/// kernel takes arm64e code before any x86_64 code, and does not look further.
pub fn is_arm64e_alone(slice: &Facts, file: &[Facts]) -> bool {
    slice.kind == Kind::Execute
        && is_arm64e(slice)
        && !is_apples_own(slice)
        && !file.iter().any(|other| other.arch == "aarch64" && !is_arm64e(other))
}

fn is_arm64e(slice: &Facts) -> bool {
    slice.arch == "aarch64" && matches!(&slice.details, Details::MachO(macho) if macho.cpu_subtype == ARM64E)
}

/// Signed with a certificate as a part of the system.
fn is_apples_own(slice: &Facts) -> bool {
    let Details::MachO(macho) = &slice.details else { return false };
    let directories = macho.code_signature.iter().flat_map(|signature| &signature.code_directories);
    macho.signature_kind == SignatureKind::Cms && directories.into_iter().any(|directory| directory.platform != 0)
}
