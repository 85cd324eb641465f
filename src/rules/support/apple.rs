//! What the rules about macOS share: what the policy demands, and the signature as far as it can be read.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::facts::macho::MachOFacts;
use crate::facts::macho::code_signature::{CodeSignature, SignatureKind};
use crate::policy::{MacOsPolicy, Setting};
use crate::rules::{PolicySource, Subject};

/// Why a rule about the contents of a signature has nothing to say without one.
pub(in crate::rules) const NOT_SIGNED: &str =
    "it carries no signature that can be read: see `unsigned-code` and `stale-signature`";

/// How to sign with a certificate.
pub(in crate::rules) const BY_CERTIFICATE: &str =
    "sign it with a certificate after the build: `codesign --sign IDENTITY --options runtime --timestamp FILE`";

/// The signature, when there is one that can be read.
pub(in crate::rules) fn signature(macho: &MachOFacts) -> Option<&CodeSignature> {
    let readable = !matches!(macho.signature_kind, SignatureKind::None | SignatureKind::Damaged);
    macho.code_signature.as_ref().filter(|_| readable)
}

/// The line of `[macos]` that demands something: the key itself, or `notarizable`, which demands all that Apple's notary
/// does.
pub(in crate::rules) fn demand(
    subject: &Subject<'_>,
    key: &str,
    value: impl Fn(&MacOsPolicy) -> &Option<Setting<bool>>,
) -> Option<PolicySource> {
    let macos = &subject.policy.policy.macos;
    let line = |key: &str, setting: &Option<Setting<bool>>| {
        setting
            .as_ref()
            .filter(|setting| setting.value)
            .map(|setting| PolicySource { key: format!("[macos] {key} = true"), origin: setting.origin.clone() })
    };
    line(key, value(macos)).or_else(|| line("notarizable", &macos.notarizable))
}

/// The line of `[macos]` that only a signature with a certificate can satisfy.
pub(in crate::rules) fn identity_demand(subject: &Subject<'_>) -> Option<PolicySource> {
    let team = subject.policy.policy.macos.team.as_ref();
    let team = team
        .map(|team| PolicySource { key: format!("[macos] team = \"{}\"", team.value), origin: team.origin.clone() });
    team.or_else(|| demand(subject, "hardened-runtime", |macos| &macos.hardened_runtime))
}

/// An entitlement as the policy names it: a key, or `KEY=VALUE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) struct Entitlement<'a> {
    pub(in crate::rules) key: &'a str,
    value: Option<&'a str>,
}

impl<'a> Entitlement<'a> {
    pub(in crate::rules) fn parse(text: &'a str) -> Self {
        match text.split_once('=') {
            Some((key, value)) => Entitlement { key: key.trim(), value: Some(value.trim()) },
            None => Entitlement { key: text.trim(), value: None },
        }
    }

    /// Whether one form of the entitlements claims it: with this value, or without one with any but `false`. An array has
    /// the value when it is one of its elements.
    pub(in crate::rules) fn is_in(&self, values: &BTreeMap<String, Value>) -> bool {
        let Some(found) = values.get(self.key) else { return false };
        match (self.value, found) {
            (None, found) => *found != Value::Bool(false),
            (Some(wanted), Value::Array(elements)) => elements.iter().any(|element| written(element) == wanted),
            (Some(wanted), found) => written(found) == wanted,
        }
    }
}

/// A value as a policy writes it: a string without quotation marks.
fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entitlement_is_a_key_or_a_key_with_its_value() {
        let values: BTreeMap<String, Value> = serde_json::from_value(serde_json::json!({
            "on": true, "off": false, "number": 3, "name": "TEAM.app", "groups": ["one", "two"],
        }))
        .expect("an object");
        for claimed in ["on", "on=true", "off=false", "number = 3", "name=TEAM.app", "groups", "groups=two"] {
            assert!(Entitlement::parse(claimed).is_in(&values), "{claimed}");
        }
        for other in ["off", "on=false", "number=4", "name=TEAM", "groups=three", "absent", "absent=false"] {
            assert!(!Entitlement::parse(other).is_in(&values), "{other}");
        }
    }
}
