# Sourced, never run: puts what scripts/setup.sh unpacked below target/tools in front of the PATH.
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/target/tools"
PATH="$tools/rust/toolchain/bin:$tools/bin:$PATH"
export PATH
unset tools
