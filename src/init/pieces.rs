//! What `seaworthy init` can add to a project. A new piece is a row here and a file in `templates/init`.

use super::merge::Merge;

/// Something that can be asked for.
#[derive(Debug)]
pub struct Piece {
    /// Name of its option, without the dashes.
    pub name: &'static str,
    /// Help of its option.
    pub about: &'static str,
    /// Whether it makes no sense without a cargo project or a Go module.
    pub builds: bool,
    /// The files it writes.
    pub files: &'static [Template],
}

/// A file of a piece.
#[derive(Debug)]
pub struct Template {
    /// Where it goes, relative to the project.
    pub path: &'static str,
    /// Other names under which tools look for the same file.
    pub or: &'static [&'static str],
    /// Its text, in the language of `super::template`.
    pub text: &'static str,
    /// How it is brought into a file that is there already.
    pub(super) merge: Merge,
}

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("../../templates/init/", $name))
    };
}

/// Everything that can be asked for, in the order of the help.
pub static PIECES: &[Piece] = &[
    Piece {
        name: "make",
        about: "Makefile: `$(CARGO)` and `$(GO)` are guarded, and no rejected file counts as up to date",
        builds: false,
        files: &[
            Template { path: "seaworthy.mk", or: &[], text: text!("seaworthy.mk"), merge: Merge::Never },
            Template {
                path: "Makefile",
                or: &["GNUmakefile", "makefile"],
                text: text!("Makefile"),
                merge: Merge::AtTheTop,
            },
        ],
    },
    Piece {
        name: "just",
        about: "justfile: a recipe that builds with the guard",
        builds: true,
        files: &[Template {
            path: "justfile",
            or: &["Justfile", ".justfile"],
            text: text!("justfile"),
            merge: Merge::AtTheEnd,
        }],
    },
    Piece {
        name: "pre-commit",
        about: "pre-commit: a hook that builds with the guard before a push",
        builds: true,
        files: &[Template {
            path: ".pre-commit-config.yaml",
            or: &[],
            text: text!("pre-commit-config.yaml"),
            merge: Merge::BelowRepos,
        }],
    },
    Piece {
        name: "github",
        about: "GitHub Actions: a workflow that builds with the guard",
        builds: true,
        files: &[Template {
            path: ".github/workflows/seaworthy.yml",
            or: &[".github/workflows/seaworthy.yaml"],
            text: text!("github.yml"),
            merge: Merge::Never,
        }],
    },
    Piece {
        name: "gitlab",
        about: "GitLab: a job that builds with the guard",
        builds: true,
        files: &[Template { path: ".gitlab-ci.yml", or: &[], text: text!("gitlab-ci.yml"), merge: Merge::AtTheEnd }],
    },
    Piece {
        name: "docker",
        about: "Dockerfile: the last stage is empty but for a program that was checked to start there",
        builds: true,
        files: &[Template {
            path: "Dockerfile",
            or: &["Containerfile"],
            text: text!("Dockerfile"),
            merge: Merge::Never,
        }],
    },
    Piece {
        name: "systemd",
        about: "systemd: a unit that starts the program only on a machine that has what it needs",
        builds: true,
        files: &[Template { path: "deploy/app.service", or: &[], text: text!("app.service"), merge: Merge::Never }],
    },
    Piece {
        name: "kubernetes",
        about: "Kubernetes: a deployment whose init container asks the node first, and a job that asks one node",
        builds: true,
        files: &[Template {
            path: "deploy/kubernetes.yaml",
            or: &[],
            text: text!("kubernetes.yaml"),
            merge: Merge::Never,
        }],
    },
    Piece {
        name: "helm",
        about: "Helm: a chart with the same init container",
        builds: true,
        files: &[
            Template { path: "chart/Chart.yaml", or: &[], text: text!("chart.yaml"), merge: Merge::Never },
            Template { path: "chart/values.yaml", or: &[], text: text!("chart-values.yaml"), merge: Merge::Never },
            Template {
                path: "chart/templates/deployment.yaml",
                or: &[],
                text: text!("chart-deployment.yaml"),
                merge: Merge::Never,
            },
        ],
    },
    Piece {
        name: "entitlements",
        about: "Entitlements for macOS, which the policy can then demand to the letter",
        builds: false,
        files: &[Template { path: "app.entitlements", or: &[], text: text!("app.entitlements"), merge: Merge::Never }],
    },
    Piece {
        name: "goreleaser",
        about: "goreleaser: every binary is checked before it is packed",
        builds: true,
        files: &[Template {
            path: ".goreleaser.yaml",
            or: &[".goreleaser.yml", "goreleaser.yaml", "goreleaser.yml", ".config/goreleaser.yaml"],
            text: text!("goreleaser.yaml"),
            merge: Merge::Never,
        }],
    },
    Piece {
        name: "cargo-config",
        about: "cargo's configuration: whatever links for the target is guarded, with no wrapper to remember",
        builds: false,
        files: &[Template {
            path: ".cargo/config.toml",
            or: &[".cargo/config"],
            text: text!("cargo-config.toml"),
            merge: Merge::Toml,
        }],
    },
];

impl Piece {
    /// The piece with that option.
    pub fn find(name: &str) -> Option<&'static Piece> {
        PIECES.iter().find(|piece| piece.name == name)
    }
}
