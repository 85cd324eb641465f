//! Small trees, and what would be started in them.

use super::*;
use crate::images::names::parts;
use crate::images::tree::New;

const ELF: Content = Content::Elf(0);

fn script(line: &str) -> Content {
    Content::Script(line.as_bytes().into())
}

fn tree(files: &[(&str, u16, Content)], links: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::new();
    for (path, mode, content) in files {
        let file = File { access: Access::of_root(*mode), content: content.clone() };
        tree.put(0, &parts(path.as_bytes()).expect("a name"), New::File(file)).expect("put");
    }
    for (path, target) in links {
        tree.put(0, &parts(path.as_bytes()).expect("a name"), New::Link(target.as_bytes())).expect("put");
    }
    tree
}

fn small() -> Tree {
    let files = [
        ("app", 0o755, ELF),
        ("plain", 0o644, ELF),
        ("bin/busybox", 0o755, ELF),
        ("usr/bin/env", 0o755, ELF),
        ("usr/local/bin/tini", 0o755, ELF),
        ("opt/tool", 0o755, ELF),
        ("run.sh", 0o755, script("/bin/sh -e")),
        ("dos.sh", 0o755, script("/bin/sh\r")),
        ("py", 0o755, script("/usr/bin/env python3")),
        ("loop", 0o755, script("/loop")),
        ("text", 0o755, Content::Foreign("a text without `#!`".into())),
    ];
    tree(&files, &[("bin/sh", "busybox"), ("usr/bin/app", "/app"), ("broken", "nowhere"), ("circle", "circle")])
}

fn with(start: Start) -> Vec<Started> {
    of(&small(), &start)
}

fn words(words: &[&str]) -> Option<Vec<String>> {
    Some(words.iter().map(ToString::to_string).collect())
}

/// Path, part and fault of everything that is started.
fn started(entrypoint: &[&str], cmd: &[&str]) -> Vec<(String, Part, Option<String>)> {
    let found = with(Start { entrypoint: words(entrypoint), cmd: words(cmd), ..Start::default() });
    found.into_iter().map(|one| (one.path, one.part, one.fault.map(|fault| fault.why))).collect()
}

fn fault(name: &str) -> String {
    let mut found = started(&[name], &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).2.expect("a fault")
}

#[test]
fn programs_are_found_as_a_runtime_finds_them() {
    let fine = |path: &str| vec![(path.to_owned(), Part::Entrypoint, None)];
    assert_eq!(started(&["/app"], &["serve"]), fine("/app"));
    assert_eq!(started(&[], &["app"]), fine("/app"), "through `PATH` and a link");
    let relative = Start { cmd: words(&["./tool"]), working_dir: Some("/opt".into()), ..Start::default() };
    assert_eq!(with(relative)[0].path, "/opt/tool");
    let own_path = Start { cmd: words(&["tool"]), env: words(&["PATH=/bin:/opt"]), ..Start::default() };
    assert_eq!(with(own_path)[0].fault, None);
    assert_eq!(started(&[], &[]), []);
}

