#!/usr/bin/env bash
# Checks that the benchmarks build and run; how fast they are is never a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ ! -e benches/Cargo.toml ]; then
    echo "no benchmarks yet" >&2
    exit 77
fi
cargo run --release --manifest-path benches/Cargo.toml -- --quick
