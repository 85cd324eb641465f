//! The smallest sound file of each format around bytes that are not sound: the fuzzer need not find out the headers first.

#[path = "bytes.rs"]
mod bytes;

use std::iter::repeat_n;

use bytes::Bytes;

/// Where the content starts in all of them, in bytes.
const AT: u32 = 0x400;

/// An ELF program for x86-64 with one writable segment at 0x400000 that holds `content`, 1 KiB from its start, and no
/// section headers.
pub(crate) fn elf(content: &[u8]) -> Vec<u8> {
    let length = u64::from(AT) + content.len() as u64;
    let mut file = Bytes::default();
    // e_ident, e_type EXEC, e_machine, e_version, e_entry, e_phoff, e_shoff, e_flags.
    file.raw(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0").u16(2).u16(62).u32(1).u64(0x40_0000).u64(64).u64(0).u32(0);
    // e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx.
    file.u16(64).u16(56).u16(1).u16(64).u16(0).u16(0);
    // PT_LOAD, read and write, the whole file.
    file.u32(1).u32(6).u64(0).u64(0x40_0000).u64(0x40_0000).u64(length).u64(length).u64(0x1000);
    file.with(content)
}

/// An archive (`ar`) of one member, `content`, which may go on with more of them.
pub(crate) fn archive(content: &[u8]) -> Vec<u8> {
    let member = content.len().min(0x1000);
    let header = format!("!<arch>\n{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", "a.o/", 0, 0, 0, "100644", member);
    [header.as_bytes(), content].concat()
}

/// A Mach-O program for arm64 with `content` as its code signature.
pub(crate) fn mach_o(content: &[u8]) -> Vec<u8> {
    let size = content.len() as u32;
    let mut file = Bytes::default();
    // magic, cputype, cpusubtype, MH_EXECUTE, ncmds, sizeofcmds, flags (MH_PIE and those of every program), reserved.
    file.u32(0xfeed_facf).u32(0x0100_000c).u32(0).u32(2).u32(3).u32(2 * 72 + 16).u32(0x0020_0085).u32(0);
    // LC_SEGMENT_64: name, vmaddr, vmsize, fileoff, filesize, maxprot, initprot, nsects, flags.
    let mut segment = |name: &[u8; 16], address: u64, from: u32, size: u32, protection: u32| {
        file.u32(0x19).u32(72).raw(name).u64(address).u64(0x4000).u64(from.into()).u64(size.into());
        file.u32(protection).u32(protection).u32(0).u32(0);
    };
    segment(b"__TEXT\0\0\0\0\0\0\0\0\0\0", 0x1_0000_0000, 0, AT, 5);
    segment(b"__LINKEDIT\0\0\0\0\0\0", 0x1_0000_4000, AT, size, 1);
    // LC_CODE_SIGNATURE: dataoff, datasize.
    file.u32(0x1d).u32(16).u32(AT).u32(size);
    file.with(content)
}

/// A PE32+ program for x64 whose certificate table has one entry of type `PKCS_SIGNED_DATA` with `content`.
pub(crate) fn pe(content: &[u8]) -> Vec<u8> {
    let entry = content.len() as u32 + 8;
    let mut file = Bytes::default();
    file.raw(b"MZ").zeros(58).u32(64);
    // Machine, NumberOfSections, TimeDateStamp, PointerToSymbolTable, NumberOfSymbols, SizeOfOptionalHeader,
    // Characteristics.
    file.raw(b"PE\0\0").u16(0x8664).u16(1).u32(0).u32(0).u32(0).u16(240).u16(0x22);
    // Magic, linker version, sizes of code and data, AddressOfEntryPoint, BaseOfCode.
    file.u16(0x20b).u16(0).u32(0x200).u32(0).u32(0).u32(0x1000).u32(0x1000);
    // ImageBase, SectionAlignment, FileAlignment, six versions, Win32VersionValue.
    file.u64(0x1_4000_0000).u32(0x1000).u32(0x200).u16(6).u16(0).u16(0).u16(0).u16(6).u16(0).u32(0);
    // SizeOfImage, SizeOfHeaders, CheckSum, Subsystem, DllCharacteristics, stack and heap, LoaderFlags, directories.
    file.u32(0x2000).u32(0x200).u32(0).u16(3).u16(0x160).u64(1 << 20).u64(4096).u64(1 << 20).u64(4096).u32(0).u32(16);
    // The fifth directory is the certificate table.
    file.zeros(4 * 8).u32(AT).u32(entry.next_multiple_of(8)).zeros(11 * 8);
    // VirtualSize, VirtualAddress, SizeOfRawData, PointerToRawData, relocations, line numbers, Characteristics.
    file.raw(b".text\0\0\0").u32(0x200).u32(0x1000).u32(0x200).u32(0x200).zeros(12).u32(0x6000_0020);
    // dwLength, wRevision, wCertificateType.
    let header = [&entry.to_le_bytes()[..], &[0, 2, 2, 0]].concat();
    let padding = vec![0; (entry.next_multiple_of(8) - entry) as usize];
    file.with(&[&header, content, &padding].concat())
}

impl Bytes {
    fn zeros(&mut self, count: usize) -> &mut Self {
        self.0.extend(repeat_n(0, count));
        self
    }

    /// The file: these headers, and `content` at [`AT`].
    fn with(mut self, content: &[u8]) -> Vec<u8> {
        self.0.resize(AT as usize, 0);
        self.0.extend(content);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use seaworthy::facts::{Details, Facts, Source, Wanted, read_source};

    use super::*;

    fn read(file: &[u8]) -> Facts {
        let mut found = read_source(&Source::from_bytes(file), Wanted::ALL).expect("the headers are sound");
        found.slices.remove(0)
    }

    /// A container that its reader refuses would let the fuzzer try nothing.
    #[test]
    fn the_readers_get_as_far_as_the_content() {
        let build_info = [b"\xff Go buildinf:\x08\x02", &[0; 16][..], b"\x06go1.27\0"].concat();
        assert_eq!(read(&elf(&build_info)).go.and_then(|go| go.version).as_deref(), Some("go1.27"));
        let superblob = [0xfade_0cc0_u32, 12, 0].map(u32::to_be_bytes).concat();
        let Details::MachO(found) = read(&mach_o(&superblob)).details else { panic!("not Mach-O") };
        assert_eq!(found.code_signature.unwrap().problems, ["it has no CodeDirectory"]);
        let archive = archive(b"object");
        let members = seaworthy::facts::archive::members(&Source::from_bytes(&archive)).expect("the header is sound");
        assert_eq!(members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(), ["a.o"]);
        let Details::Pe(found) = read(&pe(b"no signature")).details else { panic!("not PE") };
        let problems: Vec<_> = found.certificates.iter().filter_map(|entry| entry.problem.as_deref()).collect();
        assert_eq!(problems, ["the signature cannot be read"]);
    }
}
