#!/usr/bin/env bash
# Builds coview-win32 and installs it for C and C++ programs: the shared and the static library, the headers, the file for
# pkg-config and the package for CMake.
#
#     ./install.sh [--prefix /usr/local] [--libdir PREFIX/lib] [--destdir ROOT]
#
# DESTDIR in the environment is the same as --destdir. Needs cargo and the permission to write there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

prefix=/usr/local
libdir=
destdir=${DESTDIR:-}

fail() {
    echo "install.sh: $*" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --prefix=* | --libdir=* | --destdir=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
    --prefix | --libdir | --destdir)
        [ $# -ge 2 ] || fail "$1 wants a folder"
        declare "${1#--}=$2"
        shift 2
        ;;
    -h | --help)
        sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
        exit
        ;;
    *) fail "unknown argument $1" ;;
    esac
done
case $prefix in /*) ;; *) fail "the prefix must be a whole path, not $prefix" ;; esac
libdir=${libdir:-$prefix/lib}
case $libdir in /*) ;; *) fail "the folder of the libraries must be a whole path, not $libdir" ;; esac

version=$(cargo pkgid --manifest-path "$here/Cargo.toml" --package coview-win32)
version=${version##*[#@]}
major=${version%%.*}
minor=${version#*.}
minor=${minor%%.*}
# What a program asks for when it starts. Before 1.0 the second number says what fits together.
if [ "$major" = 0 ]; then soname=libcoview_win32.so.0.$minor; else soname=libcoview_win32.so.$major; fi

# Both libraries in one build; what the static one wants beside it is a note of the compiler.
build() {
    cargo rustc --manifest-path "$here/Cargo.toml" --package coview-win32 --lib --release \
        --message-format json-render-diagnostics -- -C "link-arg=-Wl,-soname,$soname" --print native-static-libs
}

notes=$(mktemp)
trap 'rm -f "$notes"' EXIT
messages=$(build 2> >(tee "$notes" >&2))
artifact() {
    sed -n 's/.*"\([^"]*\/libcoview_win32\.'"$1"'\)".*/\1/p' <<< "$messages" | tail -n 1
}
shared=$(artifact so)
static=$(artifact a)
if [ -z "$shared" ] || [ -z "$static" ]; then fail "cargo has not said where it put the libraries"; fi
private_libraries=$(sed -n 's/.*native-static-libs: *//p' "$notes" | tail -n 1)
private_libraries=${private_libraries:--lgcc_s -lutil -lrt -lpthread -lm -ldl -lc}

lib=$destdir$libdir
headers=$destdir$prefix/include/coview-win32
install -d "$lib/pkgconfig" "$lib/cmake/coview-win32" "$headers"
install -m 755 "$shared" "$lib/libcoview_win32.so.$version"
ln -sf "libcoview_win32.so.$version" "$lib/$soname"
ln -sf "$soname" "$lib/libcoview_win32.so"
install -m 644 "$static" "$lib/libcoview_win32.a"
install -m 644 "$here"/include/*.h "$headers"

fill() {
    sed -e "s|@prefix@|$prefix|g" -e "s|@libdir@|$libdir|g" -e "s|@headers@|$prefix/include/coview-win32|g" \
        -e "s|@version@|$version|g" -e "s|@major@|$major|g" -e "s|@minor@|$minor|g" -e "s|@soname@|$soname|g" \
        -e "s|@private_libraries@|$private_libraries|g" "$1" > "$2"
    chmod 644 "$2"
}

fill "$here/coview-win32.pc.in" "$lib/pkgconfig/coview-win32.pc"
fill "$here/cmake/coview-win32-config.cmake.in" "$lib/cmake/coview-win32/coview-win32-config.cmake"
fill "$here/cmake/coview-win32-config-version.cmake.in" "$lib/cmake/coview-win32/coview-win32-config-version.cmake"

echo "coview-win32 $version is in $destdir$prefix"
if [ -z "$destdir" ]; then
    if ldconfig -v 2> /dev/null | sed -n 's/^\(\/[^:]*\):.*/\1/p' | grep -qxF "$libdir"; then
        echo "run ldconfig so that programs find the library"
    else
        echo "programs do not look for libraries in $libdir: use LD_LIBRARY_PATH or -Wl,-rpath,$libdir"
    fi
fi
