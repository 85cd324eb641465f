//! A program for macOS claims an entitlement that nobody allowed it.

use serde_json::{Map, Value};

use super::support::apple::{NOT_SIGNED, signature};
use super::support::names::attributes;
use super::support::{NOT_MACOS, NOT_PROGRAM, listed};
use super::{Rule, Subject, Verdict, Violation};
use crate::facts::Format;
use crate::facts::macho::MachOFacts;
use crate::facts::macho::code_signature::{CodeSignature, Entitlements, SignatureKind, from_xml};
use crate::hosts::load::Files;
use crate::policy::Level;

pub(super) static RULE: Rule = Rule {
    id: "restricted-entitlement",
    summary: "a program for macOS claims an entitlement that takes a provisioning profile, and has none",
    default: Level::Deny,
    formats: &[Format::MachO],
    since: "0.1.0",
    check: Some(check),
    docs: r#"## What it checks
Whether a program claims an entitlement that a provisioning profile has to allow (`com.apple.developer.*`,
`keychain-access-groups`, `com.apple.vm.networking`) or that Apple alone has (`com.apple.private.*`), and is signed ad hoc, or
has no profile: no `Contents/embedded.provisionprofile` lies in a bundle around it; or one lies in its own bundle and does not
allow it. Who signed a profile and when it ends is not read, and one that is installed on a Mac does not count. `get-task-allow`, app groups, and what the sandbox and the hardened runtime are set
up with (`com.apple.security.*`) anybody may claim.

## Why it matters
macOS kills such a program before its first instruction: "Code has restricted entitlements, but the validation of its code
signature failed", "No matching profile found". Neither `codesign --verify` nor `spctl` nor the notary says so.

## Example
```text
error[restricted-entitlement]: `dist/app` claims `keychain-access-groups` without a provisioning profile: macOS kills it at its start
  = evidence: the signature claims `keychain-access-groups` = ["ABCDE12345.com.example.app"]
  = evidence: it lies in no bundle, which a profile would be a part of
  = policy: `restricted-entitlement` is `deny` (by default)
  = help: sign it without the entitlement, or ship it as an application with `Contents/embedded.provisionprofile`, or see `seaworthy explain restricted-entitlement`
```

## How to fix
The same for Go and Cargo: take the key out of the file that is given to `codesign --entitlements` or `rcodesign sign
--entitlements-xml-file`. A program that needs it, a command-line tool or daemon too, has to be the program of an application:
`NAME.app/Contents/MacOS/NAME` with the profile as `NAME.app/Contents/embedded.provisionprofile`, signed after it was put there
(Apple, "Signing a daemon with a restricted entitlement").
"#,
};

/// What is restricted, by the beginning of the key or, where it does not end with a dot, by the whole of it.
///
/// Apple, TN3125 "Inside Code Signing: Provisioning Profiles": whatever is not `get-task-allow`, app groups, the sandbox or the
/// hardened runtime needs a profile, with `keychain-access-groups` as its example. Programs that were killed for them:
/// Apple's developer forums 744377 (`com.apple.developer.system-extension.install`) and 791996
/// (`com.apple.developer.endpoint-security.client`, a bare program); GitHub `groundwater/GhostVM` #135
/// (`com.apple.vm.networking`), `maxkle1nz/m1nd` #508 (`keychain-access-groups`, a bare program), and, signed ad hoc,
/// `ingo-eichhorst/Irrlicht` #356.
const RESTRICTED: [&str; 4] =
    ["com.apple.developer.", "com.apple.private.", "com.apple.vm.networking", "keychain-access-groups"];

