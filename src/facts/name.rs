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
    text: SharedText,
    piece: Piece,
}

/// Names in order. They read like `str`s, and no memory is asked for on account of a single one.
#[derive(Clone, Default)]
pub struct NameList {
    text: SharedText,
    pieces: Vec<Piece>,
}

/// Names that are being read, one behind the other.
#[derive(Debug, Default)]
pub(super) struct NameText {
    bytes: Vec<u8>,
    /// The bytes are a whole table that has all names already.
    is_table: bool,
}

/// Names that were read; no text without a name.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedText(Option<Arc<String>>);

/// Place of a name in a [`NameText`], and then in its [`SharedText`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Piece {
    start: u32,
    end: u32,
}

impl Piece {
    /// `None` behind 4 GiB.
    // Inlined like `NameText::add`.
    #[inline(always)]
    fn new(start: usize, end: usize) -> Option<Piece> {
        Some(Piece { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? })
    }

    /// Length of the name, in bytes.
    pub(super) fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

impl NameText {
    /// Room for a few names.
    pub(super) fn of_few() -> NameText {
        NameText { bytes: Vec::with_capacity(256), is_table: false }
    }

    /// A table of names as it lies in a file, where any piece of it is text: then nothing is put together from it.
    pub(super) fn of_table(table: &[u8]) -> Option<NameText> {
        (table.is_ascii() && u32::try_from(table.len()).is_ok())
            .then(|| NameText { bytes: table.to_vec(), is_table: true })
    }

    /// Adds a name by its place in a table; no byte of it is copied when the names are those of that table. `None` when it does
    /// not lie there.
    // Inlined, as all that is done for every symbol: a release is built for size, and there it would be a call.
    #[inline(always)]
    pub(super) fn add(&mut self, table: &[u8], start: usize, len: usize) -> Option<Piece> {
        let end = start.checked_add(len).filter(|&end| end <= table.len())?;
        if self.is_table {
            return Piece::new(start, end);
        }
        self.append(&table[start..end])
    }

    fn append(&mut self, name: &[u8]) -> Option<Piece> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name);
        self.end(start)
    }

    /// The bytes of a name that was added.
    pub(super) fn get(&self, piece: Piece) -> &[u8] {
        self.bytes.get(piece.start as usize..piece.end as usize).unwrap_or_default()
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
        Piece::new(start, end)
    }

    /// The names, once all are read. Where one is no UTF-8 all are written anew, and `pieces` moved; `None` when they have more than
    /// 4 GiB then.
    pub(super) fn share<'p>(self, pieces: impl IntoIterator<Item = &'p mut Piece>) -> Option<SharedText> {
        let error = match String::from_utf8(self.bytes) {
            Ok(text) => return Some(SharedText::of(text)),
            Err(error) => error,
        };
        let mut anew = String::new();
        for piece in pieces {
            let name = error.as_bytes().get(piece.start as usize..piece.end as usize).unwrap_or_default();
            let start = anew.len();
            anew.push_str(&text(name));
            *piece = Piece::new(start, anew.len())?;
        }
        Some(SharedText::of(anew))
    }
}

impl SharedText {
    fn of(text: String) -> SharedText {
        SharedText((!text.is_empty()).then(|| Arc::new(text)))
    }

    /// The name at this place.
    pub(super) fn get(&self, piece: Piece) -> &str {
        let text = self.0.as_deref().map(String::as_str).unwrap_or_default();
        text.get(piece.start as usize..piece.end as usize).unwrap_or_default()
    }

    /// The name at this place, as a value of its own.
    pub(super) fn name(&self, piece: Piece) -> Name {
        Name { text: self.clone(), piece }
    }

    /// The names at these places.
    pub(super) fn list(&self, pieces: Vec<Piece>) -> NameList {
        NameList { text: self.clone(), pieces }
    }
}

