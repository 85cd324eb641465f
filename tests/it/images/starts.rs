//! The verdict on images against what happens when their entrypoint is started: `umoci` unpacks them, `chroot` enters.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::make::{Files, Image, Layer, check, glibc, is_empty, musl, programs, temporary};
use crate::support::Scratch;

/// What the program under test must say of an image, and the kernel too; `rule` is what denies it.
#[track_caller]
fn verdict(image: Image, rule: Option<&str>, sentence: &str) {
    let start = image.start.clone();
    let scratch = Scratch::empty();
    let files = Files::oci(&[image]);
    scratch.write("image.tar", files.tar());
    files.write(&scratch, "layout");
    for path in ["image.tar", "layout"] {
        let done = check(&scratch, path);
        match rule {
            None => assert!(done.code() == Some(0) && done.stdout().contains("; the entrypoint"), "{}", done.stdout()),
            Some(rule) => assert_eq!(done.code(), Some(3), "{rule}: {}", done.stdout()),
        }
        let denied = rule.is_none_or(|rule| done.stdout().contains(&format!("error[{rule}]")));
        assert!(denied && done.stdout().contains(sentence), "`{sentence}` was expected\n{}", done.stdout());
    }
    assert!(is_empty(&temporary(&scratch)), "something was left behind");
    let Some(started) = starts(&scratch, &start) else { return };
    assert_eq!(started, rule.is_none(), "the real loader disagrees");
}

/// Whether the entrypoint of `layout` ends with 0 when it is really started; nobody but root can start it as somebody else.
fn starts(scratch: &Scratch, start: &serde_json::Value) -> Option<bool> {
    let is_root = scratch.program("id").arg("-u").run().stdout().trim() == "0";
    let identity: &[&str] = match start["User"].as_str() {
        Some(_) if !is_root => return None,
        Some(user) => &["-S", user, "-G", user],
        None => &["-r"],
    };
    let rootless: &[&str] = if is_root { &[] } else { &["--rootless"] };
    let unpack = ["--image", "layout:latest", "bundle"];
    scratch.program("umoci").arg("unpack").args(rootless).args(unpack).run().expect_code(0);
    let root = scratch.join("bundle/rootfs");
    let words = |value: &serde_json::Value| serde_json::from_value::<Vec<String>>(value.clone()).unwrap_or_default();
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let mut run = scratch.program("unshare").args(identity).env("PATH", path);
    for variable in words(&start["Env"]) {
        let (name, value) = variable.split_once('=').expect("a variable");
        run = run.env(name, value);
    }
    run = run.arg("--root").arg(&root).args(["--wd", start["WorkingDir"].as_str().unwrap_or("/")]);
    Some(run.args(words(&start["Entrypoint"])).run().code() == Some(0))
}

fn app(program: &[u8]) -> Layer {
    Layer::new().program("app", program)
}

macro_rules! needs_all {
    () => {
        requires!("gcc", "musl-gcc", "umoci", "unshare", "chroot")
    };
}

#[test]
fn a_static_program_starts_in_an_empty_image() {
    needs_all!();
    verdict(Image::starts(&["/app"], [app(&programs().alone)]), None, "static");
}

#[test]
fn programs_start_where_their_libc_is() {
    needs_all!();
    verdict(Image::starts(&["/app"], [glibc(), app(&programs().glibc)]), None, "for glibc");
    verdict(Image::starts(&["/app"], [musl(), app(&programs().musl)]), None, "for musl");
}

#[test]
fn a_program_for_glibc_does_not_start_on_musl() {
    needs_all!();
    let sentence = "is the entrypoint and cannot start: it needs `/lib64/ld-linux-x86-64.so.2`, and the image is musl";
    verdict(Image::starts(&["/app"], [musl(), app(&programs().glibc)]), Some("unstartable-entrypoint"), sentence);
    let sentence = "it needs `/lib/ld-musl-x86_64.so.1`, and the image is glibc";
    verdict(Image::starts(&["/app"], [glibc(), app(&programs().musl)]), Some("unstartable-entrypoint"), sentence);
}