fn check(subject: &Subject<'_>) -> Verdict {
    let Some(macho) = subject.macos() else { return Verdict::NotApplicable(NOT_MACOS) };
    if !subject.is_program() {
        return Verdict::NotApplicable(NOT_PROGRAM);
    }
    let Some(signature) = signature(macho) else { return Verdict::NotApplicable(NOT_SIGNED) };
    let Some(entitlements) = &signature.entitlements else { return Verdict::Pass };
    let is_restricted =
        |key: &str| RESTRICTED.iter().any(|one| key == *one || one.ends_with('.') && key.starts_with(one));
    let keys = entitlements.values.keys().filter(|key| is_restricted(key) && entitlements.grants(key));
    let mut claimed: Vec<String> = keys.cloned().collect();
    if claimed.is_empty() {
        return match entitlements.unreadable {
            true => Verdict::Inconclusive("a form of its entitlements cannot be read".into()),
            false => Verdict::Pass,
        };
    }
    if is_apples(signature) {
        return Verdict::NotApplicable("Apple signed it, and allows itself what it likes");
    }
    let (why, place) = match refusal(subject, macho, entitlements, &mut claimed) {
        Ok(refusal) => refusal,
        Err(verdict) => return verdict,
    };
    let shown = |key: &String| {
        let value = entitlements.values.get(key).map(ToString::to_string).unwrap_or_default();
        format!("the signature claims `{key}` = {value}")
    };
    Verdict::Violated(vec![Violation {
        message: format!("`{{artifact}}` claims {} {why}: macOS kills it at its start", listed(&claimed, 3)),
        evidence: claimed.iter().map(shown).chain([place]).collect(),
        help: Some(
            "sign it without the entitlement, or ship it as an application with `Contents/embedded.provisionprofile`"
                .into(),
        ),
        ..Violation::default()
    }])
}

/// Why macOS refuses what is claimed, and what shows it; of the keys, those are left that it refuses.
fn refusal(
    subject: &Subject<'_>,
    macho: &MachOFacts,
    entitlements: &Entitlements,
    claimed: &mut Vec<String>,
) -> Result<(&'static str, String), Verdict> {
    if is_adhoc(macho) {
        let place = "an ad hoc signature is by nobody whom a profile could allow anything";
        return Ok(("in an ad hoc signature", place.into()));
    }
    let Some((home, files)) = subject.loads.beside() else {
        return Err(Verdict::Inconclusive("whether a provisioning profile is shipped with it is not known".into()));
    };
    let profile = match profile(home, files) {
        Profile::Own(profile) => profile.and_then(|data| allowed(&data)),
        Profile::Outer => {
            return Err(Verdict::NotApplicable(
                "whether the profile of the bundle around its own allows it is not known",
            ));
        }
        Profile::Absent(place) => return Ok(("without a provisioning profile", place)),
    };
    let allowed = profile.map_err(|why| {
        Verdict::Inconclusive(format!("its `Contents/embedded.provisionprofile` cannot be read: {why}"))
    })?;
    claimed.retain(|key| {
        let mut values = entitlements.forms().filter_map(|values| values.get(key));
        !values.all(|value| allows(allowed.get(key), value))
    });
    if claimed.is_empty() {
        return Err(Verdict::NotApplicable(
            "the provisioning profile of its bundle allows it; who signed that is not read",
        ));
    }
    let place = "its `Contents/embedded.provisionprofile` does not allow that";
    Ok(("beyond its provisioning profile", place.into()))
}

fn is_adhoc(macho: &MachOFacts) -> bool {
    matches!(macho.signature_kind, SignatureKind::Adhoc | SignatureKind::LinkerAdhoc)
}

/// Whether it is a part of macOS, or comes from Apple's store, which signs again what is sold there.
fn is_apples(signature: &CodeSignature) -> bool {
    let signers = signature.cms.iter().flat_map(|cms| &cms.signers).filter_map(|signer| signer.subject.as_deref());
    signature.code_directories.iter().any(|directory| directory.platform != 0)
        || signers.flat_map(attributes).any(|(kind, value)| kind == "O" && value == "Apple Inc.")
}

/// Bytes of the largest profile that is read; one for a hundred devices has some ten thousand.
const LARGEST: u64 = 4 << 20;

