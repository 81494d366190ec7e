#!/usr/bin/env bash
# Installs what the other scripts here need on a bare Debian machine with Rust: C compilers, Wine, Rust's parts for
# Windows, Miri. What is there already is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=ci/windows-env.sh
. ci/windows-env.sh

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
    [ $# -gt 0 ] || return 0
    echo "installing Debian packages: $*"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The native C compiler and Python are what the tests meet other languages with.
packages=()
have cc || packages+=(gcc libc6-dev)
have c++ || packages+=(g++)
have cmake || packages+=(cmake make)
have pkg-config || packages+=(pkg-config)
have valgrind || packages+=(valgrind)
have python3 || packages+=(python3)
have flock || packages+=(util-linux)
have x86_64-w64-mingw32-gcc || packages+=(gcc-mingw-w64-x86-64)
have wine || packages+=(wine wine64)
install_packages ${packages[@]+"${packages[@]}"}

if have rustup; then
    rustup component add clippy rustfmt || true
    rustup_has_windows || rustup target add "$windows_target" || true
fi
if ! rustup_has_windows; then
    echo "rustup has no standard library for Windows here: taking Debian's Rust, which builds it from source"
    install_packages rustc-web cargo-web rust-web-src rust-web-clippy
fi

# Without these ci/miri.sh is skipped, and says so.
if have rustup && ! cargo +nightly miri --version >/dev/null 2>&1; then
    rustup component add miri rust-src --toolchain nightly ||
        rustup toolchain install nightly --profile minimal --component miri --component rust-src || true
fi

cargo clippy --version
cargo fmt --version
wine --version
x86_64-w64-mingw32-gcc --version | head -n 1
