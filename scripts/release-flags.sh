# Sourced, never run, after scripts/env.sh: how a release for musl is linked. Small, since the kernel maps the whole program at
# every start; and without paths of the machine that builds it.
# - At a fixed address: else start-up code writes twenty thousand addresses into forty pages before anything happens, more than
#   half of what a short run takes. SECURITY.md says what that gives up.
# - Functions with the same code are one, which only lld does; the one that comes with rustc.
# - What would unwind a stack is left out (scripts/release.ld).
# - What nearly every run calls lies together (scripts/link_in_order.py): a third of the time of a short run.
# - `opt-level = "z"` with some of the inlining that it leaves out by itself: 0.4 MB less than "s", for five instructions in a
#   hundred. What hashes, verifies, unpacks and searches is excepted (scripts/rustc_for_speed.sh).
release_flags=(
  "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
  "--remap-path-prefix=$PWD=seaworthy"
  "-Clink-arg=-B$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/gcc-ld"
  -Clink-arg=-fuse-ld=lld
  "-Clinker=$PWD/scripts/link_in_order.py"
  -Cllvm-args=-inline-threshold=10
  -Crelocation-model=static
  -Clink-arg=-Wl,--icf=all
  "-Clink-arg=-Wl,-T,$PWD/scripts/release.ld"
)
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\037' && printf '%s' "${release_flags[*]}")
CARGO_PROFILE_RELEASE_OPT_LEVEL=z
RUSTC_WRAPPER=$PWD/scripts/rustc_for_speed.sh
export CARGO_ENCODED_RUSTFLAGS CARGO_PROFILE_RELEASE_OPT_LEVEL RUSTC_WRAPPER
unset release_flags
