//! The version range of a glibc that is linked in, from its start-up code and the tunables it knows.

use std::collections::BTreeSet;

static TABLE: &str = include_str!("../../../data/glibc-tunables.tsv");

/// A release, as `(2, 34)`.
type Release = (u32, u32);

/// Both ends of a range; either may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Range {
    low: Option<Release>,
    high: Option<Release>,
}

impl Range {
    pub(super) fn at_least(low: Release) -> Self {
        Range { low: Some(low), high: None }
    }

    pub(super) fn at_most(high: Release) -> Self {
        Range { low: None, high: Some(high) }
    }

    /// What both ranges allow. Where they contradict each other the other one holds, as it comes from better evidence.
    pub(super) fn and(self, other: Range) -> Range {
        let both = Range {
            low: self.low.max(other.low),
            high: match (self.high, other.high) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            },
        };
        if both.low.zip(both.high).is_some_and(|(low, high)| low > high) { other } else { both }
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.low, self.high) {
            (Some(low), Some(high)) if low == high => write!(f, "{}.{}", low.0, low.1),
            (Some(low), Some(high)) => write!(f, "{}.{} to {}.{}", low.0, low.1, high.0, high.1),
            (Some(low), None) => write!(f, ">= {}.{}", low.0, low.1),
            (None, Some(high)) => write!(f, "<= {}.{}", high.0, high.1),
            (None, None) => f.write_str("any"),
        }
    }
}

/// The range that a set of tunable names allows; open on both ends without any.
pub(super) fn of_tunables(present: &BTreeSet<String>) -> Range {
    let rows = || rows().filter(|row| !row.backported);
    let known = || rows().filter(|row| present.contains(row.name));
    let mut low = known().map(|row| row.first).max();
    if low.is_none() {
        return Range::default();
    }
    let gone = rows().filter(|row| row.generic && !present.contains(row.name));
    // A name that the lower bound's release has and this library lacks: it is newer than the last release that had it.
    let outlived = gone.clone().filter(|row| Some(row.first) <= low).filter_map(|row| row.last);
    low = low.max(outlived.map(|last| (last.0, last.1 + 1)).max());
    let not_yet = gone.filter(|row| Some(row.first) > low).map(|row| (row.first.0, row.first.1 - 1)).min();
    let still = known().filter_map(|row| row.last).min();
    let high = match (not_yet, still) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    };
    Range { low, high }
}

struct Row {
    name: &'static str,
    first: Release,
    last: Option<Release>,
    generic: bool,
    backported: bool,
}

fn rows() -> impl Iterator<Item = Row> + Clone {
    TABLE.lines().filter(|line| line.starts_with("glibc.")).filter_map(|line| {
        let mut fields = line.split('\t');
        Some(Row {
            name: fields.next()?,
            first: release(fields.next()?)?,
            last: release(fields.next()?),
            generic: fields.next() == Some("yes"),
            backported: fields.next() == Some("yes"),
        })
    })
}

fn release(text: &str) -> Option<Release> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The generic tunables of a release, as its list has them.
    fn of(release: Release) -> BTreeSet<String> {
        rows()
            .filter(|row| row.generic && row.first <= release && row.last.is_none_or(|last| last >= release))
            .map(|row| row.name.to_owned())
            .collect()
    }

    #[test]
    fn every_release_lies_in_its_own_range() {
        for minor in 26..=43 {
            let range = of_tunables(&of((2, minor)));
            assert!(range.low <= Some((2, minor)), "2.{minor}: {range}");
            assert!(range.high.is_none_or(|high| high >= (2, minor)), "2.{minor}: {range}");
        }
    }

    #[test]
    fn ranges_are_narrow_where_names_changed() {
        assert_eq!(of_tunables(&of((2, 36))).to_string(), "2.35 to 2.37");
        assert_eq!(of_tunables(&of((2, 43))).to_string(), ">= 2.43");
        assert_eq!(of_tunables(&BTreeSet::new()).to_string(), "any");
    }

    #[test]
    fn contradicting_evidence_does_not_make_an_empty_range() {
        let range = of_tunables(&of((2, 31)));
        assert_eq!(range.and(Range::at_least((2, 34))).to_string(), ">= 2.34");
        assert_eq!(range.and(Range::at_most((2, 31))).to_string(), "2.31");
    }
}
