//! What a Mach-O file needs of macOS beyond what it says itself: a kernel that runs its processor's code, a dyld that knows
//! its load commands, and libraries that export what it imports.
//!
//! dyld refuses a file with a load command that it does not know and that has `LC_REQ_DYLD` set (`mach-o/loader.h`; "unknown
//! required load command" in dyld's `ImageLoaderMachO.cpp`, later "load command … is unknown").

use super::Version;
use super::table::Table;
use crate::facts::macho::MachOFacts;
use crate::facts::macho::code_signature::SignatureKind;
use crate::facts::{Details, Facts, Kind};

static SINCE: Table = Table::new(include_str!("../../data/macos-symbols.tsv"));

/// The first macOS on Macs with Apple silicon (macOS 11 release notes).
pub const APPLE_SILICON: Version = Version::new(11, 0);

/// Before this macOS the kernel kills arm64e programs of others than Apple at once ("not running binary … built against
/// preview arm64e ABI": xorpse/yabai#4 of 2021, tarantool/tarantool#8824 on 13, dotnet/runtime#109457 of late 2024). This one
/// has "Enhanced Security", for which Xcode 26 builds such code; what it asks of a program for that is not known.
pub const ARM64E_OF_OTHERS: Version = Version::new(26, 0);

/// `CPU_SUBTYPE_ARM64E`, whatever its capability bits.
const ARM64E: u32 = 2;

/// `LC_REQ_DYLD`.
const REQUIRED: u32 = 0x8000_0000;

/// A load command with `LC_REQ_DYLD` set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// Its name in `mach-o/loader.h`.
    pub name: &'static str,
    /// The first macOS whose dyld is known to take it.
    pub since: Version,
    /// Every macOS before this one refuses it; between the two, nobody knows.
    pub refused_before: Version,
}

const fn command(name: &'static str, since: Version) -> Command {
    Command { name, since, refused_before: since }
}

/// Sources: `mach-o/loader.h` of the SDKs of 10.4 to 10.8, and reports of dyld's refusals: 0x80000022 on 10.5 (firemodels/fds#1034),
/// 0x80000028 on 10.6 and 10.7 (mav2287/mac-guest-agent#4), 0x80000034 on 10.14 (redFrik/f0plugins#5). The SDK of 10.15 is the
/// first that has the last two, LLD asks for 11.0 (`shouldEmitChainedFixups`), and bitcoin/bitcoin#27676 saw them run there.
const COMMANDS: [Command; 8] = [
    command("LC_LOAD_WEAK_DYLIB", Version::new(10, 2)),
    command("LC_RPATH", Version::new(10, 5)),
    command("LC_REEXPORT_DYLIB", Version::new(10, 5)),
    command("LC_DYLD_INFO_ONLY", Version::new(10, 6)),
    command("LC_LOAD_UPWARD_DYLIB", Version::new(10, 7)),
    command("LC_MAIN", Version::new(10, 8)),
    Command { refused_before: Version::new(10, 15), ..command("LC_DYLD_EXPORTS_TRIE", Version::new(11, 0)) },
    Command { refused_before: Version::new(10, 15), ..command("LC_DYLD_CHAINED_FIXUPS", Version::new(11, 0)) },
];

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

/// The load command of a file that the newest dyld is needed for.
pub fn newest_command(macho: &MachOFacts) -> Option<Command> {
    let names = macho.load_commands.iter().filter(|_| is_loaded_by_dyld(macho));
    let known = names.filter_map(|name| COMMANDS.iter().find(|known| known.name == name));
    known.copied().max_by_key(|command| command.since)
}

/// A load command that dyld has to know and that is not known here, as a number.
pub fn unknown_command(macho: &MachOFacts) -> Option<&str> {
    let is_required = |name: &str| {
        let number = name.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
        number.is_some_and(|number| number & REQUIRED != 0)
    };
    macho.load_commands.iter().map(String::as_str).find(|name| is_loaded_by_dyld(macho) && is_required(name))
}

