//! Entitlements: a property list in XML, and the same in DER since macOS 12.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::der_entitlements;
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
    /// Whether both forms say the same; `None` when there is only one, or one cannot be read.
    pub forms_agree: Option<bool>,
    /// What the DER form says, where it does not say the same as the XML form.
    pub der_values: Option<BTreeMap<String, Value>>,
    /// A form is there that cannot be read.
    pub unreadable: bool,
}

impl Entitlements {
    /// What each form says: macOS 12 and later go by the DER form, earlier ones by the XML form.
    pub fn forms(&self) -> impl Iterator<Item = &BTreeMap<String, Value>> {
        std::iter::once(&self.values).chain(&self.der_values)
    }

    /// Whether an entitlement is there and not `false`, in every form.
    pub fn grants(&self, key: &str) -> bool {
        self.forms().all(|values| values.get(key).is_some_and(|value| *value != Value::Bool(false)))
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
    let mut take = |form: Result<BTreeMap<String, Value>, String>| form.map_err(|problem| problems.push(problem)).ok();
    let xml = xml.and_then(|xml| take(from_xml(xml)));
    let der = der.and_then(|der| take(der_entitlements::parse(der)));
    entitlements.unreadable = (entitlements.has_xml && xml.is_none()) || (entitlements.has_der && der.is_none());
    if let (Some(xml), Some(der)) = (&xml, &der) {
        entitlements.forms_agree = Some(xml == der);
        if xml != der {
            problems.push("the XML and the DER entitlements differ".into());
            entitlements.der_values = Some(der.clone());
        }
    }
    entitlements.values = xml.or(der).unwrap_or_default();
    Some(entitlements)
}

/// The entitlements of a property list in XML, by key: a blob of a signature, or a file of a project.
///
/// # Errors
/// One sentence that says what is wrong with it.
pub fn from_xml(xml: &[u8]) -> Result<BTreeMap<String, Value>, String> {
    // An empty blob means no entitlements.
    if xml.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
        return Ok(BTreeMap::new());
    }
    let value = property_list(xml).map_err(|error| format!("the XML entitlements: {error}"))?;
    let dictionary = value.into_dictionary().ok_or("the XML entitlements are not a dictionary")?;
    Ok(dictionary.into_iter().map(|(key, value)| (key, json(value))).collect())
}

/// A property list in XML that is not nested without end.
pub(super) fn property_list(xml: &[u8]) -> Result<plist::Value, String> {
    if containers(xml) > MOST_CONTAINERS {
        return Err(format!("more than {MOST_CONTAINERS} dictionaries and arrays"));
    }
    plist::Value::from_reader_xml(xml).map_err(|error| error.to_string())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_entitlements_become_json() {
        let xml = b"<plist version=\"1.0\"><dict><key>a</key><true/><key>b</key><array><string>x</string></array></dict></plist>";
        let values = from_xml(xml).unwrap();
        assert_eq!(values["a"], Value::Bool(true));
        assert_eq!(values["b"], serde_json::json!(["x"]));
        assert_eq!(from_xml(b"\n"), Ok(BTreeMap::new()));
        assert!(from_xml(b"<plist><array/></plist>").is_err());
    }

    #[test]
    fn endless_nesting_is_refused_before_it_is_parsed() {
        let bomb = "<array>".repeat(1_000_000);
        assert!(from_xml(bomb.as_bytes()).unwrap_err().contains("more than 1000"));
    }
}
