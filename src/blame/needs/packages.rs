//! Which package brings a program, by system.

use std::path::Path;

/// Package managers whose package names are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Debian, Ubuntu and their kin.
    Debian,
    /// Alpine.
    Alpine,
    /// Fedora, RHEL and their kin.
    Fedora,
    /// Arch.
    Arch,
    /// macOS with Homebrew.
    Homebrew,
    /// Any other.
    Other,
}

/// Program; then its package on Debian, Alpine, Fedora, Arch and in Homebrew; empty where there is none.
const PACKAGES: &[(&str, [&str; 5])] = &[
    ("cc", ["gcc libc6-dev", "build-base", "gcc", "gcc", ""]),
    ("gcc", ["gcc libc6-dev", "build-base", "gcc", "gcc", "gcc"]),
    ("go", ["golang-go", "go", "golang", "go", "go"]),
    ("cargo", ["cargo", "cargo", "cargo", "rust", "rustup"]),
    ("musl-gcc", ["musl-tools", "musl-dev gcc", "musl-gcc", "musl", "filosottile/musl-cross/musl-cross"]),
    ("x86_64-w64-mingw32-gcc", ["gcc-mingw-w64-x86-64", "mingw-w64-gcc", "mingw64-gcc", "mingw-w64-gcc", "mingw-w64"]),
    ("i686-w64-mingw32-gcc", ["gcc-mingw-w64-i686", "i686-mingw-w64-gcc", "mingw32-gcc", "mingw-w64-gcc", "mingw-w64"]),
];

impl System {
    /// From `/etc/os-release` (`ID` and `ID_LIKE`, os-release(5)), or the operating system itself.
    pub fn of_this_machine() -> System {
        if cfg!(target_os = "macos") {
            return System::Homebrew;
        }
        std::fs::read_to_string(Path::new("/etc/os-release")).map_or(System::Other, |text| System::of_os_release(&text))
    }

    fn of_os_release(text: &str) -> System {
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("").trim_matches('"');
        let words = format!("{} {}", value("ID="), value("ID_LIKE="));
        for word in words.split_whitespace() {
            match word {
                "debian" | "ubuntu" => return System::Debian,
                "alpine" => return System::Alpine,
                "fedora" | "rhel" | "centos" => return System::Fedora,
                "arch" => return System::Arch,
                _ => {}
            }
        }
        System::Other
    }

    /// The command that installs `program`, or advice where its package is not known.
    pub(super) fn install(self, program: &str) -> String {
        let (index, command) = match self {
            System::Debian => (0, "apt-get install"),
            System::Alpine => (1, "apk add"),
            System::Fedora => (2, "dnf install"),
            System::Arch => (3, "pacman -S"),
            System::Homebrew => (4, "brew install"),
            System::Other => return format!("install `{program}`, and put it on PATH"),
        };
        let known = PACKAGES.iter().find(|(name, _)| *name == program).map(|(_, packages)| packages[index]);
        match known.filter(|package| !package.is_empty()) {
            Some(package) => format!("{command} {package}"),
            None => format!("install `{program}`, and put it on PATH"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::System;

    #[test]
    fn systems_and_their_kin() {
        assert_eq!(System::of_os_release("ID=debian\n"), System::Debian);
        assert_eq!(System::of_os_release("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), System::Debian);
        assert_eq!(System::of_os_release("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"), System::Fedora);
        assert_eq!(System::of_os_release("ID=alpine\n"), System::Alpine);
        assert_eq!(System::of_os_release(""), System::Other);
    }

    #[test]
    fn a_program_without_a_package_still_gets_advice() {
        assert_eq!(System::Debian.install("go"), "apt-get install golang-go");
        assert_eq!(System::Homebrew.install("cc"), "install `cc`, and put it on PATH");
    }
}
