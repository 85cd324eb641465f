//! Entitlements in DER, which macOS 12 and later read instead of the XML.
//!
//! `[APPLICATION 16] { INTEGER 1, [16] { SEQUENCE { UTF8String key, value }… } }`; before that form, a SET of the pairs
//! stood alone.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::facts::asn1::{INTEGER, SEQUENCE, SET, Value};
use crate::facts::bytes::{hex, text};

const BOOLEAN: u8 = 0x01;
const UTF8_STRING: u8 = 0x0c;
/// `[APPLICATION 16]`, constructed.
const VERSIONED: u8 = 0x70;
/// `[16]`, constructed.
const DICTIONARY: u8 = 0xb0;

/// Deepest nesting that is followed.
const DEEPEST: usize = 32;

/// The entitlements by key; the error is a sentence.
pub(super) fn parse(der: &[u8]) -> Result<BTreeMap<String, Json>, String> {
    let damaged = || "the DER entitlements cannot be read".to_owned();
    let outer = Value::parse(der).ok_or_else(damaged)?;
    let pairs = match outer.tag {
        VERSIONED => outer.child(DICTIONARY).ok_or_else(damaged)?,
        SET => outer,
        _ => return Err(damaged()),
    };
    dictionary(pairs, 0).map(|pairs| pairs.into_iter().collect()).ok_or_else(damaged)
}

fn dictionary(pairs: Value<'_>, depth: usize) -> Option<serde_json::Map<String, Json>> {
    pairs.children().map(|pair| entry(pair, depth)).collect()
}

fn entry(pair: Value<'_>, depth: usize) -> Option<(String, Json)> {
    let mut parts = pair.tagged(SEQUENCE)?.children();
    let key = text(parts.next()?.tagged(UTF8_STRING)?.contents);
    Some((key, value(parts.next()?, depth + 1)?))
}

fn value(found: Value<'_>, depth: usize) -> Option<Json> {
    if depth > DEEPEST {
        return None;
    }
    Some(match found.tag {
        BOOLEAN => (found.contents != [0]).into(),
        UTF8_STRING => text(found.contents).into(),
        INTEGER => integer(found.contents)?.into(),
        SEQUENCE => found.children().map(|item| value(item, depth + 1)).collect::<Option<Vec<_>>>()?.into(),
        DICTIONARY | SET => Json::Object(dictionary(found, depth)?),
        _ => hex(found.contents).into(),
    })
}

/// A two's complement integer of up to eight octets.
fn integer(octets: &[u8]) -> Option<i64> {
    let negative = *octets.first()? >= 0x80;
    (octets.len() <= 8)
        .then(|| octets.iter().fold(if negative { -1 } else { 0 }, |all, &octet| all << 8 | i64::from(octet)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_and_values_are_read() {
        let pair = |key: &str, value: &[u8]| {
            let key = [&[UTF8_STRING, key.len() as u8], key.as_bytes()].concat();
            let inner = [key.as_slice(), value].concat();
            [&[SEQUENCE, inner.len() as u8], inner.as_slice()].concat()
        };
        let pairs = [pair("a", &[1, 1, 0xff]), pair("b", &[0x30, 3, 0x0c, 1, b'x']), pair("c", &[2, 1, 0xfe])].concat();
        let dictionary = [&[DICTIONARY, pairs.len() as u8], pairs.as_slice()].concat();
        let body = [[2, 1, 1].as_slice(), &dictionary].concat();
        let whole = [&[VERSIONED, body.len() as u8], body.as_slice()].concat();
        let expected = BTreeMap::from([("a".into(), json!(true)), ("b".into(), json!(["x"])), ("c".into(), json!(-2))]);
        assert_eq!(parse(&whole), Ok(expected));
        assert!(parse(&whole[..whole.len() - 1]).is_err());
    }

    #[test]
    fn nesting_ends() {
        let mut nested = vec![UTF8_STRING, 0];
        for _ in 0..60 {
            nested = [&[SEQUENCE, nested.len() as u8], nested.as_slice()].concat();
        }
        assert_eq!(value(Value::parse(&nested).unwrap(), 0), None);
    }
}
