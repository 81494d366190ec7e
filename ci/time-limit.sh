#!/usr/bin/env bash
# Runs a program and ends with its exit code; cargo calls it. A program that takes ten minutes hangs: it is ended, with all
# that it has started, and named.
set -uo pipefail

limit_s=${COVIEW_TIME_LIMIT_S:-600}

# A group of its own is what can be ended as a whole; but then a terminal's keys do not reach it.
group=()
[ ! -t 0 ] || group=(--foreground)

timeout ${group[@]+"${group[@]}"} --kill-after=10 "$limit_s" "$@"
status=$?
if [ "$SECONDS" -ge "$limit_s" ]; then
    printf '\n*** ended after %s s, for it hangs: %s ***\n' "$limit_s" "$*" >&2
    exit 124
fi
exit "$status"
