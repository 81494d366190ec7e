#!/usr/bin/env bash
# Runs the library's unit tests under Miri, which finds undefined behaviour. A test that Miri cannot run, because it makes
# system calls that Miri lacks, belongs into coview/tests.
# Ends with 77, "skipped", where there is no Miri.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo +nightly miri --version 2>/dev/null; then
    echo "no Miri here: rustup toolchain install nightly --component miri --component rust-src" >&2
    exit 77
fi

export MIRIFLAGS=-Zmiri-disable-isolation
cargo +nightly miri setup --quiet
cargo +nightly miri test -p coview --lib
