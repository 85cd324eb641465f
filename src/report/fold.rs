//! Which findings of one file are one: those that differ only in the host.

use std::collections::{HashMap, HashSet};

use crate::check::Finding;
use crate::hosts::{self, Version};
use crate::listing::listed_plainly;
use crate::policy::{Level, Origin};

use super::draft::Draft;
use super::telling::Block;
use super::{escape, findings, path};

/// Hosts that are named beside the first.
const HOSTS_SHOWN: usize = 8;

/// A finding, and those that say the same of other hosts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fold<'f> {
    /// The one whose host asks most: what helps there helps on all.
    pub(super) head: &'f Finding,
    /// The others, those that ask most first.
    pub(super) others: Vec<&'f Finding>,
}

/// What findings share that may be one.
#[derive(PartialEq, Eq, Hash)]
struct Likeness<'f> {
    rule: &'f str,
    level: Level,
    level_origin: &'f Origin,
    slice: Option<&'f str>,
    /// Where no version says which host asks most, they have to say the same to the letter, but for the host.
    words: Option<(String, Option<&'f str>, Option<&'f str>)>,
}

/// Whether some of them may be one. Most files are asked about no host, or about one that they run on.
pub(super) fn may_fold(findings: &[Finding]) -> bool {
    findings.iter().filter(|finding| finding.host.is_some()).take(2).count() == 2
}

/// Every finding in their order, those that differ only in the host put together.
pub(super) fn by_host(findings: &[Finding]) -> Vec<Fold<'_>> {
    let mut alike: HashMap<Likeness<'_>, usize> = HashMap::new();
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let known = likeness(finding).map(|likeness| *alike.entry(likeness).or_insert(groups.len()));
        match known.and_then(|at| groups.get_mut(at)) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups.into_iter().flat_map(folded).collect()
}

/// `None` for what stays alone: without a host, or demanded by something else than a line of `runs-on`.
fn likeness(finding: &Finding) -> Option<Likeness<'_>> {
    let host = format!("`{}`", finding.host.as_deref()?);
    let policy = finding.policy.as_ref()?;
    if policy.key.strip_prefix("`runs-on` lists ") != Some(&host) {
        return None;
    }
    let words = || (finding.message.replace(&host, "`\0`"), finding.help.as_deref(), finding.blame.as_deref());
    Some(Likeness {
        rule: finding.rule,
        level: finding.level,
        level_origin: &finding.level_origin,
        slice: finding.slice.as_deref(),
        words: finding.has.is_none().then(words),
    })
}

/// One group as few folds as can be: nothing is left out that the head does not show.
fn folded(mut group: Vec<&Finding>) -> Vec<Fold<'_>> {
    // Stable: of those that ask as much, the first stays the first, unless it is the one in doubt.
    group.sort_by_key(|finding| (finding.has, is_doubted(finding)));
    let mut folds = Vec::new();
    while !group.is_empty() {
        let head = group.remove(0);
        let shown: HashSet<&str> = proof(head).collect();
        let is_shown = |other: &&Finding| head.has.is_none() || proof(other).all(|piece| shown.contains(piece));
        let (others, rest) = group.into_iter().partition(is_shown);
        folds.push(Fold { head, others });
        group = rest;
    }
    folds
}

/// The evidence that is about the file.
fn proof(finding: &Finding) -> impl Iterator<Item = &str> {
    finding.evidence.iter().map(String::as_str).filter(|piece| !piece.starts_with(hosts::DOUBT))
}

fn is_doubted(finding: &Finding) -> bool {
    finding.evidence.iter().any(|piece| piece.starts_with(hosts::DOUBT))
}

