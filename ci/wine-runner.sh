#!/usr/bin/env bash
# Runs a Windows program under Wine and ends with its exit code; cargo calls it. Sets Wine up the first time.
set -euo pipefail
# shellcheck source=ci/windows-env.sh
. "$(dirname "${BASH_SOURCE[0]}")/windows-env.sh"

wine_dir=$CARGO_TARGET_DIR/wine

set_up() {
    WINEDLLOVERRIDES='mscoree,mshtml=' wine wineboot --init </dev/null >/dev/null 2>&1
    wineserver -w
    local dll=$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll
    if [ ! -e "$dll" ]; then
        # Linked under a name of its own first: a set-up that is killed leaves no half of a library.
        x86_64-w64-mingw32-gcc -shared -s -o "$wine_dir/bcryptprimitives.dll" "$repository/ci/bcryptprimitives.c" -ladvapi32
        mv "$wine_dir/bcryptprimitives.dll" "$dll"
    fi
    touch "$wine_dir/ready"
}

if [ ! -e "$wine_dir/ready" ]; then
    mkdir -p "$wine_dir"
    # Several tests may start at once: the first one sets up, the others wait for it.
    (
        flock 9
        [ -e "$wine_dir/ready" ] || set_up
    ) 9>"$wine_dir/lock"
fi

# A program that begins while the server of the one before is about to end is refused ("recvmsg: Connection reset by peer"),
# so the server stays a while. What Wine starts with it must not have the program's output, or readers would wait for that.
if wineserver -p60 </dev/null >/dev/null 2>&1; then
    wine wineboot </dev/null >/dev/null 2>&1
fi

exec "$repository/ci/time-limit.sh" wine "$@"
