//! The code at `e_entry`, which names the C library whose `crt1.o` was linked.
//!
//! The first instructions of a program come from the C library and do not change with its version, with stripping or with
//! what the program embeds. The patterns and how they were checked are in `data/static-libc-entries.tsv`.

use goblin::elf::header::EM_ARM;

use super::LibcFamily;
use super::rows::{count, rows};
use crate::facts::elf::image::Image;

const TABLE: &str = include_str!("../../../data/static-libc-entries.tsv");
/// Its rows: architecture, owner, variant and pattern.
static ROWS: [[&str; 4]; count(TABLE)] = rows(TABLE);

/// Bytes of code looked at; the longest pattern has 40.
const LENGTH: u64 = 96;

/// What the start-up code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Whose start-up code it is.
    pub(crate) owner: Owner,
    /// Which variant of it, with the versions it belongs to.
    pub(crate) variant: &'static str,
}

/// Who wrote the start-up code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// This library's `crt1.o`.
    Libc(LibcFamily),
    /// glibc's, or uClibc's, which starts alike: only `NT_GNU_ABI_TAG` tells.
    GlibcOrUclibc,
    /// The Go linker's own: no C start-up code.
    Go,
}

/// The owner of the code at `e_entry`; `None` when no pattern matches.
pub(crate) fn entry(image: &Image<'_>, arch: &str) -> Option<Entry> {
    let thumb = u64::from(image.header.e_machine == EM_ARM) & image.header.e_entry;
    let address = image.header.e_entry - thumb;
    let code = code_at(image, address)?;
    rows_of(arch).find_map(|row| {
        let followed = |target| code_at(image, target);
        // `->`, by one of its letters: to look for a text takes longer to begin.
        let found = match row.pattern.split_once('>') {
            None => is_match(row.pattern, &code),
            Some((here, there)) => {
                is_match(here.trim_end_matches('-'), &code)
                    && jump_target(arch, address, &code).and_then(followed).is_some_and(|code| is_match(there, &code))
            }
        };
        found.then_some(Entry { owner: row.owner, variant: row.variant })
    })
}

fn code_at(image: &Image<'_>, address: u64) -> Option<Vec<u8>> {
    let (offset, left) = image.offset_of(address)?;
    Some(image.source.read_up_to(offset, left.min(LENGTH), "code at e_entry").ok()?.into_owned())
}

/// Target of an x86 `jmp rel32`, or of an AArch64 `b`.
fn jump_target(arch: &str, address: u64, code: &[u8]) -> Option<u64> {
    if arch == "aarch64" {
        let word = u32::from_le_bytes(code.get(..4)?.try_into().ok()?);
        return address.checked_add_signed(i64::from((word << 6).cast_signed() >> 4));
    }
    let distance = i32::from_le_bytes(code.get(1..5)?.try_into().ok()?);
    address.checked_add(5)?.checked_add_signed(distance.into())
}

struct Row {
    owner: Owner,
    variant: &'static str,
    pattern: &'static str,
}

/// The rows of an architecture.
fn rows_of(arch: &str) -> impl Iterator<Item = Row> {
    ROWS.iter().filter(move |row| row[0] == arch).filter_map(|&[_, owner, variant, pattern]| {
        let owner = match owner {
            "go" => Owner::Go,
            "glibc|uclibc" => Owner::GlibcOrUclibc,
            name => Owner::Libc(LibcFamily::from_name(name)?),
        };
        Some(Row { owner, variant, pattern })
    })
}

/// Whether a pattern matches at the start of the code. The grammar stands at the head of the table.
fn is_match(pattern: &str, code: &[u8]) -> bool {
    matches(pattern, code, &|_| true)
}

/// Whether a pattern matches and `then` takes the code behind it. Nothing is allocated: most patterns fail at their first
/// byte.
fn matches(pattern: &str, code: &[u8], then: &dyn Fn(&[u8]) -> bool) -> bool {
    let pattern = pattern.trim_start();
    let end = pattern.bytes().position(|byte| byte == b' ').unwrap_or(pattern.len());
    let (token, rest) = pattern.split_at(end);
    match token {
        "" => then(code),
        "[" => {
            let (inner, after) = group(rest, ']');
            matches(inner, code, &|code| matches(after, code, then)) || matches(after, code, then)
        }
        "(" => {
            let (inner, after) = group(rest, ')');
            inner.split('|').any(|choice| matches(choice, code, &|code| matches(after, code, then)))
        }
        "??" => code.split_first().is_some_and(|(_, left)| matches(rest, left, then)),
        token => match token.strip_prefix('~') {
            Some(most) => {
                let most = most.parse().unwrap_or(0).min(code.len());
                (0..=most).any(|skipped| matches(rest, &code[skipped..], then))
            }
            None => match (u8::from_str_radix(token, 16), code.split_first()) {
                (Ok(wanted), Some((found, left))) => wanted == *found && matches(rest, left, then),
                _ => false,
            },
        },
    }
}

/// What stands before a closing mark, and behind it; groups do not nest in this grammar.
fn group(rest: &str, close: char) -> (&str, &str) {
    rest.split_once(close).unwrap_or((rest, ""))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_grammar() {
        assert!(is_match("31 ed ?? 5e", &[0x31, 0xed, 7, 0x5e, 9]));
        assert!(!is_match("31 ed", &[0x31]));
        assert!(is_match("[ f3 0f ] 31", &[0xf3, 0x0f, 0x31]) && is_match("[ f3 0f ] 31", &[0x31]));
        assert!(is_match("( 01 02 | 03 | ) 04", &[1, 2, 4]) && is_match("( 01 02 | 03 | ) 04", &[3, 4]));
        assert!(is_match("( 01 02 | 03 | ) 04", &[4]) && !is_match("( 01 02 | 03 | ) 04", &[1, 4]));
        assert!(is_match("~2 aa bb", &[0, 0, 0xaa, 0xbb]) && !is_match("~2 aa bb", &[0, 0, 0, 0xaa, 0xbb]));
    }

    #[test]
    fn every_row_is_read_and_every_pattern_is_well_formed() {
        let arches: BTreeSet<&str> = ROWS.iter().map(|row| row[0]).collect();
        let all = || arches.iter().flat_map(|arch| rows_of(arch).map(move |row| (*arch, row)));
        assert!(arches.len() > 5);
        assert_eq!(all().count(), ROWS.len());
        assert_eq!(rows_of("x86").count(), 0);
        for (arch, row) in all() {
            for token in row.pattern.split_whitespace() {
                let known = ["[", "]", "(", ")", "|", "??", "->"].contains(&token)
                    || token.strip_prefix('~').is_some_and(|n| n.parse::<usize>().is_ok())
                    || (token.len() == 2 && u8::from_str_radix(token, 16).is_ok());
                assert!(known, "{token:?} in {:?} of {arch}", row.pattern);
            }
        }
    }

    #[test]
    fn jumps_are_followed_both_ways() {
        assert_eq!(jump_target("x86_64", 0x1000, &[0xe9, 0xfb, 0xff, 0xff, 0xff]), Some(0x1000));
        assert_eq!(jump_target("x86_64", 0x1000, &[0xe9, 1, 0, 0, 0]), Some(0x1006));
        assert_eq!(jump_target("aarch64", 0x1000, &0x17ff_ffffu32.to_le_bytes()), Some(0xffc));
        assert_eq!(jump_target("x86_64", u64::MAX, &[0xe9, 1, 0, 0, 0]), None);
    }
}
