# What a contributor types. Everything needed and missing is installed first (scripts/setup.sh says what).
# Nothing is left in the work tree but target/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Sees what scripts/setup.sh unpacked below target/tools.
IN_ENV := . scripts/env.sh;

.PHONY: help setup demo test test-html test-projects test-adoption test-adoption-slow bless lint deny release release-order check-targets corpus test-hosts test-images fuzz miri soak bench bench-check bench-bless

help: ## Shows this list.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## Installs what the tests need and is missing: Rust targets, Go, musl, mingw-w64, zig, validators.
	@scripts/setup.sh test

demo: ## Builds the tool and guards the projects in examples/.
	@scripts/setup.sh demo
	@scripts/demo.sh

test: setup ## Runs every test.
	@scripts/test.sh

test-html: ## Opens the report in HTML in a browser and uses it; screenshots stay in target/html.
	@scripts/setup.sh html
	@$(IN_ENV) cargo test --locked --test html

test-projects: setup ## Names the culprit in real third-party projects, and follows the advice. Needs the package registries.
	@$(IN_ENV) cargo test --locked --test it -- --ignored --test-threads 1 projects::

bless: setup ## Rewrites what is generated from the source: README output, docs, snapshots. Read the diff.
	@$(IN_ENV) SEAWORTHY_BLESS=1 SNAPSHOTS=overwrite cargo test --locked --test it

lint: setup ## Formatting, clippy and documentation, warnings denied.
	@$(IN_ENV) cargo fmt --check
	@$(IN_ENV) cargo clippy --locked --all-targets -- -D warnings
	@# Programs with `test = false` are no part of all targets.
	@$(IN_ENV) cargo clippy --locked --test corpus --test html --test hosts-corpus -- -D warnings
	@$(IN_ENV) RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

deny: ## Checks what the tool depends on by deny.toml, or only CHECKS='licenses bans sources'; advisories come from the network.
	@$(IN_ENV) scripts/deny.sh $(CHECKS)

release: setup ## Makes what is released, in target/dist: for this machine, or TARGETS.
	@$(IN_ENV) scripts/release.sh $(TARGETS)

release-order: ## Finds out anew which functions a release has to put together; after a new compiler, or large changes.
	@scripts/setup.sh bench-check
	@$(IN_ENV) python3 scripts/bench/order.py

check-targets: setup ## Compiles for Windows and macOS.
	@$(IN_ENV) cargo check --locked --target x86_64-pc-windows-gnu
	@$(IN_ENV) cargo check --locked --target aarch64-apple-darwin

corpus: ## Compares facts with independent tools on real binaries, which it downloads.
	@scripts/setup.sh corpus
	@$(IN_ENV) scripts/corpus.sh

SECONDS_EACH ?= 60

fuzz: setup ## Fuzzes every reader of what comes from outside, or TARGETS; SECONDS_EACH=60 is for each target.
	@$(IN_ENV) scripts/fuzz.sh $(SECONDS_EACH) $(TARGETS)

miri: ## Runs the parsers' unit tests in Miri, of a nightly toolchain: `N tests, 0 undefined` (five minutes).
	@scripts/miri.sh

BUILDS ?= 2000
KILLS ?= 200

soak: setup miri ## Guards BUILDS=2000 real builds with random edits, and kills KILLS=200 at random moments; and Miri (about an hour).
	@$(IN_ENV) cargo build --locked
	@$(IN_ENV) scripts/soak.py "$${CARGO_TARGET_DIR:-target}/debug/seaworthy" --builds $(BUILDS) --kills $(KILLS)

bench: ## Measures speed against other tools (half an hour), or ONLY=file,cargo,… of it; QUICK=1 takes few rounds; WRITE=1 writes docs.
	@scripts/setup.sh bench
	@$(IN_ENV) python3 -B scripts/bench $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick) $(if $(WRITE),--write)

bench-check: ## Counts the instructions of calls of the library, and fails where they got more than 10 % more.
	@scripts/setup.sh bench-check
	@$(IN_ENV) scripts/bench-check.py

bench-bless: ## Writes these counts down. Read the diff.
	@scripts/setup.sh bench-check
	@$(IN_ENV) scripts/bench-check.py --bless

test-adoption: setup ## Tests the wheel, the hooks and what `init` writes, with the programs they are for.
	@scripts/test-adoption.sh

test-adoption-slow: setup ## The same, and ko, goreleaser and Bazel.
	@scripts/test-adoption.sh slow

test-hosts: setup ## Compares verdicts with real loaders in real roots.
	@$(IN_ENV) scripts/test-hosts.sh

test-images: setup ## Judges images of several gigabytes, and measures the memory that takes; PROGRAM is one that is built already.
	@$(IN_ENV) $(if $(PROGRAM),,cargo build --locked --release --bin seaworthy)
	@$(IN_ENV) scripts/test-images.py $(or $(PROGRAM),target/release/seaworthy)