impl NameList {
    /// The names, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator + Clone {
        self.pieces.iter().map(|piece| self.text.get(*piece))
    }

    /// Their bytes, in order.
    pub(super) fn bytes(&self) -> impl Iterator<Item = &[u8]> {
        let text = self.text.0.as_deref().map(String::as_bytes).unwrap_or_default();
        self.pieces.iter().map(|piece| text.get(piece.start as usize..piece.end as usize).unwrap_or_default())
    }

    /// Number of names.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The first of them.
    pub fn first(&self) -> Option<&str> {
        self.iter().next()
    }

    /// The name at that place.
    pub fn get(&self, at: usize) -> Option<&str> {
        self.pieces.get(at).map(|piece| self.text.get(*piece))
    }

    /// Where the first one is that is called `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        // Nearly every comparison ends with the lengths.
        self.pieces.iter().position(|piece| piece.len() == name.len() && self.text.get(*piece) == name)
    }
}

impl<'n> FromIterator<&'n str> for NameList {
    /// Names with a text of their own; those behind 4 GiB of it are empty.
    fn from_iter<T: IntoIterator<Item = &'n str>>(names: T) -> Self {
        let mut text = String::new();
        let mut add = |name: &str| {
            let start = text.len();
            text.push_str(name);
            Piece::new(start, text.len()).unwrap_or_default()
        };
        let pieces = names.into_iter().map(&mut add).collect();
        NameList { text: SharedText::of(text), pieces }
    }
}

impl<const N: usize> From<[&str; N]> for NameList {
    fn from(names: [&str; N]) -> Self {
        names.into_iter().collect()
    }
}

impl PartialEq for NameList {
    fn eq(&self, other: &NameList) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for NameList {}

impl fmt::Debug for NameList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for NameList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
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
        self.text.get(self.piece)
    }
}

impl From<&str> for Name {
    /// A name of its own; one of more than 4 GiB is empty.
    fn from(text: &str) -> Name {
        let piece = Piece::new(0, text.len()).unwrap_or_default();
        Name { text: SharedText::of(text.to_owned()), piece }
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
        self.piece.len() == other.len() && **self == *other
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

    /// The names that were put behind one another.
    fn read(names: &[&[u8]]) -> NameList {
        let mut all = NameText::default();
        let add = |name: &&[u8]| {
            let start = all.bytes().len();
            all.bytes().extend_from_slice(name);
            all.end(start).unwrap()
        };
        let mut pieces: Vec<Piece> = names.iter().map(add).collect();
        all.share(&mut pieces).unwrap().list(pieces)
    }

    #[test]
    fn names_are_pieces_of_one_text_and_always_text() {
        let names = read(&[b"puts", b"", b"a\xffb", "é".as_bytes()]);
        assert_eq!(names, NameList::from(["puts", "", "a\u{fffd}b", "é"]));
        assert_eq!((names.len(), names.first(), names.position("é")), (4, Some("puts"), Some(3)));
        assert_eq!(serde_json::to_string(&names).unwrap(), "[\"puts\",\"\",\"a\u{fffd}b\",\"é\"]");
        let name = names.text.name(names.pieces[0]);
        assert!(name == "puts" && name != "put" && name.cmp(&Name::from("")) == Ordering::Greater);
    }

    #[test]
    fn names_of_a_table_of_ascii_are_pieces_of_it() {
        let table = b"\0puts\0abort\0";
        let mut all = NameText::of_table(table).unwrap();
        let mut pieces =
            vec![all.add(table, 1, 4).unwrap(), all.add(table, 3, 2).unwrap(), all.add(table, 6, 5).unwrap()];
        assert_eq!((all.add(table, 11, 2), all.add(table, usize::MAX, 2)), (None, None));
        assert_eq!(all.bytes().len(), table.len());
        let names = all.share(&mut pieces).unwrap().list(pieces);
        assert_eq!(names, NameList::from(["puts", "ts", "abort"]));
        assert!(NameText::of_table(b"a\xff\0").is_none());
    }

    #[test]
    fn names_cut_amid_a_letter_are_not_joined() {
        assert_eq!(read(&[b"a", b"\xc3", b"\xa9"]), NameList::from(["a", "\u{fffd}", "\u{fffd}"]));
    }

    #[test]
    fn names_share_one_text() {
        let names = read(&[b"puts"]);
        let place = |name: &str| name.as_ptr();
        assert_eq!(place(names.first().unwrap()), place(&names.text.name(names.pieces[0])));
        assert_eq!(names.first().map(place), names.clone().first().map(place));
    }
}