impl Fold<'_> {
    /// What is told of it; `file` is what `seaworthy facts` takes, if it looks into the artifact.
    pub(super) fn draft(&self, file: &str) -> Draft {
        match self.others.as_slice() {
            [] => Draft::Finding(self.head.clone()),
            _ => Draft::Block(Block::new(self, file)),
        }
    }

    /// How many findings it stands for.
    pub(super) fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// The other hosts with what they have: `rhel:8 (2.28), debian:11 (2.31) and 22 more`; safe to print.
    pub(super) fn also_on(&self) -> Option<String> {
        let hosts: Vec<String> = self.others.iter().filter_map(|other| host_with_version(other)).collect();
        (!hosts.is_empty()).then(|| named(&hosts, HOSTS_SHOWN))
    }

    /// Which part of the policy it rests on; safe to print.
    pub(super) fn policy(&self) -> String {
        findings::policy_of(self.head, Some(("`runs-on` lists them", self.lines().into())))
    }

    /// The lines of the policy that name the hosts: `seaworthy.toml:3 to 45`.
    fn lines(&self) -> String {
        let all = std::iter::once(&self.head).chain(&self.others).filter_map(|finding| finding.policy.as_ref());
        let mut said: Vec<String> = Vec::new();
        let mut files: Vec<(String, u32, u32)> = Vec::new();
        for source in all {
            match &source.origin {
                Origin::File { path: file, line } => {
                    let file = path(file).into_owned();
                    match files.iter_mut().find(|(known, ..)| *known == file) {
                        Some((_, from, to)) => (*from, *to) = ((*from).min(*line), (*to).max(*line)),
                        None => files.push((file, *line, *line)),
                    }
                }
                other => said.push(super::origin(other).into_owned()),
            }
        }
        said.dedup();
        said.extend(files.into_iter().map(|(file, from, to)| match from == to {
            true => format!("{file}:{from}"),
            false => format!("{file}:{from} to {to}"),
        }));
        said.join(", ")
    }
}

/// `rhel:8 (2.28)`, `amazonlinux:1 (2.17, unverified)`; what the name says already is not said again.
fn host_with_version(finding: &Finding) -> Option<String> {
    let host = finding.host.as_deref()?;
    let version = finding.has.filter(|has| !says(host, *has)).map(|has| has.to_string());
    let notes: Vec<String> = version.into_iter().chain(is_doubted(finding).then(|| "unverified".to_owned())).collect();
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    Some(format!("{}{notes}", escape(host)))
}

/// Whether a name is nothing but a version, as `glibc:2.17` and `macos:12` are.
fn says(host: &str, has: Version) -> bool {
    host.rsplit_once(':').and_then(|(_, version)| version.parse::<Version>().ok()) == Some(has)
}

