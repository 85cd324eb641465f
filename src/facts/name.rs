//! Names of symbols and sections, of which a file has hundreds: pieces of one text that they share, not a string each.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::bytes::text;

/// A name. It reads like a `str`, and is cloned without a copy.
#[derive(Clone, Default)]
pub struct Name {
    text: Arc<String>,
    start: u32,
    end: u32,
}

/// Names that are being read, one behind the other.
#[derive(Debug, Default)]
pub(super) struct NameText {
    bytes: Vec<u8>,
    /// The bytes are a whole table that has all names already.
    is_table: bool,
}

/// Place of a name in a [`NameText`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Piece {
    start: u32,
    end: u32,
}

impl Piece {
    /// Length of the name, in bytes.
    pub(super) fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

impl NameText {
    /// A table of names as it lies in a file, where any piece of it is text: then nothing is put together from it.
    pub(super) fn of_table(table: &[u8]) -> Option<NameText> {
        (table.is_ascii() && u32::try_from(table.len()).is_ok())
            .then(|| NameText { bytes: table.to_vec(), is_table: true })
    }

    /// Adds a name by its place in a table; no byte of it is copied when the names are those of that table. `None` when it does
    /// not lie there.
    pub(super) fn add(&mut self, table: &[u8], start: usize, len: usize) -> Option<Piece> {
        let end = start.checked_add(len)?;
        let name = table.get(start..end)?;
        if self.is_table {
            return Some(Piece { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? });
        }
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name);
        self.end(start)
    }

    /// Where the bytes of the next name are put; [`NameText::end`] ends it.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends a name that began when the text had `start` bytes; `None` when names have more than 4 GiB.
    pub(super) fn end(&mut self, start: usize) -> Option<Piece> {
        let end = self.bytes.len();
        // Between two names, so that the text is UTF-8 as a whole when every name is.
        self.bytes.push(0);
        Some(Piece { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? })
    }

    /// The names by their places.
    pub(super) fn names(self) -> impl Fn(Piece) -> Name {
        let shared = String::from_utf8(self.bytes).map(Arc::new);
        move |Piece { start, end }| match &shared {
            Ok(shared) => Name { text: Arc::clone(shared), start, end },
            Err(error) => {
                let name = error.as_bytes().get(start as usize..end as usize).unwrap_or_default();
                Name::from(text(name).as_str())
            }
        }
    }
}

impl Name {
    /// The name.
    pub fn as_str(&self) -> &str {
        self
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

impl From<&str> for Name {
    /// A name of its own; it ends after 4 GiB.
    fn from(text: &str) -> Name {
        Name { text: Arc::new(text.to_owned()), start: 0, end: u32::try_from(text.len()).unwrap_or(u32::MAX) }
    }
}

impl From<&Name> for String {
    fn from(name: &Name) -> String {
        name.as_str().to_owned()
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        *self == **other
    }
}

impl Eq for Name {}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        // Nearly every comparison ends with the lengths.
        (self.end - self.start) as usize == other.len()
            && self.text.as_bytes().get(self.start as usize..self.end as usize) == Some(other.as_bytes())
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Name) -> Ordering {
        self.as_str().cmp(other)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_pieces_of_one_text_and_always_text() {
        let mut all = NameText::default();
        let mut add = |name: &[u8]| {
            let start = all.bytes().len();
            all.bytes().extend_from_slice(name);
            all.end(start).unwrap()
        };
        let pieces = [add(b"puts"), add(b""), add(b"a\xffb"), add("é".as_bytes())];
        let names: Vec<Name> = pieces.into_iter().map(all.names()).collect();
        assert_eq!(names, [Name::from("puts"), Name::from(""), Name::from("a\u{fffd}b"), Name::from("é")]);
        assert!(names[0] == "puts" && names[0] != "put" && names[0] > names[1]);
        assert_eq!(serde_json::to_string(&names[3]).unwrap(), "\"é\"");
    }

    #[test]
    fn names_of_a_table_of_ascii_are_pieces_of_it() {
        let table = b"\0puts\0abort\0";
        let mut all = NameText::of_table(table).unwrap();
        let pieces = [all.add(table, 1, 4).unwrap(), all.add(table, 3, 2).unwrap(), all.add(table, 6, 5).unwrap()];
        assert_eq!((all.add(table, 11, 2), all.add(table, usize::MAX, 2)), (None, None));
        assert_eq!(all.bytes().len(), table.len());
        let names: Vec<Name> = pieces.into_iter().map(all.names()).collect();
        assert_eq!(names, [Name::from("puts"), Name::from("ts"), Name::from("abort")]);
        assert!(NameText::of_table(b"a\xff\0").is_none());
    }

    #[test]
    fn names_cut_amid_a_letter_are_not_joined() {
        let mut all = NameText::default();
        let mut add = |name: &[u8]| {
            let start = all.bytes().len();
            all.bytes().extend_from_slice(name);
            all.end(start).unwrap()
        };
        let pieces = [add(b"a"), add(b"\xc3"), add(b"\xa9")];
        let names: Vec<Name> = pieces.into_iter().map(all.names()).collect();
        assert_eq!(names, [Name::from("a"), Name::from("\u{fffd}"), Name::from("\u{fffd}")]);
    }

    #[test]
    fn names_share_one_text() {
        let mut all = NameText::default();
        all.bytes().extend_from_slice(b"puts");
        let piece = all.end(0).unwrap();
        let name_of = all.names();
        assert!(Arc::ptr_eq(&name_of(piece).text, &name_of(piece).text));
    }
}
