#!/usr/bin/env bash
# Checks that every Rust file is formatted as rustfmt.toml says.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo fmt --all --check
for folder in benches fuzz; do
    [ ! -e "$folder/Cargo.toml" ] || cargo fmt --manifest-path "$folder/Cargo.toml" --check
done
