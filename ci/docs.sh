#!/usr/bin/env bash
# Checks that the documentation builds without a warning, on Linux and on Windows.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=ci/windows-env.sh
. ci/windows-env.sh

export RUSTDOCFLAGS=-Dwarnings
# The command is called as the library is, and its pages would take the place of the library's.
cargo doc --no-deps --workspace --exclude coview-cli
cargo_windows doc --no-deps --workspace --exclude coview-cli
