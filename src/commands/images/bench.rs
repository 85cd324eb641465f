//! One image on the bench: what it starts first, then what the policy names in it, then every other program.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Judged, others};
use crate::check::{self, ArtifactResult, Inspected, Surroundings, Uses};
use crate::commands::inspect;
use crate::commands::judge::Known;
use crate::facts::{Details, Facts, FileFacts, Unreadable};
use crate::hosts::load::{Files, Opened};
use crate::hosts::{self, Host, Root};
use crate::images::start::Started;
use crate::images::{Image, InImage, Part, Refused, Start, Tree, start};
use crate::policy::FileNames;
use crate::policy::exceptions::today;
use crate::policy::levels::Effective;
use crate::run::{Artifact, Provenance, Role};

/// One image while it is judged.
pub(super) struct Bench<'a> {
    pub(super) known: &'a Known<'a>,
    directory: &'a Path,
    /// The image as reports name it, which is the name of its root as well.
    pub(super) name: String,
    image: &'a Image,
    pub(super) tree: Arc<Tree>,
    /// The root, for the files themselves.
    files: Root,
    /// The root as a host, for each architecture that was asked for.
    roots: Mutex<Vec<Host>>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(known: &'a Known<'a>, directory: &'a Path, name: String, image: &'a Image, tree: Tree) -> Self {
        let tree = Arc::new(tree);
        let files = Root::of(&name, tree.clone(), "");
        Bench { known, directory, name, image, tree, files, roots: Mutex::default() }
    }

    /// Judges everything in the image.
    ///
    /// # Errors
    /// When there is nothing to judge.
    pub(super) fn judge(&self, judged: &mut Judged) -> Result<(), Refused> {
        let start = self.image.config.config.clone().unwrap_or_default();
        let started = start::of(&self.tree, &start);
        let mut seen: Vec<String> = started.iter().map(|one| one.path.clone()).collect();
        let batch = started.into_iter().map(|one| self.started(one)).collect();
        let named: Vec<String> = self.named().into_iter().filter(|path| !seen.contains(path)).collect();
        let files = named.iter().map(|path| self.inspected(path, Part::Other, self.read(path))).collect();
        seen.extend(named);
        for batch in [batch, files] {
            let (results, uses) = self.check(batch);
            judged.artifacts.extend(results);
            judged.uses.merge(uses);
        }
        let nothing = seen.is_empty();
        let programs = others::judge(self, &seen, judged);
        if nothing && programs == 0 {
            return Err(Refused("it names no entrypoint and holds no program".to_owned()));
        }
        if start.entrypoint.is_none_or(|words| words.is_empty()) && start.cmd.is_none_or(|words| words.is_empty()) {
            judged.notes.push(format!("{}: it names no entrypoint and no command", self.name));
        }
        Ok(())
    }

    /// Judges a batch of files of this image.
    pub(super) fn check(&self, batch: Vec<Inspected>) -> (Vec<ArtifactResult>, Uses) {
        let (named, other): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|one| one.image.as_ref().is_some_and(|image| image.named));
        let nothing = Provenance::default();
        let judge = check::Bench::new(self.known.policy, &nothing);
        let mut uses = Uses::default();
        let mut results = Vec::new();
        for (batch, named) in [(other, false), (named, true)] {
            let resolve = |effective: &Effective<'_>, facts: &Facts| {
                let mut hosts = vec![self.host(&facts.arch)];
                if named {
                    hosts.extend_from_slice(&self.known.of(effective, facts));
                }
                hosts.into()
            };
            let surroundings = Surroundings {
                directory: self.directory,
                today: today(),
                hosts: &resolve,
                files: &self.files,
                strict_symbols: false,
            };
            let (judged, used) = judge.judge_all(batch, &surroundings);
            results.extend(judged);
            uses.merge(used);
        }
        (results, uses)
    }

    /// The root of the image as a host for programs of one architecture.
    fn host(&self, arch: &str) -> Host {
        let mut roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = roots.iter().find(|host| host.arch == arch) {
            return host.clone();
        }
        let directories = self.image.config.config.as_ref().map(Start::library_path).unwrap_or_default();
        let root = Root::of(&self.name, self.tree.clone(), arch).with_library_path(directories);
        let host = hosts::of_root(&self.name, root);
        roots.push(host.clone());
        host
    }

    fn started(&self, started: Started) -> Inspected {
        let Started { path, part, script, fault } = started;
        let facts = match (&fault, &script) {
            (Some(fault), _) => Err(Unreadable::NotLinked(fault.why.clone().into())),
            (None, Some(_)) => Err(Unreadable::NotLinked("a script".into())),
            (None, None) => self.read(&path),
        };
        let mut inspected = self.inspected(&path, part, facts);
        if let Some(image) = &mut inspected.image {
            (image.script, image.fault) = (script, fault);
        }
        inspected
    }

    /// A file of the image with what was read from it.
    pub(super) fn inspected(&self, path: &str, part: Part, facts: Result<FileFacts, Unreadable>) -> Inspected {
        let arch = facts.as_ref().ok().and_then(|facts| facts.slices.first()).map(|slice| &*slice.arch);
        let image = InImage {
            image: self.name.clone(),
            path: path.to_owned(),
            platform: self.image.platform.clone(),
            configured: self.image.config.platform.clone(),
            part,
            named: self.known.policy.names_in_image(&self.names(path)),
            loader_cpu: arch.and_then(|arch| self.loader_cpu(arch)),
            script: None,
            fault: None,
        };
        let artifact = Artifact { path: self.label(path), role: Role::Unknown, package: None, target: None };
        Inspected { artifact, facts, image: Some(Box::new(image)) }
    }

    /// `image.tar:/usr/bin/app`.
    fn label(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("{}:{path}", self.name))
    }

    fn names(&self, path: &str) -> FileNames {
        let home = self.known.policy.file.as_deref().and_then(Path::parent);
        FileNames::new(&self.label(path), self.directory, home).in_image(path)
    }

    /// The ELF files that an `[[artifact]]` entry names by their path in the image.
    fn named(&self) -> Vec<String> {
        if !self.known.policy.names_paths_in_images() {
            return Vec::new();
        }
        let all = self.tree.elf_files(|_| true).into_iter().map(|path| rooted(&path));
        all.filter(|path| self.known.policy.names_in_image(&self.names(path))).collect()
    }

    fn read(&self, path: &str) -> Result<FileFacts, Unreadable> {
        let content = self.content(path).ok_or_else(|| Unreadable::NotLinked("it is no ELF file".into()))?;
        inspect::one(&content, self.known.policy, self.directory)
    }

    /// Where the content of an ELF file of the image lies.
    pub(super) fn content(&self, path: &str) -> Option<PathBuf> {
        self.tree.elf(path.trim_start_matches('/').as_bytes())
    }

    /// The level that the loader of the image says it needs: a distribution for newer machines.
    fn loader_cpu(&self, arch: &str) -> Option<&'static str> {
        let host = self.host(arch);
        let root = host.root.as_ref()?;
        host.loaders.iter().find_map(|path| match root.open(path) {
            Opened::Object(image) => match &image.facts.details {
                Details::Elf(elf) => elf.x86_isa_needed,
                _ => None,
            },
            _ => None,
        })
    }
}

/// A path below the root as an absolute one.
pub(super) fn rooted(path: &[u8]) -> String {
    format!("/{}", String::from_utf8_lossy(path))
}