/// `a, b and c`, or `a, b and 5 more`; one more is named rather than counted.
pub(super) fn named(names: &[impl AsRef<str>], limit: usize) -> String {
    listed_plainly(names, if names.len() == limit + 1 { names.len() } else { limit })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::PolicySource;

    fn on(host: &str, line: u32) -> Finding {
        Finding {
            rule: "missing-library",
            level: Level::Deny,
            level_origin: Origin::Default,
            artifact: "app".into(),
            slice: None,
            message: format!("`app` needs `libz.so.1`, which `{host}` does not have"),
            evidence: vec!["libz.so.1, needed by app, is not found".into()],
            causes: Vec::new(),
            host: Some(host.to_owned()),
            has: None,
            blame: None,
            policy: Some(PolicySource {
                key: format!("`runs-on` lists `{host}`").into(),
                origin: Origin::File { path: "seaworthy.toml".into(), line },
            }),
            help: Some("link with `-static`".into()),
        }
    }

    fn glibc(host: &str, has: &str, evidence: &[&str], line: u32) -> Finding {
        Finding {
            rule: "newer-glibc",
            message: format!("`app` needs glibc 2.34, but `{host}` has {has}"),
            evidence: evidence.iter().map(|&piece| piece.to_owned()).collect(),
            has: has.parse().ok(),
            help: Some(format!("link against glibc {has}")),
            ..on(host, line)
        }
    }

    /// What each fold says, as it is printed.
    fn told(findings: &[Finding]) -> Vec<String> {
        let text = |fold: &Fold<'_>| {
            let block = fold.draft("app").into_block("app");
            let lines: Vec<String> = block.lines(None).map(|(label, text)| format!("{label}: {text}")).collect();
            format!("{}\n{}", block.sentence, lines.join("\n"))
        };
        by_host(findings).iter().map(text).collect()
    }

    #[test]
    fn the_host_that_asks_most_speaks_for_all() {
        let findings = [
            glibc("debian:11", "2.31", &["stat@GLIBC_2.33"], 3),
            glibc("rhel:7", "2.17", &["stat@GLIBC_2.33", "statx@GLIBC_2.28"], 4),
            glibc("glibc:2.28", "2.28", &["stat@GLIBC_2.33"], 5),
            glibc("amazonlinux:1", "2.17", &["stat@GLIBC_2.33", "unverified: what `amazonlinux:1` has is …"], 9),
        ];
        let expected = "\
`app` needs glibc 2.34, but `rhel:7` has 2.17
also on: amazonlinux:1 (2.17, unverified), glibc:2.28 and debian:11 (2.31)
evidence: stat@GLIBC_2.33
evidence: statx@GLIBC_2.28
policy: `runs-on` lists them (seaworthy.toml:3 to 9)
help: link against glibc 2.17, or see `seaworthy explain newer-glibc`";
        assert_eq!(told(&findings), [expected]);
    }

    #[test]
    fn what_the_head_does_not_show_is_said_by_itself() {
        let findings = [
            glibc("backported", "2.17", &["stat@GLIBC_2.33"], 1),
            glibc("debian:10", "2.28", &["statx@GLIBC_2.29"], 2),
            glibc("debian:11", "2.31", &["stat@GLIBC_2.33"], 3),
        ];
        let folds = by_host(&findings);
        let hosts = |fold: &Fold<'_>| fold.others.iter().filter_map(|other| other.host.clone()).collect::<Vec<_>>();
        assert_eq!(folds.iter().map(hosts).collect::<Vec<_>>(), [vec!["debian:11".to_owned()], vec![]]);
    }

    #[test]
    fn without_versions_the_words_have_to_be_the_same() {
        let other = Finding { message: "`app` needs `libm.so.6`, which `c` does not have".into(), ..on("c", 7) };
        let advised = Finding { help: Some("build for musl".into()), ..on("d", 7) };
        let folds = told(&[on("a", 7), on("b", 7), other, advised]);
        assert_eq!(folds.len(), 3, "{folds:#?}");
        assert!(
            folds[0].contains("\nalso on: b\n") && folds[0].contains("lists them (seaworthy.toml:7)"),
            "{folds:#?}"
        );
    }

    #[test]
    fn other_levels_slices_and_demands_stay_apart() {
        let slice = Finding { slice: Some("arm64".into()), ..on("b", 1) };
        let level = Finding { level: Level::Warn, ..on("c", 1) };
        let floor = Finding { host: None, ..on("d", 1) };
        let image = Finding { policy: None, ..on("e", 1) };
        assert_eq!(by_host(&[on("a", 1), slice, level, floor, image]).len(), 5);
    }

    #[test]
    fn one_host_is_told_as_ever() {
        let expected = "\
`app` needs `libz.so.1`, which `alpine:3.20` does not have
evidence: libz.so.1, needed by app, is not found
policy: `runs-on` lists `alpine:3.20` (seaworthy.toml:1)
help: link with `-static`, or see `seaworthy explain missing-library`";
        assert_eq!(told(&[on("alpine:3.20", 1)]), [expected]);
    }

    #[test]
    fn long_lists_are_cut_but_never_for_one_name() {
        let names: Vec<String> = (1..=6).map(|number| number.to_string()).collect();
        assert_eq!(named(&names, 2), "1, 2 and 4 more");
        assert_eq!(named(&names, 5), "1, 2, 3, 4, 5 and 6");
        assert_eq!(named(&names[..1], 5), "1");
        assert_eq!(named(&[""; 0], 5), "");
    }

    #[test]
    fn a_doubt_is_known_by_its_first_word() {
        let amazon = hosts::find("amazonlinux:1", "x86_64").expect("it is in the catalogue");
        assert!(amazon.doubt().is_some_and(|doubt| doubt.starts_with(hosts::DOUBT)));
    }
}
