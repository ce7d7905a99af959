#!/bin/bash
# Fuzzes each target for some minutes, with libFuzzer, ASan and UBSan.
# usage: tests/fuzz/run.sh [MINUTES [NAME...]]      default: 20 minutes, all targets (fuzz_NAME.c)
#
# Needs clang 14 with its run-time libraries (Debian: clang-14, libclang-rt-14-dev) and cmake. It starts from the seeds
# and the regressions; what it learns is kept in build/fuzz/corpus/NAME for the next time. An input that does harm is
# put in tests/fuzz/regressions/NAME, where the ordinary tests will find it. Exit code 1: there was one.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
minutes=${1:-20}
[ $# = 0 ] || shift
if ! [[ $minutes =~ ^[1-9][0-9]*$ ]]; then
    sed -n '3,7s/^# \{0,1\}//p' tests/fuzz/run.sh >&2
    exit 2
fi
build=${FUZZ_BUILD:-build/fuzz}
names=("$@")
if [ $# = 0 ]; then
    for target in tests/fuzz/fuzz_*.c; do
        name=$(basename "$target" .c)
        names+=("${name#fuzz_}")
    done
fi

cmake -S . -B "$build" -G "${CMAKE_GENERATOR:-Ninja}" -DCMAKE_C_COMPILER="${CC:-clang-14}" \
    -DCMAKE_BUILD_TYPE=RelWithDebInfo -DMX_FUZZ=ON -DMX_TESTS=OFF -DMX_SANITIZE=address,undefined >/dev/null &&
    cmake --build "$build" || exit 2

FUZZ_FOLDER=$(mktemp -d /dev/shm/modelexport-fuzz-XXXXXX)
trap 'rm -rf "$FUZZ_FOLDER"' EXIT
export FUZZ_FOLDER
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

fuzz() { # NAME
    local known=$build/corpus/$1 findings=tests/fuzz/regressions/$1
    mkdir -p "$known" "$findings"
    "$build/tests/fuzz/fuzz_$1" -max_total_time=$((minutes * 60)) -rss_limit_mb=2048 -timeout=10 -max_len=20000 \
        -dict="tests/fuzz/$1.dict" -artifact_prefix="$findings/" -print_final_stats=1 -verbosity=1 \
        "$known" "tests/fuzz/seeds/$1" "$findings" >"$build/$1.log" 2>&1
}

status=0
for name in "${names[@]}"; do
    if fuzz "$name"; then
        echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log") inputs, no finding"
    else
        tail -n 40 "$build/$name.log"
        echo "$name: a finding, see $build/$name.log and tests/fuzz/regressions/$name"
        status=1
    fi
done
exit $status
