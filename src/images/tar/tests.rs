//! Archives made by the `tar` crate, and then spoiled.

use std::io::Cursor;

use super::*;

impl Input for Cursor<Vec<u8>> {}

/// Members with their contents.
fn read(bytes: Vec<u8>) -> Result<Vec<(Member, Vec<u8>)>, String> {
    let mut members = Members::new(Cursor::new(bytes));
    let mut found = Vec::new();
    while let Some(member) = members.next().map_err(|error| error.to_string())? {
        let mut content = Vec::new();
        members.read_to_end(&mut content).map_err(|error| error.to_string())?;
        found.push((member, content));
    }
    Ok(found)
}

fn header(kind: ::tar::EntryType, size: u64) -> ::tar::Header {
    let mut header = ::tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o755);
    header
}

fn archive(fill: impl FnOnce(&mut ::tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = ::tar::Builder::new(Vec::new());
    fill(&mut builder);
    builder.into_inner().expect("memory takes it")
}

#[test]
fn members_of_every_kind_are_read() {
    let long = format!("{}/app", "directory/".repeat(30));
    let bytes = archive(|builder| {
        builder.append_data(&mut header(::tar::EntryType::Regular, 5), &long, &b"hello"[..]).expect("appended");
        builder.append_link(&mut header(::tar::EntryType::Symlink, 0), "link", "usr/lib").expect("appended");
        builder.append_link(&mut header(::tar::EntryType::Link, 0), "hard", &long).expect("appended");
        builder.append_data(&mut header(::tar::EntryType::Directory, 0), "etc/", &b""[..]).expect("appended");
        builder.append_data(&mut header(::tar::EntryType::Fifo, 0), "pipe", &b""[..]).expect("appended");
    });
    let found = read(bytes).expect("a good archive");
    let kinds: Vec<_> = found.iter().map(|(member, _)| member.kind).collect();
    assert_eq!(kinds, [Kind::File, Kind::Symlink, Kind::HardLink, Kind::Directory, Kind::Special]);
    assert_eq!(found[0].1, b"hello");
    assert_eq!((found[0].0.name.as_slice(), found[0].0.access.mode), (long.as_bytes(), 0o755));
    assert_eq!((found[1].0.link.as_slice(), found[2].0.link.as_slice()), (&b"usr/lib"[..], long.as_bytes()));
}

#[test]
fn the_last_block_need_not_be_filled_up() {
    let whole = archive(|builder| {
        builder.append_data(&mut header(::tar::EntryType::Regular, 5), "x", &b"hello"[..]).expect("appended");
    });
    assert_eq!(read(whole[..517].to_vec()).map(|found| found.len()), Ok(1));
    assert!(read(whole[..516].to_vec()).is_err());
}

#[test]
fn pax_records_override_the_header() {
    let bytes = archive(|builder| {
        builder.append_pax_extensions([("path", &b"renamed"[..]), ("size", b"3")]).expect("appended");
        let mut header = header(::tar::EntryType::Regular, 0);
        header.set_path("short").expect("a name");
        header.set_cksum();
        builder.append(&header, &b""[..]).expect("appended");
        builder.get_mut().extend([b"abc", &[0; 509][..]].concat());
    });
    let found = read(bytes).expect("a good archive");
    assert_eq!((found[0].0.name.as_slice(), found[0].1.as_slice()), (&b"renamed"[..], &b"abc"[..]));
}

#[test]
fn sparse_and_absurd_members_are_refused_by_name() {
    let one = |change: &dyn Fn(&mut ::tar::Header)| {
        let mut header = header(::tar::EntryType::Regular, 0);
        header.set_path("disk.img").expect("a name");
        change(&mut header);
        header.set_cksum();
        read(archive(|builder| builder.append(&header, &b""[..]).expect("appended"))).expect_err("refused")
    };
    let sparse = one(&|header| header.set_entry_type(::tar::EntryType::GNUSparse));
    assert_eq!(sparse, "`disk.img` is a sparse file, which no image holds");
    let endless = one(&|header| header.set_size(1 << 62));
    assert!(endless.starts_with("`disk.img` claims to have 4611686018427387904 bytes"), "{endless}");
    assert_eq!(one(&|header| header.as_mut_bytes()[124..136].fill(0xff)), "`disk.img` has a size that is no number");
    assert_eq!(one(&|header| header.set_size(4096)), "it ends too early, at `disk.img`");
    assert_eq!(
        one(&|header| header.set_entry_type(::tar::EntryType::new(b'?'))),
        "`disk.img` is of a kind that is not known"
    );
    let pax = archive(|builder| {
        builder.append_pax_extensions([("GNU.sparse.realsize", &b"1"[..])]).expect("appended");
        builder.append_data(&mut header(::tar::EntryType::Regular, 0), "x", &b""[..]).expect("appended");
    });
    assert_eq!(read(pax), Err("`x` is a sparse file, which no image holds".to_owned()));
}

#[test]
fn an_extended_header_has_a_bound() {
    let mut header = header(::tar::EntryType::GNULongName, limits::EXTENSION + 1);
    header.set_cksum();
    let bytes = archive(|builder| builder.append(&header, std::io::repeat(b'x').take(1 << 21)).expect("appended"));
    assert_eq!(read(bytes), Err("an extended header has 1048577 bytes, more than 1048576".to_owned()));
}

#[test]
fn every_truncation_and_every_flipped_header_byte_is_survived() {
    let whole = archive(|builder| {
        let long = "x/".repeat(80);
        builder.append_data(&mut header(::tar::EntryType::Regular, 700), &long, &[7; 700][..]).expect("appended");
    });
    for end in (0..whole.len()).step_by(97) {
        drop(read(whole[..end].to_vec()));
    }
    for at in 0..1536 {
        let mut spoiled = whole.clone();
        spoiled[at] ^= 0xff;
        drop(read(spoiled));
    }
    let mut spoiled = whole;
    spoiled[100] ^= 1;
    assert_eq!(read(spoiled), Err("it is damaged: the checksum of a header is wrong".to_owned()));
}
