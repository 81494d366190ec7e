#!/usr/bin/env bash
# Lets a fuzzer fill the memory of channels, and receives from them, for half a minute (COVIEW_FUZZ_S says how long). What it
# finds it leaves in fuzz/artifacts.
# Ends with 77, "skipped", where there is no nightly Rust.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo +nightly --version 2>/dev/null; then
    echo "no nightly Rust here: rustup toolchain install nightly" >&2
    exit 77
fi

# What cargo-fuzz would set, so that nobody has to install it.
host=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
coverage+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
coverage+=" -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/fuzz
case $CARGO_TARGET_DIR in
    /*) ;;
    *) export CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR ;;
esac
RUSTFLAGS="--cfg fuzzing -Zsanitizer=address $coverage" \
    cargo +nightly build --locked --release --manifest-path fuzz/Cargo.toml --target "$host"

mkdir -p fuzz/corpus/channel_receive fuzz/artifacts/channel_receive
ASAN_OPTIONS=detect_leaks=0 "$CARGO_TARGET_DIR/$host/release/channel_receive" fuzz/corpus/channel_receive \
    -artifact_prefix=fuzz/artifacts/channel_receive/ -max_len=400 -timeout=20 -print_final_stats=1 \
    -max_total_time="${COVIEW_FUZZ_S:-30}"
