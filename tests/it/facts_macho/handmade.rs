//! Files of processors and forms no tool here writes: 32 bits, big-endian, rare load commands.

use seaworthy::facts::{Endian, Kind, Linkage, Os};

use super::{facts_of, macho};

/// A file under construction: a header and load commands, without contents.
pub(super) struct Builder {
    big: bool,
    wide: bool,
    cpu: u32,
    subtype: u32,
    file_type: u32,
    commands: Vec<Vec<u8>>,
}

impl Builder {
    pub(super) fn new(cpu: u32, file_type: u32) -> Self {
        // PowerPC is big-endian; bit 24 is CPU_ARCH_ABI64.
        Builder { big: cpu & 0xff == 18, wide: cpu >> 24 == 1, cpu, subtype: 0, file_type, commands: Vec::new() }
    }

    pub(super) fn subtype(self, subtype: u32) -> Self {
        Builder { subtype, ..self }
    }

    fn words(&self, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| if self.big { word.to_be_bytes() } else { word.to_le_bytes() }).collect()
    }

    /// A command of words with a text at the end.
    pub(super) fn command(mut self, cmd: u32, words: &[u32], text: &str) -> Self {
        let mut body = self.words(words);
        body.extend(text.as_bytes());
        body.resize((body.len() + usize::from(!text.is_empty())).next_multiple_of(8), 0);
        let mut command = self.words(&[cmd, body.len() as u32 + 8]);
        command.extend(body);
        self.commands.push(command);
        self
    }

    pub(super) fn dylib(self, cmd: u32, name: &str) -> Self {
        self.command(cmd, &[24, 2, 0x0001_0203, 0x0001_0000], name)
    }

    pub(super) fn build(self) -> Vec<u8> {
        let magic = if self.wide { 0xfeed_facf } else { 0xfeed_face };
        let bytes: Vec<u8> = self.commands.concat();
        let counts = [self.commands.len() as u32, bytes.len() as u32];
        let mut file = self.words(&[magic, self.cpu, self.subtype, self.file_type, counts[0], counts[1], 0x85]);
        if self.wide {
            file.extend([0; 4]);
        }
        file.extend(bytes);
        file
    }
}

const X86_64: u32 = 0x0100_0007;
const EXECUTE: u32 = 2;
const LOAD_DYLIB: u32 = 0xc;
const RPATH: u32 = 0x8000_001c;

#[test]
fn old_processors_are_read_in_their_own_order_and_width() {
    let cases = [
        (18, "ppc", 32, Endian::Big),
        (0x0100_0012, "ppc64", 64, Endian::Big),
        (7, "i386", 32, Endian::Little),
        (12, "arm", 32, Endian::Little),
        (0x0200_000c, "arm64_32", 32, Endian::Little),
        (99, "unknown-0x63", 32, Endian::Little),
    ];
    for (cpu, arch, bits, endian) in cases {
        // LC_VERSION_MIN_MACOSX 10.4 with SDK 10.4.1
        let file = Builder::new(cpu, EXECUTE)
            .command(0x24, &[0x000a_0400, 0x000a_0401], "")
            .command(0xe, &[12], "/usr/lib/dyld")
            .dylib(LOAD_DYLIB, "/usr/lib/libSystem.B.dylib")
            .build();
        let found = facts_of(&file).unwrap_or_else(|error| panic!("{arch}: {error}"));
        assert_eq!((&*found.arch, found.bits, found.endian, found.os), (arch, bits, endian, Os::MacOs));
        assert_eq!((found.kind, found.linkage), (Kind::Execute, Linkage::Dynamic));
        let macho = macho(&found);
        assert_eq!((macho.min_os.as_deref(), macho.sdk.as_deref()), (Some("10.4"), Some("10.4.1")));
        assert_eq!((macho.dylibs[0].current.as_str(), macho.dylibs[0].compat.as_str()), ("1.2.3", "1.0.0"));
    }
}

