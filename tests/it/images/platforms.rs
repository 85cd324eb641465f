//! Indexes for several platforms, with real Go programs for each.

use super::make::{Files, Image, Layer, check};
use crate::support::Scratch;

/// A Go program for Linux, as `GOARCH` and further settings make it.
fn go(settings: &[(&str, &str)]) -> Vec<u8> {
    let scratch = Scratch::empty();
    scratch.write("go.mod", "module example.org/app\n\ngo 1.22\n");
    scratch.write("main.go", "package main\n\nfunc main() { println(\"hello\") }\n");
    let mut run = scratch.program("go").args(["build", "-o", "app"]).env("GOOS", "linux").env("CGO_ENABLED", "0");
    for (name, value) in settings {
        run = run.env(name, value);
    }
    run.run().expect_code(0);
    std::fs::read(scratch.join("app")).expect("it was built")
}

fn image(platform: &'static str, program: &[u8]) -> Image {
    Image::starts(&["/app"], [Layer::new().program("app", program)]).on(platform)
}

fn said(images: &[Image], code: i32) -> String {
    let scratch = Scratch::empty();
    scratch.write("image.tar", Files::oci(images).tar());
    check(&scratch, "image.tar").expect_code(code).stdout()
}

#[test]
fn every_platform_of_an_index_is_judged_by_its_own() {
    requires!("go");
    let (amd64, arm64) = (go(&[("GOARCH", "amd64")]), go(&[("GOARCH", "arm64")]));
    let text = said(&[image("linux/amd64", &amd64), image("linux/arm64", &arm64)], 0);
    assert!(text.contains("ok: image.tar[linux/amd64]:/app: static ELF x86_64"), "{text}");
    assert!(text.contains("ok: image.tar[linux/arm64]:/app: static ELF aarch64"), "{text}");
    let text = said(&[image("linux/amd64", &amd64), image("linux/arm64", &amd64)], 3);
    let sentence = "error[platform-mismatch]: `image.tar[linux/arm64]:/app` lies in an image for `linux/arm64`, but is made for x86_64";
    assert!(text.contains(sentence) && text.contains("ok: image.tar[linux/amd64]"), "{text}");
    assert_eq!(text.matches("error[").count(), 1, "{text}");
}

#[test]
fn levels_above_the_declared_variant_are_refused() {
    requires!("go");
    let armv7 = go(&[("GOARCH", "arm"), ("GOARM", "7")]);
    let text = said(&[image("linux/arm/v6", &armv7)], 3);
    assert!(text.contains("an image for `linux/arm/v6`, but needs armv7") && text.contains("`GOARM=7"), "{text}");
    said(&[image("linux/arm/v7", &armv7)], 0);
    said(&[image("linux/arm", &armv7)], 0);
    let v3 = go(&[("GOARCH", "amd64"), ("GOAMD64", "v3")]);
    let text = said(&[image("linux/amd64", &v3)], 3);
    assert!(text.contains("an image for `linux/amd64`, but needs x86-64-v3"), "{text}");
    said(&[image("linux/amd64/v3", &v3)], 0);
}

#[test]
fn an_index_and_a_configuration_that_disagree_are_said() {
    requires!("go");
    let amd64 = go(&[("GOARCH", "amd64")]);
    let text = said(&[Image { configured: "linux/arm64", ..image("linux/amd64", &amd64) }], 3);
    assert!(text.contains("the index declares as `linux/amd64`, and its configuration as `linux/arm64`"), "{text}");
}