#[test]
fn a_whiteout_hides_a_library_of_the_layers_below() {
    needs_all!();
    let hide = |path: &str| Layer::new().whiteout(path);
    let layers = [glibc(), app(&programs().glibc), hide("lib/x86_64-linux-gnu/.wh.libc.so.6")];
    let sentence = "needs `libc.so.6`, which `image.tar` does not have";
    let image = Image::starts(&["/app"], layers);
    let scratch = Scratch::empty();
    scratch.write("image.tar", Files::oci(&[image]).tar());
    assert!(check(&scratch, "image.tar").stdout().contains(sentence));
    let layers = [glibc(), app(&programs().glibc), hide("lib/x86_64-linux-gnu/.wh.libc.so.6")];
    verdict(Image::starts(&["/app"], layers), Some("missing-library"), "needs `libc.so.6`");
    let layers = [glibc(), app(&programs().glibc), hide("lib64/.wh..wh..opq")];
    verdict(Image::starts(&["/app"], layers), Some("unstartable-entrypoint"), "the image has no loader at all");
    // What comes back in a later layer is there.
    let layers = [glibc(), app(&programs().glibc), hide("lib/.wh.x86_64-linux-gnu"), glibc()];
    verdict(Image::starts(&["/app"], layers), None, "for glibc");
}

#[test]
fn hard_links_keep_their_file() {
    needs_all!();
    let real = Layer::new().program("opt/real", &programs().alone);
    let link = Layer::new().hard_link("app", "opt/real").whiteout("opt/.wh.real");
    verdict(Image::starts(&["/app"], [real, link]), None, "static");
}

#[test]
fn links_are_followed_inside() {
    needs_all!();
    let usr =
        Layer::new().directory("usr/bin").link("bin", "usr/bin").link("usr/local/bin/app", "../../../../../bin/it");
    let it = Layer::new().program("usr/bin/it", &programs().alone);
    verdict(Image::starts(&["app"], [usr, it]), None, "image.tar:/usr/bin/it".trim_start_matches("image.tar"));
}

#[test]
fn scripts_start_with_their_interpreter() {
    needs_all!();
    let script = |line: &str| Layer::new().program("run.sh", format!("{line}\nexit 0\n").as_bytes());
    let shell = || Layer::new().program("bin/sh", &programs().alone);
    verdict(Image::starts(&["/run.sh"], [shell(), script("#!/bin/sh")]), None, "script, run by /bin/sh");
    let rule = Some("unstartable-entrypoint");
    let sentence = "its interpreter is `/bin/bash`, which is not in the image";
    verdict(Image::starts(&["/run.sh"], [shell(), script("#!/bin/bash")]), rule, sentence);
    let sentence = "save the script with Unix line endings";
    verdict(Image::starts(&["/run.sh"], [shell(), script("#!/bin/sh\r")]), rule, sentence);
}

#[test]
fn what_is_not_there_or_not_executable_does_not_start() {
    needs_all!();
    let rule = Some("unstartable-entrypoint");
    verdict(Image::starts(&["/bin/app"], [app(&programs().alone)]), rule, "it is not in the image");
    verdict(Image::starts(&["apps"], [app(&programs().alone)]), rule, "it is in no directory of `PATH`");
    let plain = Layer::new().file("app", 0o644, &programs().alone);
    verdict(Image::starts(&["/app"], [plain]), rule, "it is not executable (its mode is 0644)");
}

#[test]
fn the_environment_of_the_image_tells_where_libraries_are() {
    requires!("gcc", "musl-gcc", "umoci", "unshare");
    let (program, library) = with_library();
    let image = |config: Value, layer: Layer| {
        let start = [("Entrypoint", json!(["/app"]))]
            .into_iter()
            .chain(config.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value.clone())));
        let start = start.map(|(name, value)| (name.to_owned(), value)).collect();
        Image { start, ..Image::starts(&[], [glibc(), app(program), layer]) }
    };
    let at = |path: &str| Layer::new().program(path, library);
    let path = |path: &str| json!({ "Env": [format!("LD_LIBRARY_PATH={path}")] });
    verdict(image(path("/opt/cuda:/opt/lib"), at("opt/lib/libown.so")), None, "for glibc");
    verdict(image(json!({}), at("opt/lib/libown.so")), Some("missing-library"), "needs `libown.so`");
    verdict(image(path("/opt/cuda"), at("opt/lib/libown.so")), Some("missing-library"), "needs `libown.so`");
    // An empty part is the working directory, from which relative ones count, too.
    let working = |path: &str| json!({ "Env": [format!("LD_LIBRARY_PATH={path}")], "WorkingDir": "/srv" });
    verdict(image(working(":/opt/cuda"), at("srv/libown.so")), None, "for glibc");
    verdict(image(working("lib"), at("srv/lib/libown.so")), None, "for glibc");
    // What it finds first is taken, and what is no library there is the end.
    let broken = at("opt/lib/libown.so").file("opt/cuda/libown.so", 0o644, b"text");
    verdict(image(path("/opt/cuda:/opt/lib"), broken), Some("missing-library"), "/opt/cuda/libown.so");
}

