//! The next step, in the words of the tool that made the file.

use crate::plan::Tool;
use crate::rules::Subject;

/// Which tool's words the advice uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Maker {
    /// Go.
    Go,
    /// Rust, through cargo.
    Rust,
    /// Another compiler, or not known.
    Other,
}

impl Subject<'_> {
    /// Who made the file: the build that was wrapped, else the traces in the file.
    pub(in crate::rules) fn maker(&self) -> Maker {
        match self.provenance.tool {
            Some(Tool::Go) => Maker::Go,
            Some(Tool::Cargo) => Maker::Rust,
            None if self.facts.go.is_some() => Maker::Go,
            None if self.facts.rust.is_some() => Maker::Rust,
            None => Maker::Other,
        }
    }

    /// A Go build setting recorded in the file.
    pub(in crate::rules) fn go_setting(&self, key: &str) -> Option<&str> {
        self.facts.go.as_ref().and_then(|go| go.setting(key))
    }
}

/// The musl target of an architecture, as rustup names it.
pub(in crate::rules) fn musl_target(arch: &str) -> String {
    match arch {
        "arm" => "armv7-unknown-linux-musleabihf".into(),
        "i386" => "i686-unknown-linux-musl".into(),
        "ppc64le" => "powerpc64le-unknown-linux-musl".into(),
        "riscv64" => "riscv64gc-unknown-linux-musl".into(),
        other => format!("{other}-unknown-linux-musl"),
    }
}

/// How to link a program statically with the tool that made this one.
pub(in crate::rules) fn link_statically(subject: &Subject<'_>) -> String {
    match subject.maker() {
        Maker::Go if loads_without_cgo(subject) => {
            "`github.com/ebitengine/purego` calls C libraries without cgo, and makes the program dynamic: leave it out, or \
             allow `linkage = \"any\"`"
                .into()
        }
        Maker::Go if static_flag_ignored(subject) => {
            "Go's internal linker ignores `-extldflags`: add `-linkmode=external` to `-ldflags`, or build with \
             `CGO_ENABLED=0`"
                .into()
        }
        // musl-gcc passes `-static-pie` on and names the loader all the same.
        Maker::Go if subject.go_setting("-buildmode") == Some("pie") => format!(
            "`-buildmode=pie` asks for a loader: build with `-buildmode=exe`, or with cgo, \
             `-ldflags='-linkmode=external -extldflags=-static-pie'` and `CC=\"zig cc -target {}-linux-musl\"`",
            subject.facts.arch
        ),
        Maker::Go => "build with `CGO_ENABLED=0`, or link cgo statically: `CC=musl-gcc go build -tags=netgo,osusergo \
                      -ldflags='-linkmode=external -extldflags=-static'`"
            .into(),
        Maker::Rust => format!("build with `cargo build --target {}`", musl_target(&subject.facts.arch)),
        Maker::Other => "link with `-static`, best against musl: `musl-gcc -static`".into(),
    }
}

/// purego imports libc and libdl through the linker's own directives, so that `CGO_ENABLED=0` does not keep them out.
fn loads_without_cgo(subject: &Subject<'_>) -> bool {
    let is_linked =
        |path: &str| subject.facts.go.as_ref().is_some_and(|go| go.deps.iter().any(|module| module.path == path));
    subject.go_setting("CGO_ENABLED") == Some("0") && is_linked("github.com/ebitengine/purego")
}

/// `-extldflags=-static` without external linking, as far as the build information tells.
fn static_flag_ignored(subject: &Subject<'_>) -> bool {
    subject.go_setting("-ldflags").is_some_and(|flags| {
        flags.contains("extldflags")
            && flags.contains("-static")
            && !flags.replace(' ', "=").contains("linkmode=external")
    })
}
