//! The vocabulary of a policy file as one table: what the parser accepts, what its messages list, what the reference
//! page ([`super::reference()`]) prints.

use super::{CgoPolicy, Level, LinkagePolicy, OnViolation, presets};

/// A table of the policy file.
#[derive(Debug)]
pub(super) struct Section {
    /// As the file writes it: `[go]`, `[[artifact]]`; empty for the top level.
    pub(super) header: &'static str,
    /// What it is for, one sentence of Markdown.
    pub(super) meaning: &'static str,
    /// Its keys, in the order of the reference.
    pub(super) keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Key {
    /// Its name.
    pub(super) name: &'static str,
    /// What may stand behind it.
    pub(super) kind: Kind,
    /// What holds without it, as Markdown; [`REQUIRED`] when the file must say it.
    pub(super) default: &'static str,
    /// What it does, as Markdown, without the full stop.
    pub(super) meaning: &'static str,
    /// A value as the file writes it, where the default is none; else empty.
    example: &'static str,
}

impl Key {
    /// A value that a new policy file shows: the default, or an example where there is none. Empty for tables.
    pub(super) fn sample(&self) -> &'static str {
        if self.example.is_empty() { self.default_value().unwrap_or_default() } else { self.example }
    }

    /// The default as the file would write it, where it is one value.
    pub(super) fn default_value(&self) -> Option<&'static str> {
        self.default.strip_prefix('`')?.strip_suffix('`')
    }

    const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }
}

/// The default of a key that has none.
pub(super) const REQUIRED: &str = "required";

/// What may stand behind a key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A string that is not empty, and what it must look like.
    Text(Shape),
    /// An array of such strings.
    Texts(Shape),
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// One of these words, or an array of them.
    Words(fn() -> Vec<&'static str>),
    /// A day: `2027-03-01`, quoted or not.
    Day,
    /// A table: names of rules and their levels.
    Levels,
    /// A table.
    Table(&'static Section),
    /// An array of tables, `[[name]]`.
    Tables(&'static Section),
    /// A table of tables, `[name.X]`.
    Named(&'static Section),
}

/// What a string must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Anything that is not empty.
    Any,
    /// Numbers with dots between them.
    Version,
    /// A version of Windows, as its own numbers go.
    Windows,
    /// A name of a host: `name` or `name:version`.
    Host,
    /// A glob that is checked here.
    Glob,
    /// A glob that is checked where it is compiled for use.
    Compiled,
    /// The id of a rule.
    Rule,
    /// A build tag of Go.
    GoTag,
    /// A target triple.
    Target,
    /// A path, relative to the policy file.
    Path,
    /// Apple's name of a team: ten capital letters and digits.
    Team,
    /// An entitlement: `KEY` or `KEY=VALUE`.
    Entitlement,
    /// The same, with a glob as the key if need be.
    Entitlements,
}

/// A closed set of words that a key takes.
pub(super) trait Words: Copy + 'static {
    /// Every value with its word.
    const ALL: &'static [(&'static str, Self)];

    /// The value of a word.
    fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
    }

    /// The word of a value.
    fn word(&self) -> &'static str
    where
        Self: PartialEq,
    {
        Self::ALL.iter().find(|(_, value)| value == self).map_or("", |(name, _)| *name)
    }
}

impl Words for LinkagePolicy {
    const ALL: &'static [(&'static str, Self)] = &[("static", Self::Static), ("any", Self::Any)];
}

impl Words for OnViolation {
    const ALL: &'static [(&'static str, Self)] =
        &[("keep", Self::Keep), ("rename", Self::Rename), ("remove", Self::Remove)];
}

impl Words for Level {
    const ALL: &'static [(&'static str, Self)] = &[("allow", Self::Allow), ("warn", Self::Warn), ("deny", Self::Deny)];
}

impl Words for CgoPolicy {
    const ALL: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("static", Self::Static), ("allow", Self::Allow)];
}

/// The words of `T`.
pub(super) fn words<T: Words>() -> Vec<&'static str> {
    T::ALL.iter().map(|(name, _)| *name).collect()
}

/// The page sizes that `linux.page-size` can name.
fn page_sizes() -> Vec<&'static str> {
    vec!["4K", "16K", "64K"]
}

/// The levels of CPUs that `linux.cpu` can name, weakest first (x86-64 psABI, "Micro-Architecture Levels").
fn cpu_levels() -> Vec<&'static str> {
    vec!["x86-64-v1", "x86-64-v2", "x86-64-v3", "x86-64-v4"]
}

pub(super) const fn key(name: &'static str, kind: Kind, default: &'static str, meaning: &'static str) -> Key {
    Key { name, kind, default, meaning, example: "" }
}

