//! Which demands hold inside an image: whether it starts always, everything else for what the policy names.

use super::make::{Files, Image, Layer, check, glibc, musl, programs};
use crate::support::Scratch;

/// An image with a good entrypoint, a program that cannot start, and a policy.
fn said(policy: &str, code: i32) -> String {
    let scratch = Scratch::empty();
    scratch.write("seaworthy.toml", policy);
    let other = Layer::new().program("usr/bin/other", &programs().musl);
    let image = Image::starts(&["/app"], [glibc(), Layer::new().program("app", &programs().glibc), other]);
    scratch.write("image.tar", Files::oci(&[image]).tar());
    check(&scratch, "image.tar").expect_code(code).stdout()
}

#[test]
fn what_does_not_start_beside_the_entrypoint_is_one_warning() {
    requires!("gcc", "musl-gcc");
    let text = said("linkage = \"static\"", 0);
    assert!(text.starts_with("ok: image.tar:/app: dynamic"), "{text}");
    let warning = "warning[unstartable-program]: `image.tar:/usr/bin/other` cannot start in its image: \
                   its loader /lib/ld-musl-x86_64.so.1 is not there, only /lib64/ld-linux-x86-64.so.2";
    assert_eq!((text.contains(warning), text.matches("warning[").count()), (true, 1), "{text}");
}

#[test]
fn rules_and_exceptions_hold_inside() {
    requires!("gcc", "musl-gcc");
    let text = said("[rules]\nunstartable-program = \"deny\"", 3);
    assert!(text.contains("error[unstartable-program]"), "{text}");
    let exception = "[[exception]]\nrule = \"unstartable-program\"\nartifact = \"/usr/bin/*\"\nreason = \"a spare\"";
    let text = said(exception, 0);
    assert!(!text.contains("warning["), "{text}");
}

#[test]
fn what_an_artifact_entry_names_is_judged_by_the_whole_policy() {
    requires!("gcc", "musl-gcc");
    for path in ["/app", "image.tar:/app"] {
        let text = said(&format!("[[artifact]]\npath = \"{path}\"\nlinkage = \"static\""), 3);
        assert!(text.contains("error[dynamic-loader]: `image.tar:/app` has to be statically linked"), "{text}");
    }
    let policy = "[[artifact]]\npath = \"/app\"\nlinkage = \"any\"\nruns-on = [\"scratch\"]";
    let text = said(policy, 3);
    assert!(
        text.contains("asks for the loader `/lib64/ld-linux-x86-64.so.2`, which `scratch` does not have"),
        "{text}"
    );
    let text = said("[[artifact]]\npath = \"/usr/bin/*\"\nlinkage = \"any\"", 3);
    assert!(text.contains("error[missing-library]: `image.tar:/usr/bin/other` asks for the loader"), "{text}");
    // A file's name alone means the project's own file.
    said("[[artifact]]\npath = \"app\"\nlinkage = \"static\"", 0);
}

#[test]
fn a_report_tells_files_of_images() {
    requires!("gcc", "musl-gcc");
    let scratch = Scratch::empty();
    let image = Image::starts(&["/app"], [musl(), Layer::new().program("app", &programs().musl)]).on("linux/amd64");
    scratch.write("image.tar", Files::oci(&[image]).tar());
    let done = scratch.seaworthy().args(["check", "--format", "json", "image.tar"]).run().expect_code(0);
    let report = done.json();
    let artifact = &report["artifacts"][0];
    assert_eq!(artifact["path"], "image.tar:/app");
    assert_eq!(artifact["image"]["platform"]["architecture"], "amd64");
    assert_eq!((&artifact["image"]["path"], &artifact["image"]["part"]), (&"/app".into(), &"entrypoint".into()));
    assert_eq!(
        (&artifact["hosts"][0]["host"], &artifact["hosts"][0]["verdict"]),
        (&"image.tar".into(), &"runs".into())
    );
    let done = scratch.seaworthy().args(["check", "--matrix", "image.tar"]).run().expect_code(0);
    assert_eq!(done.stdout(), "                image.tar\nimage.tar:/app  runs\n");
}