/// A program for glibc that needs a library, and the library.
fn with_library() -> &'static (Vec<u8>, Vec<u8>) {
    static BUILT: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
    BUILT.get_or_init(|| {
        let scratch = Scratch::empty();
        scratch.write("own.c", "int own(void) { return 0; }\n");
        scratch.write("main.c", "int own(void);\nint main(void) { return own(); }\n");
        let build = |words: &[&str]| scratch.program("gcc").args(words).run().expect_code(0);
        build(&["-shared", "-fPIC", "-o", "libown.so", "own.c"]);
        build(&["-o", "app", "main.c", "-L.", "-lown"]);
        let read = |name: &str| std::fs::read(scratch.join(name)).expect("it was built");
        (read("app"), read("libown.so"))
    })
}

#[test]
fn the_user_of_the_image_has_to_be_allowed_to_start_it() {
    requires!("gcc", "musl-gcc", "umoci", "unshare");
    let image = |user: &str, layer: Layer| Image {
        start: json!({ "Entrypoint": ["/srv/app"], "User": user }),
        ..Image::starts(&[], [layer])
    };
    let at = |mode: u32| Layer::new().file("srv/app", mode, &programs().alone);
    let rule = Some("unstartable-entrypoint");
    verdict(image("65532", at(0o755)), None, "static");
    verdict(image("65532", at(0o700)), rule, "the user `65532` may not execute it: its mode is 0700");
    verdict(image("0", at(0o700)), None, "static");
    let closed = Layer::new().raw(b"srv/", tar::EntryType::Directory, |header| header.set_mode(0o700));
    let closed = closed.program("srv/app", &programs().alone);
    verdict(image("65532", closed), rule, "the user `65532` may not enter its directory `/srv`");
    // No runtime starts anything as somebody whom the image does not know.
    let scratch = Scratch::empty();
    let passwd = |name: &str| at(0o755).file("etc/passwd", 0o644, format!("{name}:x:65532:65532::/:/\n").as_bytes());
    for (name, code) in [("other", 3), ("app", 0)] {
        scratch.write("image.tar", Files::oci(&[image("app", passwd(name))]).tar());
        let done = check(&scratch, "image.tar").expect_code(code);
        assert_eq!(
            done.stdout().contains("the image has no user `app` in `/etc/passwd`"),
            code == 3,
            "{}",
            done.stdout()
        );
    }
}

#[test]
fn the_kernel_does_not_look_for_an_interpreter_in_the_path() {
    needs_all!();
    let image = |line: &str, directory: &str| {
        // No `/bin/sh`: `execvp` of whoever starts it here would take that for what the kernel refuses.
        let script = Layer::new().program("run", format!("{line}\n").as_bytes()).program("opt/sh", &programs().alone);
        let start = json!({ "Entrypoint": ["/run"], "WorkingDir": directory });
        Image { start, ..Image::starts(&[], [script]) }
    };
    verdict(image("#!/opt/sh", "/"), None, "script, run by /opt/sh");
    let rule = Some("unstartable-entrypoint");
    verdict(image("#!sh", "/"), rule, "`PATH` is not searched for it");
    verdict(image("#!sh", "/opt"), None, "script, run by");
    verdict(image("\u{feff}#!/opt/sh", "/"), rule, "a script with a byte order mark in front of `#!`");
    verdict(image("Grüße", "/"), rule, "it is a text without `#!`");
}
