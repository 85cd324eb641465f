//! What the rules about macOS share: what the policy demands, and the signature as far as it can be read.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::facts::macho::MachOFacts;
use crate::facts::macho::code_signature::{CodeSignature, SignatureKind};
use crate::policy::{MacOsPolicy, Pattern, Setting, is_glob};
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
            .map(|setting| PolicySource { key: format!("[macos] {key} = true").into(), origin: setting.origin.clone() })
    };
    line(key, value(macos)).or_else(|| line("notarizable", &macos.notarizable))
}

/// The line of `[macos]` that only a signature with a certificate can satisfy.
pub(in crate::rules) fn identity_demand(subject: &Subject<'_>) -> Option<PolicySource> {
    let team = subject.policy.policy.macos.team.as_ref();
    let team = team.map(|team| PolicySource {
        key: format!("[macos] team = \"{}\"", team.value).into(),
        origin: team.origin.clone(),
    });
    team.or_else(|| demand(subject, "hardened-runtime", |macos| &macos.hardened_runtime))
}

/// An entitlement as the policy names it: a key or a glob over keys, or `KEY=VALUE`.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Entitlement<'a> {
    key: &'a str,
    /// The key, where it is a glob.
    glob: Option<Pattern>,
    value: Option<&'a str>,
}

impl<'a> Entitlement<'a> {
    pub(in crate::rules) fn parse(text: &'a str) -> Self {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim())),
            None => (text.trim(), None),
        };
        let glob = is_glob(key).then(|| Pattern::plain(key).ok()).flatten();
        Entitlement { key, glob, value }
    }

    /// Whether one form of the entitlements claims it.
    pub(in crate::rules) fn is_in(&self, values: &BTreeMap<String, Value>) -> bool {
        !self.claimed_in(values).is_empty()
    }

    /// The keys that one form of the entitlements claims: with this value, or without one with any but `false`. An array has
    /// the value when it is one of its elements.
    pub(in crate::rules) fn claimed_in<'v>(&self, values: &'v BTreeMap<String, Value>) -> Vec<&'v str> {
        let claims = |found: &Value| match (self.value, found) {
            (None, found) => *found != Value::Bool(false),
            (Some(wanted), Value::Array(elements)) => elements.iter().any(|element| written(element) == wanted),
            (Some(wanted), found) => written(found) == wanted,
        };
        let named = |key: &str| self.glob.as_ref().is_some_and(|glob| glob.matches(key));
        let claimed = match &self.glob {
            Some(_) => values.iter().filter(|(key, value)| named(key) && claims(value)).collect(),
            None => Vec::from_iter(values.get_key_value(self.key).filter(|(_, value)| claims(value))),
        };
        claimed.into_iter().map(|(key, _)| key.as_str()).collect()
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
        let globbed = |text: &str| Entitlement::parse(text).claimed_in(&values);
        assert_eq!(globbed("*n*"), ["name", "number", "on"]);
        assert_eq!(globbed("o*=false"), ["off"]);
        assert!(globbed("x*").is_empty());
    }
}
