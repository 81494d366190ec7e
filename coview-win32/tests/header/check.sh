#!/usr/bin/env bash
# Compiles the programs of this folder, and every header by itself, twice and beside the system's, with every standard of C
# and C++ and every kind of text, under warnings as errors. Runs those that need no library. clang takes part if it is
# there; with mingw the layouts are held against its own windows.h too.
set -euo pipefail
cd "$(dirname "$0")"
include=../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
strict=(-Wall -Wextra -pedantic -Werror "-I$include")
texts=("" "-DUNICODE -D_UNICODE" "-fshort-wchar" "-DUNICODE -D_UNICODE -fshort-wchar")
c_standards=(c99 c11 c17 gnu99 gnu17)
cpp_standards=(c++11 c++17 c++20)

with() {
    local compiler=$1
    shift
    "$compiler" "${strict[@]}" "$@" || { echo "failed: $compiler $*" >&2; exit 1; }
}

# Every header twice, and before and after headers that could meet its names.
one_by_one() {
    local header
    {
        for header in "$include"/*.h "$include"/*.h; do echo "#include \"$(basename "$header")\""; done
        echo 'int main(void) { return 0; }'
    } > "$work/all.c"
    for header in "$include"/*.h; do
        printf '#include "%s"\nint main(void) { return 0; }\n' "$(basename "$header")" > "$work/$(basename "$header").c"
    done
}

neighbours() {
    local before=$1 after=$2
    { for header in $before; do echo "#include <$header>"; done
        echo '#include <windows.h>'
        for header in $after; do echo "#include <$header>"; done
        echo 'int main(void) { return 0; }'
    }
}

one_by_one
system_c="stdio.h stdlib.h string.h wchar.h unistd.h pthread.h sys/mman.h sys/stat.h fcntl.h signal.h errno.h time.h poll.h
    sys/socket.h netinet/in.h netdb.h math.h stdatomic.h uchar.h semaphore.h dlfcn.h sys/ioctl.h"
system_cpp="iostream string vector thread atomic mutex chrono algorithm memory map functional random fstream sstream
    unistd.h pthread.h cmath cwchar condition_variable limits regex"
neighbours "$system_c" "" > "$work/system-first.c"
neighbours "" "$system_c" > "$work/system-last.c"
neighbours "$system_cpp" "" > "$work/system-first.cpp"
neighbours "" "$system_cpp" > "$work/system-last.cpp"

check_c() {
    local compiler=$1 standard text
    for text in "${texts[@]}"; do
        for standard in "${c_standards[@]}"; do
            local set=("-std=$standard")
            # shellcheck disable=SC2086
            with "$compiler" "${set[@]}" $text -fsyntax-only "$work"/*.h.c "$work/all.c"
            [ "$standard" = c99 ] && continue
            # shellcheck disable=SC2086
            with "$compiler" "${set[@]}" $text -fsyntax-only calls.c
            [ "$standard" = gnu99 ] && continue
            # shellcheck disable=SC2086
            with "$compiler" "${set[@]}" $text -fsyntax-only layout.c "$work"/system-*.c
        done
    done
}

check_cpp() {
    local compiler=$1 standard text
    for text in "${texts[@]}"; do
        for standard in "${cpp_standards[@]}"; do
            # shellcheck disable=SC2086
            with "$compiler" "-std=$standard" $text -fsyntax-only -x c++ "$work"/*.h.c "$work/all.c" calls.c words.cpp \
                "$work"/system-*.cpp
        done
    done
}

run() {
    with "$@" -o "$work/program"
    "$work/program"
}

check_c gcc
check_cpp g++
if command -v clang > /dev/null; then
    check_c clang
    check_cpp clang++
fi

run gcc -std=c99 interlocked.c
run gcc -std=c17 -O2 interlocked.c
run g++ -std=c++11 -x c++ interlocked.c
run g++ -std=c++17 -O2 words.cpp -Wl,--unresolved-symbols=ignore-all
run gcc -std=c11 -DUNICODE -D_UNICODE wide_format.c -Wl,--unresolved-symbols=ignore-all
run gcc -std=gnu17 -O2 -DUNICODE -D_UNICODE -fshort-wchar wide_format.c -Wl,--unresolved-symbols=ignore-all
run g++ -std=c++11 -fshort-wchar -D_GLIBCXX_ASSERTIONS wide_strings.cpp
run g++ -std=c++17 -O2 -D_FORTIFY_SOURCE=2 -fshort-wchar -D_GLIBCXX_ASSERTIONS wide_strings.cpp
run g++ -std=c++20 -O2 -fshort-wchar wide_strings.cpp

if command -v x86_64-w64-mingw32-gcc > /dev/null; then
    x86_64-w64-mingw32-gcc -std=c11 -D_WIN32_WINNT=0x0A00 -Wall -Wno-attributes -Werror -fsyntax-only layout.c
    x86_64-w64-mingw32-gcc -std=c11 -Wall -Werror -fsyntax-only interlocked.c
fi
echo "the headers compile in silence, and the layouts are those of Windows"
