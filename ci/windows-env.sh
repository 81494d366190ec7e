# shellcheck shell=bash
# Sourced by the other scripts, checks nothing: how Windows programs are built and run on Debian.
#
#   cargo_windows COMMAND [ARGUMENTS]   is `cargo COMMAND --target x86_64-pc-windows-gnu [ARGUMENTS]`
#
# and what cargo starts for that target runs under Wine, in a prefix of its own below the target folder.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
windows_target=x86_64-pc-windows-gnu

case ${CARGO_TARGET_DIR:-} in
    /*) ;;
    *) export CARGO_TARGET_DIR=$repository/${CARGO_TARGET_DIR:-target} ;;
esac

# Relative, for cargo would split a path that has a space in it.
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=ci/wine-runner.sh
export WINEPREFIX=$CARGO_TARGET_DIR/wine/prefix
export WINEDEBUG=-all

# Rustup's toolchain when it has the standard library for Windows; else Debian's, which builds that library from source.
cargo_windows() (
    cd "$repository" || exit
    subcommand=$1
    shift
    if rustup_has_windows; then
        exec cargo "$subcommand" --target "$windows_target" "$@"
    fi
    export PATH=/usr/bin:$PATH RUSTC_BOOTSTRAP=1
    exec cargo "$subcommand" -Zbuild-std=std,panic_abort --target "$windows_target" "$@"
)

rustup_has_windows() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/$windows_target/lib" ]
}
