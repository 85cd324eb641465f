//! Entitlements: a property list in XML, and the same in DER since macOS 12.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::superblob::{DER_ENTITLEMENTS, ENTITLEMENTS, SuperBlob};

/// Most dictionaries and arrays of one property list; nesting without end would exhaust the stack.
const MOST_CONTAINERS: usize = 1000;

/// The entitlements a signature claims.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Entitlements {
    /// What the XML form says, by key; where there is only the DER form, what that says.
    pub values: BTreeMap<String, Value>,
    /// There is an XML form.
    pub has_xml: bool,
    /// There is a DER form, which macOS 12 and later read.
    pub has_der: bool,
}

impl Entitlements {
    /// Whether an entitlement is there and not `false`.
    pub fn grants(&self, key: &str) -> bool {
        self.values.get(key).is_some_and(|value| *value != Value::Bool(false))
    }
}

/// Reads both forms; what is wrong with them is added to `problems`.
pub(super) fn read(superblob: &SuperBlob<'_>, problems: &mut Vec<String>) -> Option<Entitlements> {
    let xml = superblob.content(ENTITLEMENTS);
    let der = superblob.content(DER_ENTITLEMENTS);
    if xml.is_none() && der.is_none() {
        return None;
    }
    let mut entitlements = Entitlements { has_xml: xml.is_some(), has_der: der.is_some(), ..Entitlements::default() };
    match xml.map(from_xml) {
        Some(Ok(values)) => entitlements.values = values,
        Some(Err(problem)) => problems.push(problem),
        None => {}
    }
    Some(entitlements)
}

fn from_xml(xml: &[u8]) -> Result<BTreeMap<String, Value>, String> {
    // An empty blob means no entitlements.
    if xml.iter().all(u8::is_ascii_whitespace) {
        return Ok(BTreeMap::new());
    }
    if containers(xml) > MOST_CONTAINERS {
        return Err(format!("the XML entitlements have more than {MOST_CONTAINERS} dictionaries and arrays"));
    }
    let value = plist::Value::from_reader_xml(xml).map_err(|error| format!("the XML entitlements: {error}"))?;
    let dictionary = value.into_dictionary().ok_or("the XML entitlements are not a dictionary")?;
    Ok(dictionary.into_iter().map(|(key, value)| (key, json(value))).collect())
}

fn containers(xml: &[u8]) -> usize {
    xml.split(|&byte| byte == b'<').filter(|tag| tag.starts_with(b"dict") || tag.starts_with(b"array")).count()
}

/// A property list value in JSON; data and dates become text.
fn json(value: plist::Value) -> Value {
    match value {
        plist::Value::Boolean(value) => value.into(),
        plist::Value::String(value) => value.into(),
        plist::Value::Real(value) => value.into(),
        plist::Value::Array(values) => values.into_iter().map(json).collect(),
        plist::Value::Dictionary(values) => values.into_iter().map(|(key, value)| (key, json(value))).collect(),
        plist::Value::Integer(value) => {
            value.as_signed().map(Value::from).or_else(|| value.as_unsigned().map(Value::from)).unwrap_or_default()
        }
        plist::Value::Data(bytes) => crate::facts::bytes::hex(&bytes).into(),
        plist::Value::Date(date) => date.to_xml_format().into(),
        _ => Value::Null,
    }
}