/// The top level.
pub(super) static ROOT: Section = Section {
    header: "",
    meaning: "Above the first table.",
    keys: &[
        key("extends", Kind::Words(presets::names), "none", "presets whose values hold where this file says nothing")
            .example("\"release\""),
        key("linkage", Kind::Word(words::<LinkagePolicy>), "`\"static\"`", "what programs for Linux must be"),
        key("runs-on", Kind::Texts(Shape::Host), "`[]`", "the hosts that every artifact for their system must run on"),
        key(
            "on-violation",
            Kind::Word(words::<OnViolation>),
            "`\"keep\"`",
            "what becomes of a rejected file: `rename` appends `.rejected`, `remove` deletes it",
        ),
        key(
            "inconclusive",
            Kind::Word(words::<Level>),
            "`\"deny\"`",
            "whether a binary that cannot be judged fails the build",
        ),
        key("forbidden-strings", Kind::Texts(Shape::Any), "`[]`", "strings that no artifact may contain"),
        key("baseline", Kind::Table(&BASELINE), "", ""),
        key("go", Kind::Table(&GO), "", ""),
        key("cargo", Kind::Table(&CARGO), "", ""),
        key("linux", Kind::Table(&LINUX), "", ""),
        key("macos", Kind::Table(&MACOS), "", ""),
        key("windows", Kind::Table(&WINDOWS), "", ""),
        key("hosts", Kind::Named(&HOST), "", ""),
        key(
            "rules",
            Kind::Levels,
            "each rule's own",
            "the level of a rule everywhere: `allow` (not run), `warn` (said), `deny` (fails the build)",
        ),
        key("artifact", Kind::Tables(&ARTIFACT), "", ""),
        key("exception", Kind::Tables(&EXCEPTION), "", ""),
    ],
};

static BASELINE: Section = Section {
    header: "[baseline]",
    meaning: "The last release, which this build must not be less portable than (rule `less-portable`).",
    keys: &[key(
        "report",
        Kind::Text(Shape::Path),
        "none",
        "its JSON report (`--report json=FILE`), relative to the policy file",
    )
    .example("\"last-release.json\"")],
};

static GO: Section = Section {
    header: "[go]",
    meaning: "What `seaworthy go …` sets.",
    keys: &[
        key(
            "cgo",
            Kind::Word(words::<CgoPolicy>),
            "`\"off\"`",
            "`off` is `CGO_ENABLED=0`; `static` links external code with `-static`; `allow` leaves cgo as it is",
        ),
        key("tags", Kind::Texts(Shape::GoTag), "`[]`", "build tags, added to the ones you give"),
        key("trimpath", Kind::Flag, "`false`", "adds `-trimpath`"),
        key(
            "ldflags",
            Kind::Texts(Shape::Any),
            "`[]`",
            "flags for Go's linker, one argument an element, added to the ones you give",
        ),
        key("cc", Kind::Text(Shape::Any), "Go's own", "the C compiler for `cgo = \"static\"`").example("\"musl-gcc\""),
    ],
};

static CARGO: Section = Section {
    header: "[cargo]",
    meaning: "What `seaworthy cargo …` sets.",
    keys: &[
        key(
            "target",
            Kind::Text(Shape::Target),
            "on Linux the host's architecture with musl, elsewhere cargo's own",
            "the target when you give none",
        )
        .example("\"x86_64-unknown-linux-musl\""),
        key("crt-static", Kind::Flag, "`true`", "adds `+crt-static` where programs must be static, or if set"),
    ],
};

static LINUX: Section = Section {
    header: "[linux]",
    meaning: "Floors for ELF files, beside `runs-on`.",
    keys: &[
        key("glibc", Kind::Text(Shape::Version), "no limit", "the newest glibc a binary may need").example("\"2.17\""),
        key("kernel", Kind::Text(Shape::Version), "no limit", "the oldest kernel it must run on").example("\"3.10\""),
        key("cpu", Kind::Word(cpu_levels), "no limit", "the highest CPU level it may need").example("\"x86-64-v2\""),
        key("page-size", Kind::Word(page_sizes), "`\"16K\"`", "the largest page that `page-alignment` asks for"),
    ],
};

