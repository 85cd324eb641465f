//! Packages and archives: what holds programs, is none, and can be unpacked.

/// A kind of package.
struct Kind {
    /// What it begins with; of disk images, what stands where they say so.
    magic: &'static [u8],
    what: &'static str,
    /// The command that unpacks `FILE` into `DIR`.
    unpack: &'static str,
}

/// By magic: deb(5); the lead of RPM (`rpmlib`, `RPMLEAD_MAGIC`); APPNOTE.TXT of zip; RFC 1952; the formats' own descriptions of
/// xz, zstd, bzip2, 7z and xar; MS-CFB 2.2 and MS-CAB 2.1 of Microsoft; `SQUASHFS_MAGIC` of Linux' `squashfs_fs.h`.
static KINDS: &[Kind] = &[
    Kind { magic: b"!<arch>\ndebian-binary", what: "a Debian package", unpack: "dpkg-deb -x FILE DIR" },
    Kind { magic: b"\xed\xab\xee\xdb", what: "an RPM package", unpack: "rpm2cpio FILE | cpio -idD DIR" },
    Kind { magic: b"PK\x03\x04", what: "a zip archive", unpack: "unzip FILE -d DIR" },
    Kind { magic: b"PK\x05\x06", what: "a zip archive", unpack: "unzip FILE -d DIR" },
    Kind { magic: b"\x1f\x8b", what: "gzip data", unpack: "tar -xf FILE -C DIR" },
    Kind { magic: b"\xfd7zXZ", what: "xz data", unpack: "tar -xf FILE -C DIR" },
    Kind { magic: b"\x28\xb5\x2f\xfd", what: "zstd data", unpack: "tar -xf FILE -C DIR" },
    Kind { magic: b"BZh", what: "bzip2 data", unpack: "tar -xf FILE -C DIR" },
    Kind {
        magic: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        what: "an OLE compound file, as MSI packages are",
        unpack: "msiextract -C DIR FILE",
    },
    Kind { magic: b"hsqs", what: "a SquashFS image, as snaps are", unpack: "unsquashfs -d DIR FILE" },
    Kind { magic: b"7z\xbc\xaf\x27\x1c", what: "a 7z archive", unpack: "7z x -oDIR FILE" },
    Kind { magic: b"MSCF", what: "a cabinet file", unpack: "cabextract -d DIR FILE" },
    Kind { magic: b"xar!", what: "a xar archive, as packages of macOS are", unpack: "pkgutil --expand-full FILE DIR" },
];

/// Disk images, which say so elsewhere: ISO 9660 in its first volume descriptor (ECMA-119, 8.1.2), at this offset.
const ISO_AT: u64 = 0x8001;
static ISO: Kind = Kind { magic: b"CD001", what: "an ISO 9660 image", unpack: "7z x -oDIR FILE" };
/// Apple's disk images begin their last bytes with it, so many.
const DMG_TAIL: u64 = 512;
static DMG: Kind = Kind { magic: b"koly", what: "a disk image of macOS", unpack: "7z x -oDIR FILE" };

/// What a file is that begins so, if that is a package.
pub(super) fn name(head: &[u8]) -> Option<&'static str> {
    let begins = |kind: &&Kind| head.starts_with(kind.magic);
    // Only with its block size a word of text is none.
    let is_whole =
        |kind: &&Kind| kind.what != "bzip2 data" || matches!(head.get(3..6), Some([b'1'..=b'9', b'1', b'A']));
    KINDS.iter().filter(begins).find(is_whole).map(|kind| kind.what)
}

/// What a file is by other places than its beginning: `at` gives as many bytes as are asked for at an offset.
pub(super) fn name_elsewhere(len: u64, at: impl Fn(u64, u64) -> Option<Vec<u8>>) -> Option<&'static str> {
    let places = [(&ISO, Some(ISO_AT)), (&DMG, len.checked_sub(DMG_TAIL))];
    let has = |kind: &Kind, offset: u64| at(offset, kind.magic.len() as u64).is_some_and(|found| found == kind.magic);
    places.into_iter().find(|(kind, offset)| offset.is_some_and(|offset| has(kind, offset))).map(|(kind, _)| kind.what)
}

/// The command that unpacks what goes by this name into `DIR`, if that is a package.
pub fn unpack(what: &str) -> Option<&'static str> {
    KINDS.iter().chain([&ISO, &DMG]).find(|kind| kind.what == what).map(|kind| kind.unpack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_told_by_their_magic() {
        for (head, what) in [
            (&b"!<arch>\ndebian-binary   1700000000"[..], Some("a Debian package")),
            (b"!<arch>\n/               0           ", None),
            (b"BZh91AY&SY", Some("bzip2 data")),
            (b"BZhello there", None),
            (b"hsqs\x07\0\0\0", Some("a SquashFS image, as snaps are")),
            (b"PK\x03\x04\x14\0", Some("a zip archive")),
        ] {
            assert_eq!(name(head), what, "{head:?}");
        }
        assert_eq!(unpack("a Debian package"), Some("dpkg-deb -x FILE DIR"));
        assert_eq!(unpack("a script"), None);
    }

    #[test]
    fn disk_images_are_told_by_other_places() {
        let part = |bytes: &'static [u8], wanted: u64| move |at, _| (at == wanted).then(|| bytes.to_vec());
        assert_eq!(name_elsewhere(0x10000, part(b"CD001", 0x8001)), Some(ISO.what));
        assert_eq!(name_elsewhere(0x10000, part(b"koly", 0x10000 - 512)), Some(DMG.what));
        assert_eq!(name_elsewhere(3, part(b"koly", 0)), None);
    }
}
