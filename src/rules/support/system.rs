//! Which libraries come with the system, for any format.

use super::libraries::is_glibc;
use super::windows::{Dll, dll};
use crate::rules::non_system_dylib;

/// Whether a library that is needed anew is there wherever a file of this format runs that needed `others` before: part of
/// Windows, part of macOS, or one more of glibc's own files.
pub(crate) fn comes_with_the_system<'a>(
    format: &str,
    library: &str,
    mut others: impl Iterator<Item = &'a str>,
) -> bool {
    match format {
        "elf" => is_glibc(library) && others.any(is_glibc),
        "pe" => dll(library) == Dll::System,
        "macho" => non_system_dylib::whose(library).is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::comes_with_the_system as comes;

    #[test]
    fn a_system_library_is_there_and_a_third_partys_is_not() {
        let glibc = || ["libz.so.1", "libc.so.6"].into_iter();
        assert!(comes("elf", "libm.so.6", glibc()) && !comes("elf", "libssl.so.3", glibc()));
        assert!(!comes("elf", "libc.so.6", std::iter::empty()), "a static program needs none of them");
        assert!(comes("pe", "ws2_32.dll", std::iter::empty()) && !comes("pe", "zlib1.dll", std::iter::empty()));
        let [system, homebrew] = ["/usr/lib/libSystem.B.dylib", "/opt/homebrew/lib/libz.dylib"];
        assert!(comes("macho", system, std::iter::empty()) && !comes("macho", homebrew, std::iter::empty()));
    }
}
