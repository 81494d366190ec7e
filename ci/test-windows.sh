#!/usr/bin/env bash
# Builds all tests for Windows and runs them under Wine, documentation tests included.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=ci/windows-env.sh
. ci/windows-env.sh

# Whatever a failed test left running ends with its Wine server; other prefixes have servers of their own.
trap 'wineserver -k || true' EXIT

# The C program that Coview meets there; Wine knows the root folder as drive Z.
peer=$CARGO_TARGET_DIR/wine/win32_peer.exe
mkdir -p "$CARGO_TARGET_DIR/wine"
x86_64-w64-mingw32-gcc -Wall -o "$peer" coview/tests/peers/win32_peer.c
export COVIEW_WIN32_PEER="Z:${peer//\//\\}"

# The C library is for Linux alone.
cargo_windows test --workspace --exclude coview-win32

# A Linux program and a Windows program that meet in a file: the native half, with the Windows half told to it. That one is
# killed in between, so what starts it must become it, as Wine does.
half=$(cargo_windows test -p coview --test crossing --no-run 2>&1 | sed -n 's/.*(\(.*\.exe\))$/\1/p')
COVIEW_WINDOWS_PEER=$(realpath "$half")
COVIEW_WINDOWS_RUNNER=$(command -v wine)
export COVIEW_WINDOWS_PEER COVIEW_WINDOWS_RUNNER
cargo test -p coview --test crossing
