//! The verdict on images against what happens when their entrypoint is started: `umoci` unpacks them, `chroot` enters.

use super::make::{Files, Image, Layer, check, glibc, is_empty, musl, programs, temporary};
use crate::support::Scratch;

/// What the program under test must say of an image, and the kernel too; `rule` is what denies it.
#[track_caller]
fn verdict(image: Image, rule: Option<&str>, sentence: &str) {
    let argv: Vec<String> = serde_json::from_value(image.start["Entrypoint"].clone()).expect("words");
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
    let started = starts(&scratch, &argv);
    assert_eq!(started, rule.is_none(), "the real loader disagrees");
}

/// Whether the entrypoint of `layout` ends with 0 when it is really started.
fn starts(scratch: &Scratch, argv: &[String]) -> bool {
    let unpack = ["unpack", "--rootless", "--image", "layout:latest", "bundle"];
    scratch.program("umoci").args(unpack).run().expect_code(0);
    let root = scratch.join("bundle/rootfs");
    let enter = ["-r", "chroot", root.to_str().expect("UTF-8")];
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let done = scratch.program("unshare").args(enter).args(argv).env("PATH", path).run();
    done.code() == Some(0)
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