/// What a profile allows, by key: the property list in XML that its signature is about (Apple, TN3125).
fn allowed(profile: &[u8]) -> Result<Map<String, Value>, String> {
    let find = |what: &[u8]| profile.windows(what.len()).position(|window| window == what);
    let list = find(b"<?xml").zip(find(b"</plist>")).and_then(|(start, end)| profile.get(start..end + 8));
    match from_xml(list.ok_or("it holds no property list")?)?.remove("Entitlements") {
        Some(Value::Object(allowed)) => Ok(allowed),
        _ => Err("it names no entitlements".into()),
    }
}

/// Whether a profile allows a value: the same one, one that its own with a `*` at the end stands for, or some of an array.
fn allows(allowed: Option<&Value>, claimed: &Value) -> bool {
    let Some(allowed) = allowed else { return false };
    match (allowed, claimed) {
        (_, Value::Array(claimed)) => claimed.iter().all(|one| allows(Some(allowed), one)),
        (Value::Array(allowed), _) => allowed.iter().any(|one| allows(Some(one), claimed)),
        (Value::String(pattern), Value::String(claimed)) => match pattern.strip_suffix('*') {
            Some(start) => claimed.starts_with(start),
            None => pattern == claimed,
        },
        _ => allowed == claimed,
    }
}

/// What came of looking for a profile.
enum Profile {
    /// In the bundle of the program itself: its bytes, or why they cannot be read.
    Own(Result<Vec<u8>, String>),
    /// In a bundle around that one.
    Outer,
    /// It is not there, and where it would be.
    Absent(String),
}

