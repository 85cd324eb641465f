//! Several byte strings, looked for at once.

use aho_corasick::{AhoCorasick, Input, MatchKind, packed};

/// What is looked for.
#[derive(Debug)]
pub(super) enum Patterns {
    /// By vectors of the processor.
    Packed(packed::Searcher),
    /// Where it has none that the crate knows.
    Automaton(AhoCorasick),
}

impl Patterns {
    /// `None` for more patterns than can be told apart.
    pub(super) fn new<P: AsRef<[u8]>>(patterns: &[P]) -> Option<Patterns> {
        let packed =
            packed::Config::new().match_kind(packed::MatchKind::LeftmostFirst).builder().extend(patterns).build();
        packed.map(Patterns::Packed).or_else(|| Patterns::automaton(patterns))
    }

    fn automaton<P: AsRef<[u8]>>(patterns: &[P]) -> Option<Patterns> {
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(patterns);
        automaton.ok().map(Patterns::Automaton)
    }

    /// The first that starts at `from` or later: which one, and where it starts. Of several there, the one that was named first.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let found = match self {
            Patterns::Packed(searcher) => searcher.find_in(bytes, (from..bytes.len()).into()),
            Patterns::Automaton(automaton) => automaton.find(Input::new(bytes).range(from..)),
        }?;
        Some((found.pattern().as_usize(), found.start()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_vectors_the_same_is_found() {
        let patterns = ["libnss_", "GLIBC_TUNABLES", "GLIBC"];
        let text = format!("{}GLIBC_TUNABLES\0{}GLIBC\0libnss_x", "x".repeat(100), "GLIB".repeat(50));
        let all = |patterns: Patterns| {
            let mut found = Vec::new();
            let mut from = 0;
            while let Some((which, at)) = patterns.find(text.as_bytes(), from) {
                found.push((which, at));
                from = at + 1;
            }
            found
        };
        let expected = [(1, 100), (2, 315), (0, 321)];
        assert_eq!(all(Patterns::new(&patterns).expect("three patterns")), expected);
        assert_eq!(all(Patterns::automaton(&patterns).expect("three patterns")), expected);
    }
}
