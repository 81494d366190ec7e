#!/usr/bin/env bash
# Checks that the documentation builds without a warning, on Linux and on Windows.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=ci/windows-env.sh
. ci/windows-env.sh

export RUSTDOCFLAGS=-Dwarnings
cargo doc --no-deps --workspace
cargo_windows doc --no-deps --workspace
