//! Does the Dockerfile build an image that starts? There may be no container engine here, so its instructions are carried out
//! one by one: the first stage on this machine, below a directory of its own, the last in an empty root.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{cargo_project, go_project, read};
use crate::support::{Done, Scratch, tools_path};

/// What a stage has come to; the last one is the image.
#[derive(Debug, Default)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) root: PathBuf,
    directory: PathBuf,
    /// What the image of this stage starts.
    pub(super) entrypoint: Vec<String>,
}

impl Stage {
    /// Where a path of the stage lies on this machine.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        match Path::new(path).strip_prefix("/") {
            Ok(inside) => self.root.join(inside),
            Err(_) => self.directory.join(path),
        }
    }
}

/// Carries out the instructions; `RUN` ends the build when it fails.
pub(super) fn build(context: &Scratch, stages_in: &Scratch) -> Result<Vec<Stage>, Done> {
    let path = path(stages_in);
    let mut stages: Vec<Stage> = Vec::new();
    for line in read(context, "Dockerfile").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (instruction, rest) = line.split_once(' ').expect("an instruction has arguments");
        if instruction == "FROM" {
            let root = stages_in.join(format!("stage-{}", stages.len()));
            ["tmp", "out"].iter().for_each(|name| std::fs::create_dir_all(root.join(name)).expect("writable"));
            if rest.split(' ').next() == Some("scratch") {
                std::fs::remove_dir_all(&root).and_then(|()| std::fs::create_dir(&root)).expect("writable");
            }
            let name = rest.split_once(" AS ").map_or("", |(_, name)| name).to_owned();
            stages.push(Stage { name, directory: root.clone(), root, ..Stage::default() });
            continue;
        }
        let stage = stages.last_mut().expect("FROM comes first");
        match instruction {
            "WORKDIR" => {
                stage.directory = stage.place(rest);
                std::fs::create_dir_all(&stage.directory).expect("writable");
            }
            "ENV" => assert!(rest.starts_with("PIPX_"), "only what installs the guard needs variables"),
            // The guard is on this machine, as is what the base image has.
            "RUN" if rest.starts_with("apt-get ") || rest.starts_with("pipx install ") => {}
            "RUN" => {
                let inside = |word: &&str| word.starts_with("/out") || word.starts_with("/tmp/");
                let here = |word: &str| stage.place(word).display().to_string();
                let words = rest.split(' ').map(|word| if inside(&word) { here(word) } else { word.to_owned() });
                let command = words.collect::<Vec<_>>().join(" ");
                let done = context.program("sh").args(["-c", &command]).cwd(&stage.directory).env("PATH", &path).run();
                if done.code() != Some(0) {
                    return Err(done);
                }
            }
            "COPY" => copy(context, &stages, rest),
            "ENTRYPOINT" => {
                stage.entrypoint = serde_json::from_str(rest).expect("a list of words");
            }
            other => panic!("`{other}` is new here"),
        }
    }
    Ok(stages)
}

fn copy(context: &Scratch, stages: &[Stage], words: &str) {
    let stage = stages.last().expect("a stage");
    let words: Vec<_> = words.split(' ').collect();
    let (from, to) = match words[..] {
        [".", "."] => (vec![context.join(".")], stage.place(".")),
        [from, ref paths @ .., to] => {
            let name = from.strip_prefix("--from=").expect("the stage it comes from");
            let from = stages.iter().find(|stage| stage.name == name).expect("a stage of that name");
            (paths.iter().map(|path| from.place(path)).collect(), stage.place(to))
        }
        _ => panic!("`COPY {words:?}` is new here"),
    };
    context.program("cp").arg("-a").args(from).arg(to).run().expect_code(0);
}

fn path(scratch: &Scratch) -> OsString {
    let programs = scratch.programs(&["seaworthy"]);
    std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&tools_path()))).expect("no separators")
}

fn starts(image: &Stage, scratch: &Scratch) -> Done {
    let run = scratch.program("unshare").args(["--map-root-user", "chroot"]).arg(&image.root);
    run.args(&image.entrypoint).run()
}

#[test]
fn the_image_starts_with_nothing_in_it_but_the_program() {
    requires!("go", "unshare", "chroot", "rust-std:x86_64-unknown-linux-musl");
    for (context, said) in [(cargo_project(), "hello\n"), (go_project(), "")] {
        context.seaworthy().args(["init", "--docker"]).run().expect_code(0);
        let stages = Scratch::empty();
        let image = build(&context, &stages).unwrap_or_else(|done| done.fail("the image was not built"));
        let image = image.last().expect("there is a stage");
        let files: Vec<_> = std::fs::read_dir(&image.root).expect("a root").flatten().map(|e| e.file_name()).collect();
        assert_eq!(files, ["hello"]);
        assert_eq!(starts(image, &stages).expect_code(0).stdout(), said);
    }
}

/// What the project's own policy allows would not start in an empty image, and the image is not made.
#[test]
fn an_image_that_would_not_start_is_not_made() {
    requires!("go", "gcc");
    let context = go_project();
    context.write("main.go", "package main\n\nimport \"C\"\n\nfunc main() {}\n");
    context.write("seaworthy.toml", "linkage = \"any\"\ngo.cgo = \"allow\"\n");
    context.seaworthy().args(["init", "--docker"]).run().expect_code(0);
    let Err(done) = build(&context, &Scratch::empty()) else { panic!("the image was made") };
    let said = done.expect_code(3).stdout();
    assert!(said.contains("error[dynamic-loader]"), "{said}");
}
