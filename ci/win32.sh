#!/usr/bin/env bash
# Checks the C side of coview-win32 from outside: that its headers compile in silence and have Windows' layouts and numbers,
# and that a program builds against an installed copy as the README says, with pkg-config and with CMake.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=ci/windows-env.sh
. ci/windows-env.sh

# Wine makes its folder, but not the one above it.
mkdir -p "$CARGO_TARGET_DIR/wine"
root=$(mktemp -d)
trap 'rm -rf "$root"; wineserver -k || true' EXIT

coview-win32/tests/header/check.sh
coview-win32/tests/header/constants.sh

coview-win32/install.sh --prefix "$root/prefix"
export PKG_CONFIG_PATH=$root/prefix/lib/pkgconfig LD_LIBRARY_PATH=$root/prefix/lib

# The seed's two programs, with nothing changed but the command line.
says_the_story() {
    local said
    said=$(cd "$1" && ./a | LC_ALL=C sort)
    [ "$said" = "$(printf '%s\n' "Shared data is successfully opened!" "Shared data opened successfully" "Update")" ] || {
        echo "$2: the seed's programs said: $said" >&2
        exit 1
    }
    echo "$2: the seed's programs share memory"
}

mkdir "$root/dynamic" "$root/static"
for program in a:a b:processmfc; do
    # shellcheck disable=SC2046
    cc "coview-win32/examples/seed/${program%:*}.c" -o "$root/dynamic/${program#*:}" \
        $(pkg-config --cflags --libs coview-win32)
    # shellcheck disable=SC2046
    cc "coview-win32/examples/seed/${program%:*}.c" -o "$root/static/${program#*:}" $(pkg-config --cflags coview-win32) \
        "$root/prefix/lib/libcoview_win32.a" $(pkg-config --libs-only-l --static coview-win32 | sed 's/-lcoview_win32//')
done
says_the_story "$root/dynamic" "pkg-config, shared library"
says_the_story "$root/static" "pkg-config, static library"

cat > "$root/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.16)
project(seed C)
find_package(coview-win32 REQUIRED)
add_executable(a $PWD/coview-win32/examples/seed/a.c)
add_executable(processmfc $PWD/coview-win32/examples/seed/b.c)
target_link_libraries(a PRIVATE Coview::win32)
target_link_libraries(processmfc PRIVATE Coview::win32)
EOF
cmake -S "$root" -B "$root/cmake" -DCMAKE_PREFIX_PATH="$root/prefix" > /dev/null
cmake --build "$root/cmake" > /dev/null
says_the_story "$root/cmake" "CMake"
