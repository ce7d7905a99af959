#!/bin/bash
# Is the installed library usable? Installs a build, and builds and runs consumer.c against it, by CMake and by pkg-config.
# usage: tests/install/run.sh BUILD_DIR...      e.g. one with the static library, one with the shared library
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # NAME COMMAND...: one test; what the command writes is shown if it fails
    local name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$name"
        cat "$work/log"
    fi
}

by_cmake() { # PREFIX
    cmake -S "$here" -B "$1-cmake" -DCMAKE_PREFIX_PATH="$1" && cmake --build "$1-cmake" && runs "$1-cmake/consumer"
}

by_pkg_config() { # PREFIX
    local libdir flags
    libdir=$(dirname "$(find "$1" -name modelexport.pc)")
    flags=$(PKG_CONFIG_PATH=$libdir pkg-config --cflags --libs modelexport) || return 1
    # shellcheck disable=SC2086 # several flags
    "${CC:-cc}" -std=c11 "$here/consumer.c" -o "$1-consumer" $flags &&
        LD_LIBRARY_PATH=$(dirname "$libdir") runs "$1-consumer"
}

runs() { # PROGRAM: it prints the version that pkg-config names
    local version
    version=$("$1") || return 1
    [ "$version" = "$(sed -n 's/^Version: //p' "$(find "$work" -name modelexport.pc | head -n 1)")" ] ||
        { echo "unexpected version: $version"; return 1; }
}

for build in "$@"; do
    prefix=$work/$(basename "$build")
    check "$build: install" cmake --install "$build" --prefix "$prefix"
    check "$build: the program" "$prefix/bin/modelexport" --help
    check "$build: find_package" by_cmake "$prefix"
    check "$build: pkg-config" by_pkg_config "$prefix"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
