//! Code requirements: the conditions under which the system takes other code for the same program, written as
//! `codesign -d -r-` writes them (Security framework, `requirement.h`).

use std::collections::BTreeMap;

use crate::facts::bytes::{hex, text};
use crate::facts::fields::Fields;
use crate::facts::signed_data::oid;

/// Deepest nesting of an expression that is followed.
const DEEPEST: usize = 64;

/// Most operators of one requirement; real ones have fewer than twenty.
const MOST_OPERATORS: usize = 4096;

/// The requirements of a blob (`CSMAGIC_REQUIREMENTS`) by their kind; the error is a sentence.
pub(super) fn parse(blob: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let fields = Fields::big(blob);
    let count = fields.u32(8).ok_or("the requirements are shorter than their header")?;
    let mut requirements = BTreeMap::new();
    for index in 0..count.min(16) as usize {
        let entry = || {
            let kind = fields.u32(12 + index * 8)?;
            let at = fields.u32(16 + index * 8)? as usize;
            let requirement = fields.slice(at, fields.u32(at.checked_add(4)?)? as usize)?;
            Some((kind, expression(requirement)?))
        };
        let (kind, text) = entry().ok_or_else(|| format!("requirement {index} cannot be read"))?;
        requirements.insert(kind_name(kind), text);
    }
    Ok(requirements)
}

fn kind_name(kind: u32) -> String {
    let known = match kind {
        1 => "host",
        2 => "guest",
        3 => "designated",
        4 => "library",
        5 => "plugin",
        other => return format!("unknown-{other}"),
    };
    known.to_owned()
}

/// One `CSMAGIC_REQUIREMENT` blob in expression form.
fn expression(blob: &[u8]) -> Option<String> {
    let fields = Fields::big(blob);
    (fields.u32(0)? == 0xfade_0c00 && fields.u32(8)? == 1).then_some(())?;
    Reader { fields, at: 12, operators: 0 }.operator(Level::Top, 0)
}

/// How tightly the surrounding expression binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Primary,
    And,
    Or,
    Top,
}

struct Reader<'a> {
    fields: Fields<'a>,
    at: usize,
    operators: usize,
}

impl Reader<'_> {
    fn operator(&mut self, level: Level, depth: usize) -> Option<String> {
        self.operators += 1;
        if depth > DEEPEST || self.operators > MOST_OPERATORS {
            return None;
        }
        // The high byte holds flags for older systems: what to do when they do not know the operator.
        Some(match self.word()? & 0x00ff_ffff {
            0 => "never".into(),
            1 => "always".into(),
            2 => format!("identifier {}", self.string()?),
            3 => "anchor apple".into(),
            4 => format!("{} = H\"{}\"", self.certificate()?, self.hexadecimal()?),
            5 => format!("info[{}] = {}", self.key()?, self.string()?),
            6 => self.pair("and", Level::And, level, depth)?,
            7 => self.pair("or", Level::Or, level, depth)?,
            8 => format!("cdhash H\"{}\"", self.hexadecimal()?),
            9 => format!("! {}", self.operator(Level::Primary, depth + 1)?),
            10 => format!("info[{}]{}", self.key()?, self.comparison()?),
            11 => format!("{}[{}]{}", self.certificate()?, self.key()?, self.comparison()?),
            12 => format!("{} trusted", self.certificate()?),
            13 => "anchor trusted".into(),
            14 => format!("{}[field.{}]{}", self.certificate()?, oid(self.data()?), self.comparison()?),
            15 => "anchor apple generic".into(),
            16 => format!("entitlement[{}]{}", self.key()?, self.comparison()?),
            17 => format!("{}[policy.{}]{}", self.certificate()?, oid(self.data()?), self.comparison()?),
            18 => format!("anchor apple {}", self.key()?),
            19 => format!("({})", self.key()?),
            20 => format!("platform = {}", self.word()?),
            21 => "notarized".into(),
            22 => format!("{}[timestamp.{}]{}", self.certificate()?, oid(self.data()?), self.comparison()?),
            23 => "legacy".into(),
            _ => return None,
        })
    }

    fn pair(&mut self, word: &str, own: Level, outer: Level, depth: usize) -> Option<String> {
        let left = self.operator(own, depth + 1)?;
        let right = self.operator(own, depth + 1)?;
        Some(if outer < own { format!("({left} {word} {right})") } else { format!("{left} {word} {right}") })
    }

    fn comparison(&mut self) -> Option<String> {
        Some(match self.word()? {
            0 => " /* exists */".into(),
            1 => format!(" = {}", self.string()?),
            2 => format!(" ~ {}", self.string()?),
            3 => format!(" = {}*", self.string()?),
            4 => format!(" = *{}", self.string()?),
            5 => format!(" < {}", self.string()?),
            6 => format!(" > {}", self.string()?),
            7 => format!(" <= {}", self.string()?),
            8 => format!(" >= {}", self.string()?),
            kind @ 9..=13 => format!(" {} timestamp {}", ["=", "<", ">", "<=", ">="][kind as usize - 9], self.time()?),
            14 => " absent".into(),
            _ => return None,
        })
    }

    fn word(&mut self) -> Option<u32> {
        let word = self.fields.u32(self.at)?;
        self.at += 4;
        Some(word)
    }

    /// Seconds since 2001.
    fn time(&mut self) -> Option<u64> {
        let time = self.fields.u64(self.at)?;
        self.at += 8;
        Some(time)
    }

    /// A length and that many bytes, filled up to a multiple of four.
    fn data(&mut self) -> Option<&[u8]> {
        let length = self.word()? as usize;
        let data = self.fields.slice(self.at, length)?;
        self.at += length.checked_next_multiple_of(4)?;
        Some(data)
    }

    fn hexadecimal(&mut self) -> Option<String> {
        self.data().map(hex)
    }

    fn key(&mut self) -> Option<String> {
        self.data().map(text)
    }

    /// A value, always in quotation marks.
    fn string(&mut self) -> Option<String> {
        Some(format!("{:?}", self.key()?))
    }

    fn certificate(&mut self) -> Option<String> {
        Some(match self.word()? as i32 {
            0 => "certificate leaf".into(),
            -1 => "certificate root".into(),
            number => format!("certificate {number}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(words: &[&[u8]]) -> Vec<u8> {
        let body = words.concat();
        [&0xfade_0c00_u32.to_be_bytes(), &(body.len() as u32 + 12).to_be_bytes(), &[0, 0, 0, 1], body.as_slice()]
            .concat()
    }

    #[test]
    fn expressions_are_written_as_codesign_writes_them() {
        let (and, or) = ([0, 0, 0, 6], [0, 0, 0, 7]);
        let identifier = [0, 0, 0, 2, 0, 0, 0, 3, b'a', b'.', b'b', 0];
        let unit = [0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 2, b'O', b'U', 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, b'T', 0, 0, 0];
        let blob = requirement(&[&and, &identifier, &or, &[0, 0, 0, 15], &unit]);
        let expected = r#"identifier "a.b" and (anchor apple generic or certificate leaf[OU] = "T")"#;
        assert_eq!(expression(&blob).as_deref(), Some(expected));
    }

    #[test]
    fn endless_and_cut_off_expressions_are_refused() {
        let nots = vec![[0, 0, 0, 9]; 10_000].concat();
        assert_eq!(expression(&requirement(&[&nots])), None);
        assert_eq!(expression(&requirement(&[&[0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff]])), None);
        assert!(parse(&[0; 11]).is_err());
    }
}
