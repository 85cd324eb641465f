//! PAX records: `LENGTH KEY=VALUE` and a line feed, where the value may be any bytes.

use crate::images::Refused;

/// What the records of one member say, as far as it matters here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pax {
    pub(super) name: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    /// GNU tar keeps a sparse file in this way.
    pub(super) is_sparse: bool,
}

impl Pax {
    /// Reads all records.
    ///
    /// # Errors
    /// Records whose lengths do not add up, or values that make no sense.
    pub(super) fn parse(mut bytes: &[u8]) -> Result<Pax, Refused> {
        let damaged = || Refused("it is damaged: an extended header is no PAX records".to_owned());
        let mut found = Pax::default();
        while !bytes.is_empty() {
            let space = bytes.iter().take(20).position(|&byte| byte == b' ').ok_or_else(damaged)?;
            let length = std::str::from_utf8(&bytes[..space]).ok().and_then(|text| text.parse::<usize>().ok());
            let record = length.and_then(|length| bytes.get(space + 1..length)).ok_or_else(damaged)?;
            bytes = bytes.get(space + 1 + record.len()..).unwrap_or_default();
            let record = record.strip_suffix(b"\n").ok_or_else(damaged)?;
            let equals = record.iter().position(|&byte| byte == b'=').ok_or_else(damaged)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => found.name = Some(value.to_vec()),
                b"linkpath" => found.link = Some(value.to_vec()),
                b"size" => found.size = Some(number(value).ok_or_else(damaged)?),
                b"uid" => found.uid = number(value),
                b"gid" => found.gid = number(value),
                key if key.starts_with(b"GNU.sparse.") => found.is_sparse = true,
                _ => {}
            }
        }
        // An empty value takes the record back.
        found.name = found.name.filter(|name| !name.is_empty());
        found.link = found.link.filter(|link| !link.is_empty());
        Ok(found)
    }
}

fn number<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_may_hold_anything() {
        let capability = b"37 SCHILY.xattr.security.capability=\n".len() + 2;
        let records =
            [b"14 path=a\nbcd\n", &format!("{capability} SCHILY.xattr.security.capability=\n\0\n").into_bytes()[..]];
        let found = Pax::parse(&[&records.concat()[..], b"9 size=7\n13 uid=70000\n"].concat()).expect("good records");
        assert_eq!(found, Pax { name: Some(b"a\nbcd".to_vec()), size: Some(7), uid: Some(70000), ..Pax::default() });
    }

    #[test]
    fn lengths_that_do_not_add_up_are_refused() {
        for bad in
            ["x", "9 size=7", "11 size=7\n", "99999999999999999999 a=b\n", "0 a=b\n", "3 \n", "9 size=x\n", "5 abc\n"]
        {
            assert!(Pax::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
