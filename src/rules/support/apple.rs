//! What the rules about macOS share: what the policy demands, and the signature as far as it can be read.

use crate::facts::macho::MachOFacts;
use crate::facts::macho::code_signature::{CodeSignature, SignatureKind};
use crate::policy::{MacOsPolicy, Setting};
use crate::rules::{PolicySource, Subject};

/// Why a rule about the contents of a signature has nothing to say without one.
pub(in crate::rules) const NOT_SIGNED: &str =
    "it carries no signature that can be read: see `unsigned-code` and `stale-signature`";

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
