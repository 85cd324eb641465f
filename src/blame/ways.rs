//! The shortest ways through a graph of names: crates and what they depend on, packages and what they import.

use std::collections::{HashMap, VecDeque};

/// The shortest ways from where an artifact is made to everything that is part of it.
#[derive(Debug)]
pub(super) struct Ways {
    /// Name to the one before it on the way; `None` at a start.
    before: HashMap<String, Option<String>>,
}

impl Ways {
    /// Follows `next` from every start; `None` without a start. `next` is told whether it is asked about one.
    pub(super) fn find<'g, N>(starts: impl Iterator<Item = &'g str>, next: impl Fn(&'g str, bool) -> N) -> Option<Ways>
    where
        N: IntoIterator<Item = &'g String>,
    {
        let mut queue: VecDeque<(&str, bool)> = starts.map(|start| (start, true)).collect();
        let mut before: HashMap<String, Option<String>> =
            queue.iter().map(|(start, _)| ((*start).to_owned(), None)).collect();
        while let Some((name, is_start)) = queue.pop_front() {
            for to in next(name, is_start) {
                if !before.contains_key(to) {
                    before.insert(to.clone(), Some(name.to_owned()));
                    queue.push_back((to, false));
                }
            }
        }
        (!before.is_empty()).then_some(Ways { before })
    }

    /// Whether there is a way to `name`.
    pub(super) fn lead_to(&self, name: &str) -> bool {
        self.before.contains_key(name)
    }

    /// The names on the way to `name`, both ends included; `None` when there is no such way.
    pub(super) fn to(&self, name: &str) -> Option<Vec<&str>> {
        let (mut at, mut previous) = self.before.get_key_value(name)?;
        let mut way = vec![at.as_str()];
        while let Some((name, before)) = previous.as_ref().and_then(|name| self.before.get_key_value(name)) {
            (at, previous) = (name, before);
            way.push(at);
        }
        way.reverse();
        Some(way)
    }
}
