//! The next step, in the words of the tool that made the file.

use crate::plan::Tool;
use crate::policy::LinkagePolicy;
use crate::rules::Subject;
use crate::rules::support::libraries::is_musl_loader;

/// How a build script has the crate `cc` link the C++ library of GCC statically.
pub(in crate::rules) const STATIC_CXX: &str = "`CXXSTDLIB=static=stdc++` for build scripts that use the crate `cc`";

/// What to do about an executable stack.
pub(in crate::rules) const PLAIN_STACK: &str =
    "add `.section .note.GNU-stack,\"\",@progbits` to the assembly that lacks it, or link with `-Wl,-z,noexecstack`";

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

    /// Whether it needs the C++ library of GCC or LLVM.
    pub(in crate::rules) fn needs_cxx(&self) -> bool {
        let is_cxx = |name: &String| name.starts_with("libstdc++.so") || name.starts_with("libc++.so");
        self.elf().is_some_and(|elf| elf.needed.iter().any(is_cxx))
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

/// The glibc target of an architecture, as rustup names it.
pub(in crate::rules) fn glibc_target(arch: &str) -> String {
    musl_target(arch).replace("-musl", "-gnu")
}

/// How to link a Rust program with C++ code statically, by its musl target: no distribution has a C++ compiler for musl.
pub(crate) fn static_cxx_of_rust(musl: &str) -> String {
    format!(
        "link glibc and the C++ library in, by `[cargo]` with `target = \"{}\"` and `crt-static = true`, or build with `cargo \
         zigbuild --target {musl}`, which brings a C++ library for musl",
        musl.replace("-musl", "-gnu")
    )
}

/// A target for Linux as zig names it, with `gnu` or `musl`.
pub(crate) fn zig_target(arch: &str, libc: &str) -> String {
    match arch {
        "arm" => format!("arm-linux-{libc}eabihf"),
        "i386" => format!("x86-linux-{libc}"),
        "ppc64le" => format!("powerpc64le-linux-{libc}"),
        other => format!("{other}-linux-{libc}"),
    }
}

/// How to link a program statically with the tool that made this one.
pub(in crate::rules) fn link_statically(subject: &Subject<'_>) -> String {
    if let Some(advice) = of_musl_target(subject) {
        return advice.into();
    }
    match subject.maker() {
        Maker::Go if loads_without_cgo(subject) => {
            let any = match subject.policy.linkage.value {
                LinkagePolicy::Static => ", or allow `linkage = \"any\"`",
                LinkagePolicy::Any => "",
            };
            format!(
                "`github.com/ebitengine/purego` calls C libraries without cgo, and makes the program dynamic: leave it out{any}"
            )
        }
        Maker::Go if static_flag_ignored(subject) => {
            "Go's internal linker ignores `-extldflags`: add `-linkmode=external` to `-ldflags`, or build with \
             `CGO_ENABLED=0`"
                .into()
        }
        // musl-gcc passes `-static-pie` on and names the loader all the same.
        Maker::Go if subject.go_setting("-buildmode") == Some("pie") => format!(
            "`-buildmode=pie` asks for a loader: build with `-buildmode=exe`, or with cgo, \
             `-ldflags='-linkmode=external -extldflags=-static-pie'` and `CC=\"zig cc -target {}\"`",
            zig_target(&subject.facts.arch, "musl")
        ),
        Maker::Go => {
            // musl-gcc does not know C++.
            let compiler = if subject.needs_cxx() { "" } else { "CC=musl-gcc " };
            format!(
                "build with `CGO_ENABLED=0`, or link cgo statically: `{compiler}go build -tags=netgo,osusergo \
                 -ldflags='-linkmode=external -extldflags=-static'`"
            )
        }
        Maker::Rust if subject.needs_cxx() => static_cxx_of_rust(&musl_target(&subject.facts.arch)),
        Maker::Rust => format!("build with `cargo build --target {}`", musl_target(&subject.facts.arch)),
        Maker::Other if subject.needs_cxx() => format!(
            "link with `-static`, best against musl: `zig c++ -target {} -static`",
            zig_target(&subject.facts.arch, "musl")
        ),
        Maker::Other => "link with `-static`, best against musl: `musl-gcc -static`".into(),
    }
}

/// What to take out where rustc would have linked the program statically by itself: to name its target again changes nothing.
fn of_musl_target(subject: &Subject<'_>) -> Option<&'static str> {
    let elf = subject.elf().filter(|_| subject.maker() == Maker::Rust)?;
    if is_musl_loader(elf.interpreter.as_ref()?) && elf.needed.is_empty() {
        return Some(
            "remove `linker = \"musl-gcc\"` from cargo's configuration: it adds a loader to Rust's static start-up code, \
             and the program crashes; or keep it with `-C relocation-model=static`",
        );
    }
    let for_musl = subject.target().is_some_and(|target| target.musl);
    for_musl.then_some("remove `-C target-feature=-crt-static` from the flags of rustc")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::go_build_info::GoModule;
    use crate::rules::support::testing::Case;

    #[test]
    fn cxx_is_not_linked_by_compilers_of_c() {
        let advice = |case: Case| {
            let rule = &crate::rules::dynamic_loader::RULE;
            case.violations(rule).remove(0).help.expect("help")
        };
        let cxx = || Case::elf().dynamic(&["libstdc++.so.6", "libc.so.6"]);
        for help in [advice(cxx()), advice(cxx().go(&[])), advice(cxx().rust())] {
            assert!(!help.contains("musl-gcc"), "{help}");
        }
        assert!(advice(cxx()).contains("`zig c++ -target x86_64-linux-musl -static`"));
        assert!(advice(cxx().rust()).contains("`crt-static = true`"));
    }

    #[test]
    fn what_is_allowed_is_not_advised() {
        let case = |linkage| {
            let purego = GoModule { path: "github.com/ebitengine/purego".into(), ..GoModule::default() };
            let case = Case::elf().dynamic(&["libc.so.6"]).go(&[("CGO_ENABLED", "0")]).linkage(linkage);
            let add = |case: &mut Case| case.facts.go.iter_mut().for_each(|go| go.deps.push(purego.clone()));
            let rule = &crate::rules::missing_library::RULE;
            case.with(add).runs_on(&["scratch"]).violations(rule).remove(0).help.expect("help")
        };
        assert!(case(LinkagePolicy::Static).contains("or allow `linkage = \"any\"`"));
        assert!(case(LinkagePolicy::Any).ends_with("leave it out"));
    }

    #[test]
    fn zig_has_its_own_names() {
        for (arch, zig) in [("arm", "arm-linux-musleabihf"), ("i386", "x86-linux-musl"), ("s390x", "s390x-linux-musl")]
        {
            assert_eq!(zig_target(arch, "musl"), zig);
        }
    }
}