/// The kernel itself takes `LC_MAIN` and its like for nothing.
fn is_loaded_by_dyld(macho: &MachOFacts) -> bool {
    macho.dylinker.is_some() || macho.file_type != "execute"
}

/// What a file imports of the system's own, with the first macOS that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newer<'f> {
    /// A symbol, as objects and dyld write it; `None` where the whole library is newer.
    pub symbol: Option<&'f str>,
    /// The library, or the one that the symbol is looked for in.
    pub library: &'f str,
    /// The first macOS that has it.
    pub since: Version,
}

/// The libraries and symbols of the system that are known to have come later than Mac OS X 10.11. dyld ends a program for one
/// that is not there ("Library not loaded", "Symbol not found"; cloudflare/workerd#4284 on macOS 12), unless it is weak.
pub fn newer(macho: &MachOFacts) -> impl Iterator<Item = Newer<'_>> {
    let libraries = macho.dylibs.iter().filter(|dylib| dylib.kind != "weak").filter_map(|dylib| {
        let library = dylib.name.as_str();
        let after = |directory| library.strip_prefix(directory).and_then(|rest: &str| rest.split('/').next());
        let name = after("/System/Library/Frameworks/").or_else(|| after("/usr/lib/swift/"))?;
        Some(Newer { symbol: None, library, since: came(name)? })
    });
    let own = macho.imports.iter().filter(|imports| imports.library.starts_with("/usr/lib/"));
    let symbols = own.flat_map(|imports| {
        let strong = imports.symbols.iter().filter(|symbol| !symbol.weak);
        strong.filter_map(|symbol| {
            let since = came(symbol.name.strip_prefix('_')?.split('$').next()?)?;
            Some(Newer { symbol: Some(&symbol.name), library: &imports.library, since })
        })
    });
    libraries.chain(symbols)
}

/// When a framework, a library or a symbol came, if that is known.
fn came(name: &str) -> Option<Version> {
    SINCE.rows(name).next()?.parse().ok()
}

/// The lowest macOS that a file says it runs on.
pub fn min(macho: &MachOFacts) -> Option<Version> {
    as_macos(macho, macho.min_os.as_deref()?)
}

/// The SDK of macOS that a file was linked with.
pub fn sdk(macho: &MachOFacts) -> Option<Version> {
    as_macos(macho, macho.sdk.as_deref()?)
}

/// Files for Mac Catalyst write versions of iOS. The SDK's own map (`iOSMac_macOS` in `SDKSettings.json`) has 13.1 as 10.15,
/// 14.2 as 11.0 and 15.2 as 12.1; all of one release are taken for its first here, which is never too high.
fn as_macos(macho: &MachOFacts, version: &str) -> Option<Version> {
    let version: Version = version.parse().ok()?;
    if macho.platform.as_deref() != Some("mac-catalyst") {
        return Some(version);
    }
    match version.major() {
        13 => Some(Version::new(10, 15)),
        14..=18 => Some(Version::new(version.major() - 3, 0)),
        26.. => Some(Version::new(version.major(), 0)),
        _ => None,
    }
}

