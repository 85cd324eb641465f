//! Layers put on top of each other by hand.

use super::find::Found;
use super::*;
use crate::images::names::{parts, whiteout};

/// Applies `LAYER PATH [-> TARGET | = TARGET]`: a file, a directory (`/` at the end), a link, a hard link, or a whiteout.
fn tree(lines: &[&str]) -> Result<Tree, String> {
    let mut tree = Tree::new();
    for line in lines {
        let mut words = line.split(' ');
        let layer: u16 = words.next().and_then(|word| word.parse().ok()).expect("a layer");
        let path = words.next().expect("a path").as_bytes();
        let place = parts(path).map_err(|error| error.to_string())?;
        let (name, parents) = place.split_last().expect("a name");
        let target = words.nth(1).unwrap_or_default().as_bytes();
        let target_parts = parts(target).unwrap_or_default();
        let done = match whiteout(name) {
            Some(whiteout) => tree.hide(layer, parents, &whiteout),
            None if line.contains(" -> ") => tree.put(layer, &place, New::Link(target)),
            None if line.contains(" = ") => tree.put(layer, &place, New::HardLink(&target_parts)),
            None if path.ends_with(b"/") => tree.put(layer, &place, New::Directory(Access::of_root(0o755))),
            None => {
                let file =
                    File { access: Access::of_root(0o755), content: Content::Foreign(format!("from {layer}").into()) };
                tree.put(layer, &place, New::File(file))
            }
        };
        done.map_err(|error| error.to_string())?;
    }
    Ok(tree)
}

/// Which layer's file is at a path, links followed.
fn at(tree: &Tree, path: &str) -> Option<String> {
    let parts: Vec<&[u8]> = path.as_bytes().split(|&byte| byte == b'/').collect();
    match tree.nodes[tree.find_parts(&parts, true).ok()?? as usize].body {
        Body::File(file) => match &tree.files[file as usize].content {
            Content::Foreign(what) => Some(what.to_string()),
            _ => None,
        },
        _ => Some("no file".to_owned()),
    }
}

#[test]
fn later_layers_win() {
    let tree = tree(&["0 bin/app", "0 lib/a", "1 bin/app", "1 lib/b"]).expect("a tree");
    assert_eq!(at(&tree, "bin/app").as_deref(), Some("from 1"));
    assert_eq!(at(&tree, "lib/a").as_deref(), Some("from 0"));
    assert_eq!(at(&tree, "lib/b").as_deref(), Some("from 1"));
}

#[test]
fn whiteouts_hide_what_is_below_and_nothing_of_their_own_layer() {
    let one = tree(&["0 lib/a", "0 lib/b", "1 lib/.wh.a", "1 lib/c"]).expect("a tree");
    assert_eq!([at(&one, "lib/a"), at(&one, "lib/b").and(at(&one, "lib/c"))], [None, Some("from 1".to_owned())]);
    // Whichever comes first in its layer.
    for order in [["1 lib/.wh..wh..opq", "1 lib/new"], ["1 lib/new", "1 lib/.wh..wh..opq"]] {
        let lines = [&["0 lib/deep/old", "0 lib/old"][..], &order].concat();
        let opaque = tree(&lines).expect("a tree");
        assert_eq!(at(&opaque, "lib/new").as_deref(), Some("from 1"), "{order:?}");
        assert_eq!([at(&opaque, "lib/old"), at(&opaque, "lib/deep/old")], [None, None], "{order:?}");
    }
    let whole = tree(&["0 opt/x/y", "1 .wh.opt", "2 opt/z"]).expect("a tree");
    assert_eq!([at(&whole, "opt/x/y"), at(&whole, "opt/z")], [None, Some("from 2".to_owned())]);
    assert!(tree(&["0 a", "1 nowhere/.wh.x", "1 .wh..wh.plnk"]).is_ok());
}

#[test]
fn parents_are_found_through_links_and_never_outside() {
    let lines = ["0 usr/lib/", "0 lib -> usr/lib", "1 lib/libz.so.1", "0 out -> ../../../etc", "1 out/x"];
    let tree = tree(&lines).expect("a tree");
    assert_eq!(at(&tree, "usr/lib/libz.so.1").as_deref(), Some("from 1"));
    assert_eq!(at(&tree, "etc/x").as_deref(), Some("from 1"));
}

#[test]
fn hard_links_share_one_file_whatever_becomes_of_the_first_name() {
    let one = tree(&["0 a", "1 b = a", "2 .wh.a"]).expect("a tree");
    assert_eq!([at(&one, "a"), at(&one, "b")], [None, Some("from 0".to_owned())]);
    assert_eq!(tree(&["0 b = a"]).expect_err("refused"), "`b` is a hard link to `a`, which is not there");
    assert_eq!(tree(&["0 a/", "0 b = a"]).expect_err("refused"), "`b` is a hard link to `a`, which is a directory");
}

#[test]
fn a_directory_replaces_a_link_and_a_file_a_directory() {
    let one = tree(&["0 usr/lib/x", "0 lib -> usr/lib", "1 lib/", "1 lib/y", "1 usr"]).expect("a tree");
    assert_eq!(at(&one, "lib/y").as_deref(), Some("from 1"));
    assert_eq!([at(&one, "lib/x"), at(&one, "usr/lib/x")], [None, None]);
    assert_eq!(at(&one, "usr").as_deref(), Some("from 1"));
}

#[test]
fn circles_and_files_on_the_way_are_refused_by_name() {
    let circle = tree(&["0 a -> b", "0 b -> a", "0 a/x"]).expect_err("refused");
    assert_eq!(circle, "the directory of `a/x` is reached by links that run in circles");
    assert_eq!(tree(&["0 a", "0 a/x"]).expect_err("refused"), "the directory of `a/x` is none");
    // A bomb of links doubles what is to follow with each of them.
    let bomb: Vec<String> = (0..60).map(|at| format!("0 l{at} -> l{next}/l{next}", next = at + 1)).collect();
    let bomb: Vec<&str> = bomb.iter().map(String::as_str).chain(["0 l0/x"]).collect();
    assert!(tree(&bomb).is_err());
}

#[test]
fn executables_are_found_once() {
    let mut tree = Tree::new();
    for (path, mode) in [("usr/bin/a", 0o755), ("lib/x.so", 0o644), ("b", 0o711)] {
        let file = File { access: Access::of_root(mode), content: Content::Elf(0) };
        tree.put(0, &parts(path.as_bytes()).expect("a name"), New::File(file)).expect("put");
    }
    tree.put(0, &[b"c"], New::HardLink(&[b"b"])).expect("put");
    assert_eq!(tree.executables(), [b"b".to_vec(), b"usr/bin/a".to_vec()]);
    assert!(matches!(tree.look(b"usr/bin"), Some(Found::Directory(_))));
    assert!(tree.look(b"usr/bin/none").is_none());
}
