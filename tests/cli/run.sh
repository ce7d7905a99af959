#!/bin/bash
# Golden tests of the command line.
# usage: tests/cli/run.sh [--update] [NAME...]      NAME: a folder here, or FOLDER/SCRIPT.sh
#
# Each FOLDER/x.sh is a test. What it must write stands beside it, to the byte: x.sh.stdout.exact and
# x.sh.stderr.exact (no file: nothing), and its exit code in x.sh.exit (no file: 0). --update rewrites these files
# with what comes out now; git diff is the review.
#
# A script runs with bash in an empty folder of its own. MODELEXPORT is the program, SAMPLES the folder of the sample
# models; no other variable of the program is set. So that the output is the same everywhere, scripts should name
# files by relative paths: cp "$SAMPLES/bert_tiny.onnx" . is the usual first line.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
program=$(realpath -- "${MODELEXPORT:-$root/build/modelexport}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
update=no passed=0 failed=0

[ "${1-}" != --update ] || { update=yes; shift; }
if [ ! -x "$program" ]; then
    echo "tests/cli/run.sh: no program at $program: build it, or set MODELEXPORT" >&2
    exit 2
fi

# Runs the script $1; its results are then $work/stdout, $work/stderr and $work/exit.
run_script() {
    rm -rf "$work/folder"
    mkdir "$work/folder"
    (
        cd "$work/folder" &&
            env -i PATH="$PATH" HOME="$work/folder" LC_ALL=C.UTF-8 TERM=dumb \
                ASAN_OPTIONS="${ASAN_OPTIONS-}" UBSAN_OPTIONS="${UBSAN_OPTIONS-}" \
                MODELEXPORT="$program" SAMPLES="$root/samples" \
                bash "$1" >"$work/stdout" 2>"$work/stderr" </dev/null
        echo $? >"$work/exit"
    )
}

expected() { # SCRIPT RESULT: the file that holds what RESULT must be
    case $2 in
    exit) echo "$1.exit" ;;
    *) echo "$1.$2.exact" ;;
    esac
}

default_of() { # RESULT: what it must be where there is no file
    [ "$1" != exit ] || echo 0
}

update_expected() { # SCRIPT
    local result file
    for result in stdout stderr exit; do
        file=$(expected "$1" "$result")
        if default_of "$result" | cmp -s - "$work/$result"; then
            rm -f "$file"
        else
            cp "$work/$result" "$file"
        fi
    done
}

agrees() { # SCRIPT: shows what differs
    local result file same=0
    for result in stdout stderr exit; do
        file=$(expected "$1" "$result")
        [ -e "$file" ] || { file=$work/default && default_of "$result" >"$file"; }
        if ! cmp -s "$file" "$work/$result"; then
            same=1
            diff -u --label "expected $result" --label "actual $result" "$file" "$work/$result"
        fi
    done
    return $same
}

shopt -s nullglob
scripts=()
[ $# != 0 ] || scripts=("$here"/*/*.sh)
for name in "$@"; do
    if [ -d "$here/$name" ]; then scripts+=("$here/$name"/*.sh); else scripts+=("$here/$name"); fi
done
if [ ${#scripts[@]} = 0 ]; then
    echo "tests/cli/run.sh: no tests here: ${*:-tests/cli}" >&2
    exit 2
fi

for script in "${scripts[@]}"; do
    run_script "$script"
    [ "$update" = no ] || update_expected "$script"
    if agrees "$script"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: ${script#"$here/"}"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