#[test]
fn what_cannot_be_started_says_why() {
    assert_eq!(fault("/nowhere"), "it is not in the image");
    assert_eq!(fault("/broken"), "it is not in the image");
    assert_eq!(fault("tool"), "it is in no directory of `PATH`");
    assert_eq!(fault("/plain"), "it is not executable (its mode is 0644)");
    assert_eq!(fault("/bin"), "it is a directory");
    assert_eq!(fault("/circle"), "its symbolic links run in circles");
    assert_eq!(fault("/text"), "it is a text without `#!`");
    let shown = with(Start { cmd: words(&["/nowhere", "x"]), ..Start::default() });
    let evidence = &shown[0].fault.as_ref().expect("a fault").evidence;
    assert_eq!(evidence, &[r#"`Cmd` of the image is ["/nowhere","x"], and it has no `Entrypoint`"#]);
}

#[test]
fn scripts_need_their_interpreter() {
    let found = started(&["/run.sh"], &["app"]);
    let expected = [("/run.sh", Part::Entrypoint), ("/bin/busybox", Part::Interpreter), ("/app", Part::Command)];
    assert_eq!(found, expected.map(|(path, part)| (path.to_owned(), part, None)));
    assert_eq!(fault("/dos.sh"), "its interpreter is `/bin/sh\\r`, which is not in the image");
    assert_eq!(fault("/py"), "`env` does not find `python3` in the `PATH` of the image");
    let found = started(&["/loop"], &[]);
    assert!(found.iter().all(|(path, ..)| path == "/loop"), "{found:?}");
}

#[test]
fn what_starts_its_arguments_is_looked_through() {
    let found = started(&["tini", "--", "/run.sh"], &[]);
    let paths: Vec<&str> = found.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(paths, ["/usr/local/bin/tini", "/run.sh", "/bin/busybox"]);
    let found = started(&["/bin/sh", "-c", "exec /missing --flag"], &[]);
    assert_eq!(found[1], ("/missing".into(), Part::Command, Some("it is not in the image".into())));
    assert_eq!(started(&["/bin/sh", "-c", "$APP; cd x"], &[]).len(), 1);
    // Its own arguments are nobody else's business.
    assert_eq!(started(&["/app", "/text"], &[]).len(), 1);
}

#[test]
fn what_the_kernel_reads_is_not_what_a_shell_reads() {
    let tree = tree(
        &[
            ("bin/sh", 0o755, ELF),
            ("bare", 0o755, script("sh")),
            ("text", 0o755, Content::Foreign(TEXT.into())),
            ("bin/busybox", 0o755, ELF),
            ("split", 0o755, script("/usr/bin/env -S app --x")),
            ("opt/plain.sh", 0o644, Content::Other),
            ("opt/app", 0o755, ELF),
            ("usr/bin/tini", 0o755, ELF),
        ],
        &[("usr/bin/env", "/bin/busybox"), ("usr/bin/app", "/opt/app")],
    );
    let started = |words_: &[&str], directory: &str| {
        let start = Start { cmd: words(words_), working_dir: Some(directory.into()), ..Start::default() };
        let found = of(&tree, &start);
        found.into_iter().map(|one| (one.path, one.fault.map(|fault| fault.why))).collect::<Vec<_>>()
    };
    let fine = |path: &str| (path.to_owned(), None);
    let absent = |path: &str| (path.to_owned(), Some("it is not in the image".to_owned()));
    // Without a slash the kernel looks in the working directory, never in `PATH`.
    let why = "its interpreter is `sh`, which is not in the image".to_owned();
    assert_eq!(started(&["/bare"], "/"), [("/bare".to_owned(), Some(why))]);
    let why = "it gives `env` the option `-S`, which that of busybox does not have".to_owned();
    assert_eq!(started(&["/split"], "/"), [("/split".to_owned(), Some(why))]);
    assert_eq!(started(&["/bare"], "/bin"), [fine("/bare"), fine("/bin/sh")]);
    assert_eq!(started(&["/bin/sh", "/opt/plain.sh"], "/"), [fine("/bin/sh"), fine("/opt/plain.sh")]);
    assert_eq!(started(&["/bin/sh", "plain/run.sh"], "/opt"), [fine("/bin/sh"), absent("/opt/plain/run.sh")]);
    assert_eq!(started(&["/bin/sh", "-c", "A=1 exec ./app --x"], "/opt"), [fine("/bin/sh"), fine("/opt/app")]);
    assert_eq!(started(&["/bin/sh", "-c", "./app"], "/"), [fine("/bin/sh"), absent("/app")]);
    assert_eq!(started(&["/bin/sh", "-c", "/gone || /opt/app"], "/"), [fine("/bin/sh")]);
    assert_eq!(started(&["/bin/sh", "-c", "/text && /opt/app"], "/"), [fine("/bin/sh"), fine("/text")]);
    assert_eq!(started(&["tini", "-g", "--", "/gone", "x"], "/"), [fine("/usr/bin/tini"), absent("/gone")]);
    assert_eq!(started(&["tini", "/opt/app", "--", "/gone"], "/"), [fine("/usr/bin/tini"), fine("/opt/app")]);
}

#[test]
fn the_user_has_to_be_allowed_to() {
    let mut tree = Tree::new();
    let mut put = |path: &str, new: New<'_>| tree.put(0, &parts(path.as_bytes()).expect("a name"), new).expect("put");
    let access = |mode, uid| Access { mode, uid, gid: 0 };
    put("root", New::Directory(access(0o700, 0)));
    for (path, mode, uid) in [("root/app", 0o755, 0), ("mine", 0o700, 1000), ("theirs", 0o750, 0), ("open", 0o711, 0)] {
        put(path, New::File(File { access: access(mode, uid), content: ELF }));
    }
    put("run.sh", New::File(File { access: access(0o711, 0), content: script("/open") }));
    put("bin", New::Link(b"root"));
    let why = |path: &str, user: &str| {
        let start = Start { entrypoint: words(&[path]), user: Some(user.to_owned()), ..Start::default() };
        of(&tree, &start)[0].fault.clone().map(|fault| fault.why)
    };
    for path in ["/root/app", "/mine", "/theirs", "/open", "/run.sh"] {
        assert_eq!(why(path, "0"), None, "{path}");
    }
    assert_eq!(why("/mine", "1000"), None);
    assert_eq!(why("/open", "1000"), None);
    let told = "the user `1000:5` may not enter its directory `/root`: its mode is 0700, and it belongs to 0:0";
    assert_eq!(why("/root/app", "1000:5").as_deref(), Some(told));
    assert_eq!(why("/bin/app", "1000:5").as_deref(), Some(told), "wherever a link leads");
    let told = "the user `7:5` may not execute it: its mode is 0700, and it belongs to 1000:0";
    assert_eq!(why("/mine", "7:5").as_deref(), Some(told));
    // A number that nobody has gets the group 0.
    assert_eq!(why("/theirs", "7"), None);
    assert!(why("/run.sh", "7:5").is_some_and(|why| why.contains("may not read and execute it")));
    assert_eq!(why("/open", "app").as_deref(), Some("the image has no user `app` in `/etc/passwd`"));
}
