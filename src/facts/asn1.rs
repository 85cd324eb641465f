//! Tags, lengths and values of ASN.1 in BER, of which DER is a part (X.690). Apple's signatures are in BER with
//! indefinite lengths, which the strict readers of the certificate crates refuse.

/// Deepest nesting that is followed; certificates and signatures stay below twenty.
const DEEPEST: usize = 64;

/// One value with its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value<'a> {
    /// First octet: class, constructed bit and number; tags above 30 do not occur in what is read here.
    pub(super) tag: u8,
    /// The contents; of an indefinite length without the end marker.
    pub(super) contents: &'a [u8],
    /// Everything, with tag and length.
    pub(super) whole: &'a [u8],
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag of a constructed, context-specific value.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

impl<'a> Value<'a> {
    /// The value at the start of `data`, which may be longer.
    pub(super) fn parse(data: &'a [u8]) -> Option<Value<'a>> {
        parse(data, 0)
    }

    /// This value, if it has the tag.
    pub(super) fn tagged(self, tag: u8) -> Option<Value<'a>> {
        (self.tag == tag).then_some(self)
    }

    /// The values inside; those behind damage are missing.
    pub(super) fn children(self) -> Values<'a> {
        Values { rest: self.contents }
    }

    /// The first value inside with a tag.
    pub(super) fn child(self, tag: u8) -> Option<Value<'a>> {
        self.children().find(|child| child.tag == tag)
    }

    /// The octets of an OCTET STRING, whose pieces are put together where it is constructed.
    pub(super) fn octets(self) -> Option<Vec<u8>> {
        match self.tag {
            OCTET_STRING => Some(self.contents.to_vec()),
            0x24 => {
                Some(self.children().filter(|piece| piece.tag == OCTET_STRING).fold(Vec::new(), |mut all, piece| {
                    all.extend_from_slice(piece.contents);
                    all
                }))
            }
            _ => None,
        }
    }

    /// Whether in this value and all inside it the lengths add up.
    pub(super) fn lengths_fit(self) -> bool {
        self.fits(0)
    }

    fn fits(self, depth: usize) -> bool {
        let is_constructed = self.tag & 0x20 != 0;
        if !is_constructed || depth > DEEPEST {
            return !is_constructed;
        }
        let mut used = 0;
        self.children().inspect(|child| used += child.whole.len()).all(|child| child.fits(depth + 1))
            && used == self.contents.len()
    }
}

/// Values one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let value = Value::parse(self.rest)?;
        self.rest = self.rest.get(value.whole.len()..)?;
        Some(value)
    }
}

fn parse(data: &[u8], depth: usize) -> Option<Value<'_>> {
    let (&tag, &length) = (data.first()?, data.get(1)?);
    if tag & 0x1f == 0x1f || depth > DEEPEST {
        return None;
    }
    let header = match length {
        0x80 => return indefinite(data, tag, depth),
        0..0x80 => 2,
        // More than eight octets of length are more than any file holds.
        _ => 2 + usize::from(length & 0x7f).min(9),
    };
    let octets = data.get(2..header)?;
    let length = match octets.len() {
        0 => length.into(),
        9 => return None,
        _ => octets.iter().fold(0u64, |length, &octet| length << 8 | u64::from(octet)),
    };
    let end = header.checked_add(usize::try_from(length).ok()?)?;
    let whole = data.get(..end)?;
    Some(Value { tag, contents: whole.get(header..)?, whole })
}

/// A constructed value that ends with two zero octets.
fn indefinite(data: &[u8], tag: u8, depth: usize) -> Option<Value<'_>> {
    if tag & 0x20 == 0 {
        return None;
    }
    let mut at = 2;
    loop {
        let rest = data.get(at..)?;
        if rest.starts_with(&[0, 0]) {
            return Some(Value { tag, contents: data.get(2..at)?, whole: data.get(..at + 2)? });
        }
        at += parse(rest, depth + 1)?.whole.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definite_and_indefinite_lengths_give_the_same_contents() {
        let definite = [0x30, 5, 0x04, 1, 7, 0x05, 0];
        let indefinite = [0x30, 0x80, 0x04, 1, 7, 0x05, 0, 0, 0, 0xff];
        let a = Value::parse(&definite).unwrap();
        let b = Value::parse(&indefinite).unwrap();
        assert_eq!(a.contents, b.contents);
        assert_eq!(b.whole.len(), 9);
        assert_eq!(a.children().map(|child| child.tag).collect::<Vec<_>>(), [OCTET_STRING, 5]);
    }

    #[test]
    fn constructed_octet_strings_are_put_together() {
        let value = [0x24, 0x80, 0x04, 1, 7, 0x04, 2, 8, 9, 0, 0];
        assert_eq!(Value::parse(&value).unwrap().octets(), Some(vec![7, 8, 9]));
    }

    #[test]
    fn lengths_that_claim_more_than_is_there_do_not_fit() {
        let fits = |data: &[u8]| Value::parse(data).map(Value::lengths_fit);
        assert_eq!(fits(&[0x30, 7, 0x31, 2, 0x05, 0, 0x04, 1, 9]), Some(true));
        assert_eq!(fits(&[0x30, 6, 0x31, 4, 0x04, 0x83, 0xff, 0xff]), Some(false), "16 MiB of octets");
        assert_eq!(fits(&[0x30, 0x80].repeat(100_000)), None);
        assert_eq!(fits(&[0x04, 1, 0x30]), Some(true), "octets are not looked into");
    }

    #[test]
    fn nonsense_is_none() {
        let nested: Vec<u8> = [0x30, 0x80].repeat(100_000);
        for data in [&[0x30][..], &[0x30, 3, 0], &[0x04, 0x80, 0, 0], &[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1], &nested]
        {
            assert_eq!(Value::parse(data), None);
        }
        let huge = [0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(Value::parse(&huge), None);
    }
}
