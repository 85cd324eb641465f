//! Is a signature that was tampered with caught, by the rule about it alone? Programs are signed for real, then broken in one
//! way each; what signing tools may do otherwise must not be taken for damage.

mod macho;
mod pe;

use crate::support::Scratch;

/// A way to break a file: what is done, the change, and the rules that must say so.
type Break<T> = (&'static str, fn(&T) -> Vec<u8>, &'static [&'static str]);

/// Writes every broken file, and compares.
fn compare<T>(scratch: &Scratch, subject: &T, rows: &[Break<T>]) {
    let names: Vec<String> = (0..rows.len()).map(|number| format!("row-{number}")).collect();
    for ((_, change, _), name) in rows.iter().zip(&names) {
        scratch.write(name, change(subject));
    }
    let found = scratch.rules_broken("policy.toml", &names);
    let differing = rows.iter().zip(found).filter(|((.., expected), found)| found != expected);
    let lines: Vec<String> = differing.map(|((what, ..), found)| format!("{what}: {found:?}")).collect();
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}

/// The little-endian word at an offset.
fn little(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
}

/// The bytes with one bit of one byte changed.
fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= 0x10;
    changed
}

/// The bytes with others written over them.
fn patched(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at..at + new.len()].copy_from_slice(new);
    changed
}

/// Where `needle` is last.
fn last(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).rposition(|window| window == needle).expect("it is there")
}