static MACOS: Section = Section {
    header: "[macos]",
    meaning: "What Mach-O files must be.",
    keys: &[
        key("min", Kind::Text(Shape::Version), "no limit", "the oldest macOS it must run on").example("\"12.0\""),
        key(
            "entitlements",
            Kind::Texts(Shape::Entitlement),
            "none",
            "entitlements that programs must have: a `KEY`, which must not be `false`, or `KEY=VALUE`",
        )
        .example("[\"com.apple.security.cs.allow-jit\"]"),
        key(
            "forbidden-entitlements",
            Kind::Texts(Shape::Entitlements),
            "none",
            "entitlements that no code may have, each as a `KEY` or `KEY=VALUE`; the key may be a glob",
        )
        .example("[\"com.apple.security.get-task-allow\"]"),
        key(
            "entitlements-file",
            Kind::Text(Shape::Path),
            "none",
            "a property list, relative to the policy file: exactly these entitlements",
        )
        .example("\"app.entitlements\""),
        key("hardened-runtime", Kind::Flag, "not asked", "programs must be signed with the hardened runtime")
            .example("true"),
        key("team", Kind::Text(Shape::Team), "any", "the team that must have signed").example("\"ABCDE12345\""),
        key(
            "notarizable",
            Kind::Flag,
            "`false`",
            "everything that Apple's notary demands of a binary; the report says what only Apple can answer",
        ),
        key("signed", Kind::Flag, "what the platform demands", "programs must carry a signature").example("true"),
        key("universal", Kind::Flag, "not asked", "files must hold both arm64 and x86_64").example("true"),
    ],
};

static WINDOWS: Section = Section {
    header: "[windows]",
    meaning: "What PE images must be.",
    keys: &[
        key("min", Kind::Text(Shape::Windows), "no limit", "the oldest Windows it must run on").example("\"10.0\""),
        key("signed", Kind::Flag, "not asked", "images must carry an Authenticode signature").example("true"),
        key("signer", Kind::Text(Shape::Any), "any", "part of the name of the certificate that must have signed")
            .example("\"O=Example GmbH\""),
        key(
            "subsystem",
            Kind::Word(|| vec!["console", "windows"]),
            "any",
            "what programs open: a `console`, or `windows` of their own",
        )
        .example("\"console\""),
    ],
};

static HOST: Section = Section {
    header: "[hosts.NAME]",
    meaning: "A host of your own, to be named in `runs-on`: either an unpacked root file system, or a libc and its version.",
    keys: &[
        key("rootfs", Kind::Text(Shape::Path), "none", "an unpacked root file system, relative to the policy file")
            .example("\"images/appliance\""),
        key("glibc", Kind::Text(Shape::Version), "none", "its glibc").example("\"2.28\""),
        key("musl", Kind::Text(Shape::Version), "none", "its musl").example("\"1.2.5\""),
        key("libraries", Kind::Texts(Shape::Any), "`[]`", "further libraries it has, by `DT_SONAME`"),
    ],
};

static ARTIFACT: Section = Section {
    header: "[[artifact]]",
    meaning: "What holds for the files that match; of several entries that say the same thing the last one wins. \
              `path`, `target` or both are needed.",
    keys: &[
        key(
            "path",
            Kind::Text(Shape::Compiled),
            "every path",
            "a glob over the path, relative to the policy file or the working directory; without a `/` it is matched \
             against the file name",
        )
        .example("\"plugins/**\""),
        key(
            "target",
            Kind::Text(Shape::Compiled),
            "every target",
            "a glob over the target triple (cargo) or `GOOS/GOARCH` (go)",
        )
        .example("\"*-linux-*\""),
        key("linkage", Kind::Word(words::<LinkagePolicy>), "the file's", "as at the top level").example("\"any\""),
        key("runs-on", Kind::Texts(Shape::Host), "the file's", "as at the top level, instead of it")
            .example("[\"debian:12\"]"),
        key("inconclusive", Kind::Word(words::<Level>), "the file's", "as at the top level").example("\"warn\""),
        key(
            "provided",
            Kind::Texts(Shape::Glob),
            "`[]`",
            "globs of symbols that the loading program provides, as `Py*` for a Python extension",
        ),
        key("rules", Kind::Levels, "the file's", "the level of a rule for these files")
            .example("{ dynamic-library = \"allow\" }"),
    ],
};

static EXCEPTION: Section = Section {
    header: "[[exception]]",
    meaning: "A finding that is let through, and leaves a trace.",
    keys: &[
        key("rule", Kind::Text(Shape::Rule), REQUIRED, "the rule").example("\"executable-stack\""),
        key("artifact", Kind::Text(Shape::Compiled), REQUIRED, "a glob, as `path` in `[[artifact]]`")
            .example("\"bin/legacy\""),
        key("reason", Kind::Text(Shape::Any), REQUIRED, "why; it is printed with every report")
            .example("\"vendor blob, replaced in 3.2\""),
        key("until", Kind::Day, "no end", "the last day (UTC) on which it holds; past it the finding is back")
            .example("2027-03-01"),
    ],
};

impl Section {
    /// The key of that name.
    pub(super) fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// Where messages say a key is: `the policy`, or the header in backticks.
    pub(super) fn place(&self) -> String {
        if self.header.is_empty() { "the policy".to_owned() } else { format!("`{}`", self.header) }
    }
}
