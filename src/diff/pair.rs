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
        let named: Vec<&Built> = self.files.iter().filter(|old| name(&old.path) == name(&new.path)).collect();
        if let Some(same) = named.iter().find(|old| plain(&old.path) == plain(&new.path)) {
            return Found::One(same);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    fn built(path: &str, arch: &str) -> Built {
        let profile = Profile { arch: arch.into(), format: "elf".into(), ..Profile::default() };
        Built { path: path.into(), size: None, profiles: vec![profile] }
    }

    fn build(files: &[(&str, &str)]) -> Build {
        Build { files: files.iter().map(|(path, arch)| built(path, arch)).collect() }
    }

    #[test]
    fn the_same_path_then_the_same_name_then_the_nearest_directory() {
        let old = build(&[("a/app", "x86_64"), ("b/app", "x86_64"), ("b/tool", "x86_64"), ("c/lib.so", "aarch64")]);
        let found = |path: &str, arch: &str| match old.find(&built(path, arch)) {
            Found::One(file) => file.path.clone(),
            Found::Several => "several".to_owned(),
            Found::None => "none".to_owned(),
        };
        assert_eq!(found("a/app", "x86_64"), "a/app");
        assert_eq!(found("./b\\app", "x86_64"), "b/app");
        assert_eq!(found("out/b/app", "x86_64"), "b/app");
        assert_eq!(found("out/app", "x86_64"), "several");
        assert_eq!(found("out/tool", "x86_64"), "b/tool");
        assert_eq!(found("out/lib.so", "x86_64"), "c/lib.so", "another architecture is better than nothing");
        assert_eq!(found("out/new", "x86_64"), "none");
    }

    #[test]
    fn one_file_on_each_side_is_the_same_whatever_it_is_called() {
        let one = diff(&build(&[("old", "x86_64")]), &build(&[("new", "x86_64")]));
        assert_eq!((one.files.len(), one.files[0].old_path.as_deref()), (1, Some("old")));
        let more =
            diff(&build(&[("old", "x86_64"), ("app", "x86_64")]), &build(&[("new", "x86_64"), ("app", "x86_64")]));
        assert_eq!((more.files.len(), more.gained, more.lost), (1, vec!["new".to_owned()], vec!["old".to_owned()]));
    }
}
