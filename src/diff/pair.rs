//! Which file of the old build a file of the new one is compared with.

use super::{Build, Built, Diff, FileDiff, compare};

/// What was found for a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found<'a> {
    /// Its counterpart.
    One(&'a Built),
    /// Several may be it, and nothing tells which.
    Several,
    /// There is none.
    None,
}

impl Build {
    /// The counterpart of a file: the same path, else the same name; of several the one for the same architectures, and of
    /// those the one whose last directories are the same.
    pub fn find(&self, new: &Built) -> Found<'_> {
        if let Some(same) = self.files.iter().find(|old| plain(&old.path) == plain(&new.path)) {
            return Found::One(same);
        }
        let named: Vec<&Built> = self.files.iter().filter(|old| name(&old.path) == name(&new.path)).collect();
        let alike: Vec<&Built> = named.iter().copied().filter(|old| arches(old) == arches(new)).collect();
        let candidates = if alike.is_empty() { named } else { alike };
        let nearness =
            |old: &Built| parts(&old.path).rev().zip(parts(&new.path).rev()).take_while(|(a, b)| a == b).count();
        let best = candidates.iter().map(|old| nearness(old)).max();
        let mut nearest = candidates.into_iter().filter(|old| Some(nearness(old)) == best);
        match (nearest.next(), nearest.next()) {
            (Some(one), None) => Found::One(one),
            (Some(_), Some(_)) => Found::Several,
            (None, _) => Found::None,
        }
    }
}

/// Compares two builds. One file on each side is the same file, whatever it is called.
pub fn diff(old: &Build, new: &Build) -> Diff {
    let alone = matches!((old.files.as_slice(), new.files.as_slice()), ([_], [_]));
    let mut used: Vec<&str> = Vec::new();
    let mut result = Diff { files: Vec::new(), gained: Vec::new(), lost: Vec::new() };
    for file in &new.files {
        let found = match old.files.first().filter(|_| alone) {
            Some(only) => Found::One(only),
            None => old.find(file),
        };
        match found {
            Found::One(before) => {
                used.push(&before.path);
                let old_path = (before.path != file.path).then(|| before.path.clone());
                result.files.push(FileDiff {
                    path: file.path.clone(),
                    old_path,
                    changes: compare::files(before, file),
                });
            }
            Found::Several | Found::None => result.gained.push(file.path.clone()),
        }
    }
    let lost = old.files.iter().map(|file| &file.path).filter(|path| !used.contains(&path.as_str()));
    result.lost = lost.cloned().collect();
    result
}

fn plain(path: &str) -> String {
    path.replace('\\', "/").trim_start_matches("./").to_owned()
}

fn parts(path: &str) -> std::vec::IntoIter<&str> {
    path.split(['/', '\\']).collect::<Vec<_>>().into_iter()
}

fn name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn arches(file: &Built) -> Vec<(&str, &str)> {
    let mut arches: Vec<_> =
        file.profiles.iter().map(|profile| (profile.format.as_str(), profile.arch.as_str())).collect();
    arches.sort_unstable();
    arches
}
