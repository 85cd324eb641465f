//! The verdicts of the rules about signatures, against what the manifest says of each signature: what it is, whether its
//! hashes are right, whose it is, and whether somebody else has seen when it was made.
//!
//! The policy asks for everything. What a rule has to say follows from the record alone.

use std::path::Path;

use seaworthy::facts::{Facts, FileFacts};
use seaworthy::hosts::Disk;
use seaworthy::hosts::load::Loads;
use seaworthy::policy::{Policy, Setting};
use seaworthy::rules::{self, Subject, Verdict};
use seaworthy::run::{Artifact, Provenance, Role};
use serde_json::Value;

use crate::field::{Comparison, strings};

/// What a rule must say.
const PASS: &str = "pass";
const VIOLATED: &str = "violated";
const NOT_APPLICABLE: &str = "not applicable";

/// A team, and a name, that nobody has.
const NOBODY: &str = "NOBODY0000";

/// Compares the verdicts on one binary.
pub(crate) fn compare(comparison: &mut Comparison, record: &Value, file: &FileFacts) {
    match record["format"].as_str() {
        Some("macho") => {
            for (theirs, slice) in record["slices"].as_array().into_iter().flatten().zip(&file.slices) {
                macho(comparison, theirs, &Case { file, slice, path: &record["path"] });
            }
        }
        Some("pe") => {
            if let Some(slice) = file.slices.first() {
                pe(comparison, record, &Case { file, slice, path: &record["path"] });
            }
        }
        _ => {}
    }
}

/// One slice, to be judged.
struct Case<'c> {
    file: &'c FileFacts,
    slice: &'c Facts,
    path: &'c Value,
}

impl Case<'_> {
    /// What a rule says by a policy that asks for everything, of this team or signer if one is given.
    fn verdict(&self, rule: &str, whose: Option<&str>) -> &'static str {
        let mut policy = Policy::default_policy();
        policy.macos.notarizable = Some(Setting::default(true));
        policy.windows.signed = Some(Setting::default(true));
        policy.macos.team = whose.map(|team| Setting::default(team.to_owned()));
        policy.windows.signer = whose.map(|signer| Setting::default(signer.to_owned()));
        let path = self.path.as_str().unwrap_or_default();
        let effective = policy.for_artifact(path, None);
        let artifact = Artifact { path: Path::new(path).into(), role: Role::Unknown, package: None, target: None };
        let files = Disk::default();
        let loads = Loads::new(self.slice, path, &[], &files);
        let subject = Subject {
            artifact: &artifact,
            facts: self.slice,
            file: self.file,
            policy: &effective,
            hosts: &[],
            loads: &loads,
            provenance: &Provenance::default(),
            image: None,
        };
        let rule = rules::find(rule).unwrap_or_else(|| panic!("there is no rule `{rule}`"));
        match rule.check.expect("it judges files")(&subject) {
            Verdict::Pass => PASS,
            Verdict::Violated(_) | Verdict::PartlyOpen(..) => VIOLATED,
            Verdict::NotApplicable(_) => NOT_APPLICABLE,
            Verdict::Inconclusive(_) => "inconclusive",
        }
    }
}

fn macho(comparison: &mut Comparison, theirs: &Value, case: &Case<'_>) {
    // Only macOS: other systems of Apple's have rules of their own, and object files are not run.
    let is_program = theirs["filetype"] == "execute";
    if theirs["platform"] != "macos" || !is_program && theirs["filetype"] != "dylib" && theirs["filetype"] != "bundle" {
        return;
    }
    let signature = &theirs["code_signature"];
    let (signed, cms) = (signature.is_object(), signature["kind"] == "cms");
    let linker = signature["kind"] == "adhoc-linker";
    comparison.signature(signature["kind"].as_str().map_or("no Mach-O signature", |kind| match kind {
        "cms" => "CMS signature",
        "adhoc" => "ad hoc signature",
        "adhoc-linker" => "linker's signature",
        _ => "other Mach-O signature",
    }));
    let sound = signature["hashes_valid"] == true && signature["cms_verifies_code_directory"] != false;
    let debugged = signature["entitlements"]["com.apple.security.get-task-allow"] == true;
    let team = signature["team_id"].as_str();
    let mut expect = |rule: &str, whose: Option<&str>, applies: bool, fine: bool| {
        let verdict = if !applies {
            NOT_APPLICABLE
        } else if fine {
            PASS
        } else {
            VIOLATED
        };
        comparison.verdict(rule, verdict, case.verdict(rule, whose));
    };
    expect("unsigned-code", None, true, signed);
    expect("stale-signature", None, signed, sound);
    expect("adhoc-signature", None, signed, cms);
    expect("missing-hardened-runtime", None, is_program && signed && !linker, signature["hardened_runtime"] == true);
    expect("missing-timestamp", None, cms, signature["cms_timestamped"] == true);
    expect("forbidden-entitlement", None, signed, !debugged);
    expect("wrong-team", Some(team.unwrap_or(NOBODY)), cms, team.is_some());
    expect("wrong-team", Some(NOBODY), cms, false);
}

fn pe(comparison: &mut Comparison, record: &Value, case: &Case<'_>) {
    let signatures: Vec<&Value> = record["authenticode"].as_array().into_iter().flatten().collect();
    let signed = !signatures.is_empty();
    comparison.signature(if signed { "Authenticode signature" } else { "unsigned image" });
    let ours = &record["osslsigncode"];
    let sound = signatures.iter().all(|one| one["lief_verify"] == "OK") && ours["digest_match"] != false;
    let mut expect = |rule: &str, whose: Option<&str>, verdict: &str| {
        comparison.verdict(rule, verdict, case.verdict(rule, whose));
    };
    let of = |fine: bool| if fine { PASS } else { VIOLATED };
    expect("stale-signature", None, if signed { of(sound) } else { NOT_APPLICABLE });
    // Firmware is not Windows, whose rules about who signs it do not hold there.
    if record["subsystem"].as_str().is_some_and(|subsystem| subsystem.starts_with("efi")) {
        for rule in ["unsigned-image", "missing-timestamp", "wrong-signer"] {
            expect(rule, Some(NOBODY), NOT_APPLICABLE);
        }
        return;
    }
    expect("unsigned-image", None, of(signed));
    expect("wrong-signer", Some(NOBODY), if signed { VIOLATED } else { NOT_APPLICABLE });
    let names: Vec<String> = signatures.iter().flat_map(|one| strings(&one["signers"])).filter_map(common).collect();
    if let Some(name) = names.first().filter(|first| names.iter().all(|name| name == *first)) {
        expect("wrong-signer", Some(name), PASS);
    }
    if !signed {
        expect("missing-timestamp", None, NOT_APPLICABLE);
    } else if signatures.len() == 1 && !ours["digest_match"].is_null() {
        expect("missing-timestamp", None, of(ours["timestamp"].is_string()));
    }
}

/// `CN=…` of a name, unless it has a comma of its own, which tools write differently.
fn common(name: String) -> Option<String> {
    let parts = super::pe::parts(&name);
    parts.into_iter().find(|part| part.starts_with("CN=") && !part.contains(','))
}