#[test]
fn every_kind_of_dylib_command_is_told_apart() {
    const WEAK: u32 = 0x8000_0018;
    const REEXPORT: u32 = 0x8000_001f;
    const UPWARD: u32 = 0x8000_0023;
    const LAZY: u32 = 0x20;
    let mut builder = Builder::new(X86_64, 6).dylib(0xd, "/me.dylib");
    for (index, cmd) in [LOAD_DYLIB, WEAK, REEXPORT, UPWARD, LAZY].into_iter().enumerate() {
        builder = builder.dylib(cmd, &format!("/{index}"));
    }
    // dylib_use_command: a marker instead of the timestamp, and flags; 8 is DYLIB_USE_DELAYED_INIT.
    let file = builder.command(LOAD_DYLIB, &[28, 0x1a74_1800, 0, 0, 8], "/delayed").build();
    let found = facts_of(&file).expect("a dylib");
    let macho = macho(&found);
    let kinds: Vec<_> = macho.dylibs.iter().map(|dylib| dylib.kind.as_str()).collect();
    assert_eq!(kinds, ["load", "weak", "reexport", "upward", "lazy", "lazy"]);
    assert_eq!((found.kind, macho.id.as_ref().map(|id| id.name.as_str())), (Kind::SharedObject, Some("/me.dylib")));
}

#[test]
fn commands_that_may_stand_once_are_found_twice() {
    let uuid = [1, 2, 3, 4];
    let file = Builder::new(X86_64, EXECUTE)
        .command(RPATH, &[12], "@loader_path/lib")
        .command(RPATH, &[12], "/other")
        .command(RPATH, &[12], "@loader_path/lib")
        .dylib(LOAD_DYLIB, "/a")
        .dylib(0x8000_0018, "/a")
        .command(0x1b, &uuid, "")
        .command(0x1b, &uuid, "")
        .build();
    let found = facts_of(&file).expect("a program");
    let expected = ["LC_RPATH @loader_path/lib", "LC_LOAD_WEAK_DYLIB /a", "LC_UUID"];
    assert_eq!(macho(&found).duplicate_commands, expected);
    assert_eq!(macho(&found).rpaths, ["@loader_path/lib", "/other", "@loader_path/lib"]);
}

#[test]
fn zippered_files_are_judged_by_their_macos_entry() {
    let version = |platform, os| [platform, os, 0x000e_0000, 1, 3, 0x0400_0000];
    let file = Builder::new(X86_64, 6)
        .command(0x32, &version(6, 0x000d_0000), "")
        .command(0x32, &version(1, 0x000a_0f00), "")
        .build();
    let found = facts_of(&file).expect("a dylib");
    let macho = macho(&found);
    assert_eq!(
        (macho.platform.as_deref(), macho.min_os.as_deref(), found.os),
        (Some("macos"), Some("10.15"), Os::MacOs)
    );
    assert_eq!(macho.build_versions[0].platform, "mac-catalyst");
    let tool = &macho.build_versions[0].tools[0];
    assert_eq!((tool.name.as_str(), tool.version.as_str()), ("ld", "1024.0.0"));
    let phone = Builder::new(0x0100_000c, EXECUTE).command(0x32, &version(2, 0x0011_0000), "").build();
    assert_eq!(facts_of(&phone).expect("a program").os, Os::OtherApple);
}

#[test]
fn what_is_not_linked_is_refused() {
    for (file_type, what) in [(1, "Mach-O object file"), (4, "Mach-O core file"), (10, "Mach-O debug symbols (dSYM)")] {
        let error = facts_of(&Builder::new(X86_64, file_type).build()).expect_err(what).to_string();
        assert_eq!(error, format!("not a linked binary: {what}"));
    }
}

#[test]
fn encrypted_code_cannot_be_judged() {
    let file = Builder::new(0x0100_000c, EXECUTE).command(0x2c, &[0x4000, 0x4000, 1, 0], "").build();
    assert_eq!(
        facts_of(&file).expect("a program").packed.as_deref(),
        Some("the code is encrypted (LC_ENCRYPTION_INFO)")
    );
}