/// Looks for a profile in every bundle around the program: a helper may lie in one within the application.
fn profile(home: &str, files: &dyn Files) -> Profile {
    let mut nearest = None;
    let mut directory = Some(home);
    while let Some(path) = directory {
        if path.ends_with("/Contents") {
            match files.read(&format!("{path}/embedded.provisionprofile"), LARGEST).transpose() {
                None => {}
                Some(_) if nearest.is_some() => return Profile::Outer,
                Some(read) => return Profile::Own(read),
            }
            let bundle = path.trim_end_matches("/Contents").rsplit('/').next().unwrap_or_default();
            nearest = nearest.or_else(|| Some(format!("`{bundle}/Contents/embedded.provisionprofile` is not there")));
        }
        directory = path.rsplit_once('/').map(|(parent, _)| parent);
    }
    Profile::Absent(nearest.unwrap_or_else(|| "it lies in no bundle, which a profile would be a part of".into()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::RULE;
    use crate::facts::macho::code_signature::{Entitlements, SignatureKind};
    use crate::facts::signed_data::{SignedData, Verification};
    use crate::rules::support::testing::{Case, signed_macho, signer};

    const GROUPS: &str = "keychain-access-groups";
    const PROFILE: &str = "/app/A.app/Contents/embedded.provisionprofile";

    fn claims(kind: SignatureKind, entitlements: &[(&str, Value)]) -> Case {
        let values = entitlements.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
        signed_macho(kind, 0x10000, Some("ABCDE12345")).edit_macho(|macho| {
            macho.code_signature.as_mut().expect("a signature").entitlements =
                Some(Entitlements { values, ..Entitlements::default() });
        })
    }

    fn claims_groups() -> Case {
        claims(SignatureKind::Cms, &[(GROUPS, json!(["ABCDE12345.com.example.app"]))])
    }

    fn at(case: Case, path: &str) -> Case {
        let path = path.into();
        case.with(|case| case.artifact.path = path)
    }

    #[test]
    fn a_restricted_entitlement_of_a_bare_program_violates() {
        claims_groups().documented(&RULE);
        for key in
            ["com.apple.developer.networking.networkextension", "com.apple.vm.networking", "com.apple.private.tcc"]
        {
            claims(SignatureKind::Cms, &[(key, true.into())]).violations(&RULE);
        }
    }

    #[test]
    fn a_bundle_without_a_profile_violates_and_that_of_an_outer_one_is_left_to_apple() {
        let path = "A.app/Contents/MacOS/app";
        let found = at(claims_groups(), path).violations(&RULE).remove(0);
        assert_eq!(found.evidence[1], "`A.app/Contents/embedded.provisionprofile` is not there");
        let helper = at(claims_groups(), "A.app/Contents/XPCServices/B.xpc/Contents/MacOS/b");
        helper.beside_data(PROFILE, "").not_applicable(&RULE);
        // Nobody is allowed anything by it.
        let adhoc = at(claims(SignatureKind::Adhoc, &[(GROUPS, json!(["a"]))]), path);
        adhoc.beside_data(PROFILE, "").violations(&RULE);
    }

    #[test]
    fn a_profile_allows_what_it_names() {
        let with = |key: &str, claimed: Value, entitlements: &str| {
            // What is signed lies in the midst of the signature.
            let profile = format!(
                "\u{1}0<?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>Entitlements</key><dict>{entitlements}</dict>\
                 </dict></plist>\u{1}0"
            );
            at(claims(SignatureKind::Cms, &[(key, claimed)]), "A.app/Contents/MacOS/app").beside_data(PROFILE, &profile)
        };
        let groups = "<key>keychain-access-groups</key><array><string>ABCDE12345.*</string></array>";
        with(GROUPS, json!(["ABCDE12345.com.example.app"]), groups).not_applicable(&RULE);
        with(GROUPS, json!(["ABCDE12345.com.example.app", "OTHER67890.x"]), groups).violations(&RULE);
        const VPN: &str = "com.apple.developer.networking.vpn.api";
        let found = with(VPN, json!(true), groups).violations(&RULE).remove(0);
        assert!(found.message.contains("beyond its provisioning profile"), "{found:?}");
        with(VPN, json!(true), &format!("<key>{VPN}</key><true/>")).not_applicable(&RULE);
        with(VPN, json!(true), "<key>").inconclusive(&RULE);
    }

    #[test]
    fn what_anybody_may_claim_passes() {
        for key in [
            "com.apple.security.get-task-allow",
            "com.apple.security.application-groups",
            "com.apple.security.app-sandbox",
            "com.apple.security.cs.allow-jit",
            "com.apple.security.network.client",
            "com.apple.vm.networking.other",
        ] {
            claims(SignatureKind::Adhoc, &[(key, true.into())]).passes(&RULE);
        }
        claims(SignatureKind::Adhoc, &[("com.apple.developer.team-identifier", false.into())]).passes(&RULE);
        signed_macho(SignatureKind::Adhoc, 0, None).passes(&RULE);
    }

    #[test]
    fn what_cannot_be_read_is_no_pass() {
        let unreadable = claims(SignatureKind::Adhoc, &[]).edit_macho(|macho| {
            let signature = macho.code_signature.as_mut().expect("a signature");
            signature.entitlements.as_mut().expect("entitlements").unreadable = true;
        });
        unreadable.inconclusive(&RULE);
    }

    #[test]
    fn apples_own_and_what_is_not_signed_are_left_alone() {
        let by = |subject: &str| {
            let mut signer = signer(Verification::Valid, None);
            signer.subject = Some(subject.to_owned());
            let cms = SignedData { signers: vec![signer], certificates: Vec::new() };
            claims_groups().edit_macho(|macho| macho.code_signature.as_mut().expect("a signature").cms = Some(cms))
        };
        by("CN=Apple Mac OS Application Signing,O=Apple Inc.,C=US").not_applicable(&RULE);
        by("CN=Developer ID Application: Jane Doe (ABCDE12345),OU=ABCDE12345,O=Jane Doe").violations(&RULE);
        Case::macho().not_applicable(&RULE);
        Case::dylib().not_applicable(&RULE);
    }
}