/// The oldest macOS by processor, load commands and imports, whatever the file says.
pub fn floor(facts: &Facts) -> Option<Version> {
    let Details::MachO(macho) = &facts.details else { return None };
    let processor = (facts.arch == "aarch64").then_some(APPLE_SILICON);
    let command = newest_command(macho).map(|command| command.since);
    processor.max(command).max(newer(macho).map(|import| import.since).max())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::macho::{Dylib, ImportedSymbol, LibraryImports};

    fn with(names: &[&str]) -> MachOFacts {
        MachOFacts { load_commands: names.iter().map(ToString::to_string).collect(), ..MachOFacts::default() }
    }

    #[test]
    fn the_newest_command_decides() {
        let since = |names: &[&str]| newest_command(&with(names)).map(|command| command.since);
        assert_eq!(since(&["LC_UUID", "LC_BUILD_VERSION", "LC_CODE_SIGNATURE"]), None);
        assert_eq!(since(&["LC_RPATH", "LC_MAIN", "LC_DYLD_INFO_ONLY"]), Some(Version::new(10, 8)));
        assert_eq!(since(&["LC_MAIN", "LC_DYLD_CHAINED_FIXUPS"]), Some(Version::new(11, 0)));
    }

    #[test]
    fn versions_of_mac_catalyst_are_those_of_ios() {
        let min_of = |platform: &str, stated: &str| {
            min(&MachOFacts { platform: Some(platform.into()), min_os: Some(stated.into()), ..MachOFacts::default() })
        };
        assert_eq!(min_of("macos", "13.1"), Some(Version::new(13, 1)));
        for (ios, macos) in [("13.1", Some((10, 15))), ("14.2", Some((11, 0))), ("17.0", Some((14, 0))), ("12.0", None)]
        {
            assert_eq!(min_of("mac-catalyst", ios), macos.map(|(major, minor)| Version::new(major, minor)), "{ios}");
        }
    }

    #[test]
    fn symbols_that_came_later_are_known() {
        SINCE.assert_sorted();
        let since = |library: &str, name: &str, weak: bool| {
            let symbols = vec![ImportedSymbol { name: name.into(), weak }];
            let imports = vec![LibraryImports { library: library.into(), symbols }];
            newer(&MachOFacts { imports, ..MachOFacts::default() }).map(|import| import.since.to_string()).next()
        };
        const SYSTEM: &str = "/usr/lib/libSystem.B.dylib";
        assert_eq!(since(SYSTEM, "_strchrnul", false).as_deref(), Some("15.4"));
        assert_eq!(since(SYSTEM, "_getmntinfo_r_np$INODE64", false).as_deref(), Some("10.13"));
        assert_eq!(since("/usr/lib/libc++.1.dylib", "__ZNSt3__18to_charsEPcS0_d", false).as_deref(), Some("13.3"));
        // Zero where it is not there; somebody else's; as old as macOS.
        assert_eq!(since(SYSTEM, "_strchrnul", true), None);
        assert_eq!(since("@rpath/libc++.1.dylib", "__ZNSt3__18to_charsEPcS0_d", false), None);
        assert_eq!(since(SYSTEM, "_strchr", false), None);
    }

    #[test]
    fn libraries_that_came_later_are_known() {
        let since = |name: &str, kind: &str| {
            let [name, kind, current, compat] = [name, kind, "1.0.0", "1.0.0"].map(String::from);
            let dylibs = vec![Dylib { name, kind, current, compat }];
            newer(&MachOFacts { dylibs, ..MachOFacts::default() }).map(|import| import.since.to_string()).next()
        };
        let framework = "/System/Library/Frameworks/Virtualization.framework/Versions/A/Virtualization";
        assert_eq!(since(framework, "load").as_deref(), Some("11.0"));
        assert_eq!(since("/usr/lib/swift/libswift_Concurrency.dylib", "load").as_deref(), Some("12.0"));
        assert_eq!(since(framework, "weak"), None);
        assert_eq!(since("@rpath/Virtualization.framework/Virtualization", "load"), None);
        assert_eq!(since("/System/Library/Frameworks/AppKit.framework/Versions/C/AppKit", "load"), None);
    }

    #[test]
    fn a_program_without_dyld_needs_none() {
        let static_program = MachOFacts { file_type: "execute".into(), ..with(&["LC_MAIN"]) };
        assert_eq!(newest_command(&static_program), None);
    }

    #[test]
    fn a_required_command_without_a_name_is_unknown() {
        assert_eq!(unknown_command(&with(&["LC_MAIN", "0x80000077"])), Some("0x80000077"));
        assert_eq!(unknown_command(&with(&["LC_MAIN", "0x77"])), None);
    }
}
