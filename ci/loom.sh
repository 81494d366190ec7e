#!/usr/bin/env bash
# Runs the protocols of typed values and of channels under loom, which tries every order that the memory model allows, with up to three switches of
# threads at any place and every value that a load may see.
set -euo pipefail
cd "$(dirname "$0")/.."

# In a folder of its own: everything is built anew with this flag.
export RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/loom
export LOOM_MAX_PREEMPTIONS=3
cargo test --release -p coview --lib -- slots channel
