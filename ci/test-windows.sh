#!/usr/bin/env bash
# Builds all tests for Windows and runs them under Wine, documentation tests included.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=ci/windows-env.sh
. ci/windows-env.sh

# Whatever a failed test left running ends with its Wine server; other prefixes have servers of their own.
trap 'wineserver -k || true' EXIT

cargo_windows test --workspace
