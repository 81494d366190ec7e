#!/usr/bin/env bash
# Holds the constants of include/windows.h against those of mingw's own windows.h: a program that prints them all is built
# with both, and what both know must be the same. Needs x86_64-w64-mingw32-gcc and Wine.
set -euo pipefail
cd "$(dirname "$0")"
include=../../include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The macros without parameters, in capitals (but for 64k and WIN32s).
macros() {
    LC_ALL=C comm -13 <(printf '#include <%s.h>\n' ctype stdarg stddef stdint string | gcc -E -dM - | LC_ALL=C sort) \
        <(echo '#include <windows.h>' | gcc -I"$include" -E -dM - | LC_ALL=C sort) |
        sed -n 's/^#define \([A-Z][A-Z0-9_]*[ks]\{0,1\}\) ..*$/\1/p' | grep -v '^COVIEW_' | LC_ALL=C sort -u
}

integers() {
    { echo '#include <windows.h>'; sed 's/.*/enum { value_& = sizeof(char[1 + ((long long)(&) \& 0)]) };/'; } > "$work/try.c"
    local wrong
    wrong=$(gcc -I"$include" -fsyntax-only -ftrack-macro-expansion=0 -fmax-errors=0 "$work/try.c" 2>&1 |
        sed -n 's/^[^:]*:\([0-9]*\):[0-9]*: error.*/\1/p' | sort -un) || true
    awk -v wrong="$wrong" 'BEGIN { split(wrong, lines, "\n"); for (i in lines) bad[lines[i]] = 1 }
        /^enum/ && !bad[NR] { sub(/^enum \{ value_/, ""); sub(/ = .*/, ""); print }' "$work/try.c"
}

printer() {
    echo '#include <windows.h>'
    echo '#include <stdio.h>'
    echo 'int main(void) {'
    while read -r name; do
        echo "#ifdef $name"
        printf 'printf("%s %%llx %%d\\n", (unsigned long long)(%s), (int)sizeof(%s));\n' "$name" "$name" "$name"
        echo '#endif'
    done
    echo 'return 0; }'
}

macros | integers > "$work/names"
# A later Windows knows more than an earlier one.
printer < "$work/names" > "$work/constants.c"
gcc -I"$include" -o "$work/here" "$work/constants.c"
x86_64-w64-mingw32-gcc -D_WIN32_WINNT=0x0A00 -DSTRICT -o "$work/there.exe" "$work/constants.c"
"$work/here" | LC_ALL=C sort > "$work/here.txt"
WINEDEBUG=-all wine "$work/there.exe" | tr -d '\r' | LC_ALL=C sort > "$work/there.txt"

LC_ALL=C join "$work/here.txt" "$work/there.txt" > "$work/both.txt"
echo "$(wc -l < "$work/names") constants, $(wc -l < "$work/both.txt") of them in mingw's headers"
LC_ALL=C join -v 1 "$work/here.txt" "$work/there.txt" | cut -d' ' -f1 | tr '\n' ' ' | fold -sw 118
echo
awk '$2 != $4 { print "differs: " $0; failed = 1 } END { exit failed }' "$work/both.txt"
