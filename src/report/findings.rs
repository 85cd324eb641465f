//! What every form of a report says about a finding, in the same words.

use std::borrow::Cow;

use crate::check::{ArtifactResult, Finding, Overall};
use crate::policy::{Level, Origin};
use crate::rules::{self, PolicySource};

use super::{escape, origin, path};

/// Stands where the id of a rule stands when an artifact could not be judged.
pub(super) const INCONCLUSIVE: &str = "inconclusive";
/// What findings can rest on beside rules: id and meaning.
pub(super) const NO_RULES: [(&str, &str); 2] = [
    ("conflict", "what the user set clashes with the policy, so the build was not started"),
    (INCONCLUSIVE, "a fact is missing, so the file could not be judged"),
];

/// What a word means that stands in the place of a rule.
pub(crate) fn meaning(id: &str) -> Option<&'static str> {
    NO_RULES.iter().find(|(word, _)| *word == id).map(|(_, meaning)| *meaning)
}

/// Everything there is to say about one artifact: its findings, then that it could not be judged.
pub(super) fn of(result: &ArtifactResult) -> Vec<Finding> {
    result.findings.iter().cloned().chain(unjudged(result)).collect()
}

/// An artifact that could not be judged, as one finding with every rule that could not tell.
pub(super) fn unjudged(result: &ArtifactResult) -> Option<Finding> {
    // A file that cannot be read, and is accepted, has been spoken of: as a finding, or as an exception.
    let (first, _) = result.inconclusive.first().filter(|_| result.verdict == Overall::Inconclusive)?;
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (rule, reason) in &result.inconclusive {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, rules)) => rules.push(rule),
            None => reasons.push((reason, vec![rule])),
        }
    }
    let level = &result.inconclusive_level;
    let key = format!("inconclusive = \"{}\"", level_word(level.value));
    let packed = result.facts.iter().flat_map(|file| &file.slices).any(|slice| slice.packed.is_some());
    let next = match packed {
        true => "judge the file before it is packed".to_owned(),
        false => format!("see `seaworthy explain {first}`"),
    };
    Some(Finding {
        rule: INCONCLUSIVE,
        level: level.value,
        level_origin: Origin::Default,
        artifact: result.artifact.path.clone(),
        slice: None,
        message: format!("`{}` could not be judged", path(&result.artifact.path)),
        evidence: reasons.iter().map(|(reason, rules)| format!("{reason} ({})", rules.join(", "))).collect(),
        causes: Vec::new(),
        host: None,
        has: None,
        blame: None,
        policy: Some(PolicySource { key: key.into(), origin: level.origin.clone() }),
        help: Some(format!("{next}, or let it through with `inconclusive = \"allow\"`")),
    })
}

/// The sentence, with the slice it is about; safe to print.
pub(super) fn sentence(finding: &Finding) -> Cow<'_, str> {
    let message = escape(&finding.message);
    match &finding.slice {
        Some(slice) => format!("{message} ({})", escape(slice)).into(),
        None => message,
    }
}

/// Which part of the policy the finding rests on, and who set it; safe to print.
pub(super) fn policy(finding: &Finding) -> String {
    let source = finding.policy.as_ref().map(|source| (&*source.key, origin(&source.origin)));
    policy_of(finding, source)
}

/// The same with another source: a part of the policy, and who set it.
pub(super) fn policy_of(finding: &Finding, source: Option<(&str, Cow<'_, str>)>) -> String {
    let mut out = String::with_capacity(64);
    let is_default = finding.level_origin == Origin::Default;
    let has_source = source.is_some();
    if let Some((key, from)) = source {
        let key = escape(key);
        let tick = if key.contains('`') { "" } else { "`" };
        let end = if is_default { ")" } else { "), " };
        out.extend([tick, &key, tick, " (", &from, end]);
    }
    if !has_source || !is_default {
        let word = level_word(finding.level);
        out.extend(["`", finding.rule, "` is `", word, "` (", &origin(&finding.level_origin), ")"]);
    }
    out
}

/// The next step, with the page of the rule; safe to print. A clash with the policy is no rule and has no page.
pub(super) fn help(finding: &Finding) -> Option<Cow<'_, str>> {
    let explain = rules::find(finding.rule).map(|rule| ["see `seaworthy explain ", rule.id, "`"].concat());
    match (&finding.help, explain) {
        (Some(help), Some(explain)) if !help.contains(&explain) => {
            Some([&escape(help), ", or ", &explain].concat().into())
        }
        (Some(help), _) => Some(escape(help)),
        (None, explain) => explain.map(Cow::Owned),
    }
}

/// What stands below the sentence: label and text, every piece of evidence first; safe to print.
pub(super) fn lines(finding: &Finding) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
    let evidence = finding.evidence.iter().map(|piece| ("evidence", escape(piece)));
    let blame = finding.blame.iter().map(|blame| ("blame", escape(blame)));
    let policy = std::iter::once_with(|| ("policy", policy(finding).into()));
    let help = std::iter::once_with(|| help(finding)).flatten().map(|help| ("help", help));
    evidence.chain(blame).chain(policy).chain(help)
}

/// What a level is called in reports.
pub(super) fn severity(level: Level) -> &'static str {
    match level {
        Level::Deny => "error",
        Level::Warn | Level::Allow => "warning",
    }
}

/// What a level is called in policies.
pub(super) fn level_word(level: Level) -> &'static str {
    match level {
        Level::Allow => "allow",
        Level::Warn => "warn",
        Level::Deny => "deny",
    }
}
