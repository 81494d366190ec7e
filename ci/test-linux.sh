#!/usr/bin/env bash
# Runs all tests natively, with the README's own command, and checks that they leave nothing behind in /dev/shm.
set -euo pipefail
cd "$(dirname "$0")/.."

# Folders may stay, for they are the namespaces themselves; anything else is an object.
objects() { find /dev/shm -mindepth 1 ! -type d 2>/dev/null | LC_ALL=C sort; }

host=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
export "CARGO_TARGET_${host}_RUNNER=ci/time-limit.sh"

before=$(objects)
cargo test --workspace
left=$(LC_ALL=C comm -13 <(echo "$before") <(objects))

if [ -n "$left" ]; then
    echo "the tests left this behind in /dev/shm:" >&2
    echo "$left" >&2
    exit 1
fi
echo "nothing was left behind in /dev/shm"
