//! Members of `ar` archives (static libraries, Rust rlibs): the common format with the GNU and BSD ways of long names.
//!
//! Read on the failure path only, to find which object of a build refers to a symbol.

use super::{Source, Unreadable};

/// First bytes of an archive.
pub const MAGIC: &[u8; 8] = b"!<arch>\n";
/// First bytes of a GNU thin archive, whose members are separate files.
pub const THIN_MAGIC: &[u8; 8] = b"!<thin>\n";
/// Length of a member header (`struct ar_hdr`), in bytes.
const HEADER: u64 = 60;
/// Longest BSD member name that is believed, in bytes.
const LONGEST_NAME: u64 = 4096;

/// One member of an archive.
#[derive(Debug)]
pub struct Member<'a> {
    /// Its name, without the padding and the terminators of the format.
    pub name: String,
    /// Its bytes.
    pub content: Source<'a>,
}

/// The members that hold content, in file order; symbol tables and name tables are left out.
///
/// # Errors
/// [`Unreadable`] when the file is not an archive, is a thin one, or a header contradicts it.
pub fn members<'a>(source: &Source<'a>) -> Result<Vec<Member<'a>>, Unreadable> {
    match &*source.read_up_to(0, 8, "archive magic")? {
        magic if magic == MAGIC => {}
        magic if magic == THIN_MAGIC => return Err(Unreadable::NotLinked("a thin archive".into())),
        _ => return Err(Unreadable::NotLinked("not an archive".into())),
    }
    let mut found = Vec::new();
    let walked = walk(source, |raw, at, size, long_names| {
        let content = source.slice(at, size, "archive member")?;
        found.extend(named(raw, content, long_names)?);
        Ok(size)
    });
    walked.map(|()| found)
}

/// The names of the files that a thin archive stands for, relative to its folder; `None` for anything else.
pub fn thin_members(source: &Source<'_>) -> Option<Vec<String>> {
    let magic = source.read_up_to(0, 8, "archive magic").ok()?;
    if *magic != *THIN_MAGIC {
        return None;
    }
    let mut found = Vec::new();
    let walked = walk(source, |raw, _, _, long_names| {
        found.push(member_name(raw, long_names));
        Ok(0)
    });
    walked.ok().map(|()| found)
}

/// Goes from header to header. `visit` is told the raw name of a member, where its content would be, how long that is, and the
/// table of long names; it answers how much of it is there.
fn walk(
    source: &Source<'_>,
    mut visit: impl FnMut(&[u8], u64, u64, &[u8]) -> Result<u64, Unreadable>,
) -> Result<(), Unreadable> {
    let mut long_names = Vec::new();
    let mut at = MAGIC.len() as u64;
    while at < source.len() {
        let header = source.read(at, HEADER, "ar_hdr")?;
        if &header[58..60] != b"`\n" {
            return Err(Unreadable::damaged("ar_fmag", at + 58, "not the end of a member header"));
        }
        let raw = trimmed(&header[..16]).to_vec();
        let size: u64 = std::str::from_utf8(trimmed(&header[48..58]))
            .ok()
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| Unreadable::damaged("ar_size", at + 48, "not a decimal number"))?;
        let content = at + HEADER;
        let present = match raw.as_slice() {
            b"/" | b"/SYM64/" | b"__.SYMDEF" | b"__.SYMDEF SORTED" => {
                source.slice(content, size, "archive member")?;
                size
            }
            b"//" => {
                long_names = source.read(content, size, "archive name table")?.into_owned();
                size
            }
            _ => visit(&raw, content, size, &long_names)?,
        };
        // Members start on even offsets; a member is never empty of header, so this always advances.
        at = content + present + (present & 1);
    }
    Ok(())
}

/// The member under its real name; `None` for a BSD symbol table.
fn named<'a>(raw: &[u8], content: Source<'a>, long_names: &[u8]) -> Result<Option<Member<'a>>, Unreadable> {
    if let Some(length) = raw.strip_prefix(b"#1/").and_then(decimal) {
        let length = length.min(LONGEST_NAME);
        let name = lossy(&content.read(0, length, "BSD member name")?);
        let rest = content.slice(length, content.len() - length, "archive member")?;
        return Ok((!name.starts_with("__.SYMDEF")).then_some(Member { name, content: rest }));
    }
    Ok(Some(Member { name: member_name(raw, long_names), content }))
}

/// A short name, or one of the table.
fn member_name(raw: &[u8], long_names: &[u8]) -> String {
    let Some(offset) = raw.strip_prefix(b"/").and_then(decimal) else { return lossy(raw) };
    let name = usize::try_from(offset).ok().and_then(|offset| long_names.get(offset..)).unwrap_or_default();
    let end = name.iter().position(|&byte| byte == b'\n').unwrap_or(name.len());
    lossy(&name[..end])
}

fn decimal(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn trimmed(field: &[u8]) -> &[u8] {
    field.trim_ascii_end()
}

fn lossy(name: &[u8]) -> String {
    let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
    let name = name.strip_suffix(b"/").unwrap_or(name);
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, size: usize) -> Vec<u8> {
        format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 644).into_bytes()
    }

    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for (name, content) in parts {
            bytes.extend(header(name, content.len()));
            bytes.extend(*content);
            if content.len() % 2 == 1 {
                bytes.push(b'\n');
            }
        }
        bytes
    }

    fn names(bytes: &[u8]) -> Vec<String> {
        members(&Source::from_bytes(bytes)).unwrap().into_iter().map(|member| member.name).collect()
    }

    #[test]
    fn short_gnu_and_bsd_names() {
        let gnu = archive(&[("/", b"idx"), ("//", b"a_very_long_member_name.o/\n"), ("/0", b"x"), ("b.o/", b"yy")]);
        assert_eq!(names(&gnu), ["a_very_long_member_name.o", "b.o"]);
        let bsd = archive(&[("#1/20", b"__.SYMDEF\0\0\0\0\0\0\0\0\0\0\0....."), ("#1/8", b"c.o\0\0\0\0\0body")]);
        assert_eq!(names(&bsd), ["c.o"]);
    }

    #[test]
    fn content_starts_after_a_bsd_name() {
        let bytes = archive(&[("#1/4", b"c.o\0body")]);
        let members = members(&Source::from_bytes(&bytes)).unwrap();
        assert_eq!(&*members[0].content.read(0, 4, "body").unwrap(), b"body");
    }

    #[test]
    fn a_thin_archive_names_its_files() {
        let mut thin = archive(&[("/", b"idx"), ("//", b"sub/long_name_of_a_member.o/\n")]);
        thin[..8].copy_from_slice(THIN_MAGIC);
        thin.extend([header("/0", 4096), header("b.o/", 7)].concat());
        let names = thin_members(&Source::from_bytes(&thin)).unwrap();
        assert_eq!(names, ["sub/long_name_of_a_member.o", "b.o"]);
        assert!(members(&Source::from_bytes(&thin)).is_err());
        assert_eq!(thin_members(&Source::from_bytes(&archive(&[("a.o/", b"x")]))), None);
    }

    #[test]
    fn damage_is_an_error_and_not_a_panic() {
        let good = archive(&[("//", b"n.o/\n"), ("/0", b"x"), ("/999999", b"y"), ("#1/9999", b"z")]);
        for end in 0..good.len() {
            drop(members(&Source::from_bytes(&good[..end])).map(|members| members.len()));
        }
        let mut claims = archive(&[("a.o/", b"x")]);
        claims[8 + 48..8 + 58].copy_from_slice(b"9999999999");
        assert!(members(&Source::from_bytes(&claims)).is_err());
    }
}
