//! Does the Dockerfile build an image that starts? There may be no container engine here, so its instructions are carried out
//! one by one: the first stage on this machine, below a directory of its own, the last in an empty root.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{cargo_project, go_project, read};
use crate::support::{Done, Scratch, tools_path};

/// The image that comes of a Dockerfile.
struct Image {
    root: PathBuf,
    entrypoint: String,
}

/// What a stage has come to.
#[derive(Default)]
struct Stage {
    name: String,
    root: PathBuf,
    directory: PathBuf,
}

impl Stage {
    /// Where a path of the stage lies on this machine.
    fn place(&self, path: &str) -> PathBuf {
        match Path::new(path).strip_prefix("/") {
            Ok(inside) => self.root.join(inside),
            Err(_) => self.directory.join(path),
        }
    }
}

/// Carries out the instructions; `RUN` ends the build when it fails.
fn build(context: &Scratch, stages_in: &Scratch) -> Result<Image, Done> {
    let path = path(stages_in);
    let mut stages: Vec<Stage> = Vec::new();
    let mut entrypoint = None;
    for line in read(context, "Dockerfile").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (instruction, rest) = line.split_once(' ').expect("an instruction has arguments");
        if instruction == "FROM" {
            let root = stages_in.join(format!("stage-{}", stages.len()));
            ["tmp", "out"].iter().for_each(|name| std::fs::create_dir_all(root.join(name)).expect("writable"));
            if rest == "scratch" {
                std::fs::remove_dir_all(&root).and_then(|()| std::fs::create_dir(&root)).expect("writable");
            }
            let name = rest.split_once(" AS ").map_or("", |(_, name)| name).to_owned();
            stages.push(Stage { name, directory: root.clone(), root });
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
                entrypoint = rest.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]")).map(str::to_owned);
            }
            other => panic!("`{other}` is new here"),
        }
    }
    let root = stages.pop().expect("there is a stage").root;
    Ok(Image { root, entrypoint: entrypoint.expect("the image starts something") })
}

fn copy(context: &Scratch, stages: &[Stage], words: &str) {
    let stage = stages.last().expect("a stage");
    let words: Vec<_> = words.split(' ').collect();
    let (from, to) = match words[..] {
        [".", "."] => (context.join("."), stage.place(".")),
        [from, path, to] => {
            let name = from.strip_prefix("--from=").expect("the stage it comes from");
            let from = stages.iter().find(|stage| stage.name == name).expect("a stage of that name");
            (from.place(path), stage.place(to))
        }
        _ => panic!("`COPY {words:?}` is new here"),
    };
    context.program("cp").arg("-a").args([from, to]).run().expect_code(0);
}

fn path(scratch: &Scratch) -> OsString {
    let programs = scratch.programs(&["seaworthy"]);
    std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&tools_path()))).expect("no separators")
}

fn starts(image: &Image, scratch: &Scratch) -> Done {
    let run = scratch.program("unshare").args(["--map-root-user", "chroot"]).arg(&image.root);
    run.arg(&image.entrypoint).run()
}

#[test]
fn the_image_starts_with_nothing_in_it_but_the_program() {
    requires!("go", "unshare", "chroot", "rust-std:x86_64-unknown-linux-musl");
    for (context, said) in [(cargo_project(), "hello\n"), (go_project(), "")] {
        context.seaworthy().args(["init", "--docker"]).run().expect_code(0);
        let stages = Scratch::empty();
        let image = build(&context, &stages).unwrap_or_else(|done| done.fail("the image was not built"));
        let files: Vec<_> = std::fs::read_dir(&image.root).expect("a root").flatten().map(|e| e.file_name()).collect();
        assert_eq!(files, ["hello"]);
        assert_eq!(starts(&image, &stages).expect_code(0).stdout(), said);
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
