#!/usr/bin/env bash
# Checks that neither the compiler nor Clippy has a warning about any target, on Linux and on Windows.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=ci/windows-env.sh
. ci/windows-env.sh

cargo clippy --workspace --all-targets -- -D warnings
cargo_windows clippy --workspace --all-targets -- -D warnings
