#!/bin/bash
# All tests. On a fresh Debian 12 it installs first what is missing.
# usage: tests/run.sh [OPTION...]
#
#   --quick             without sanitizers, valgrind and installation, and fewer models: a few minutes
#   --sanitize-only     only what runs under ASan and UBSan
#   --only A,B,...      only these: unit cli fuzz python roundtrip install sanitize valgrind
#   --with-torch        also the tests that need PyTorch, which is installed in build/torch-venv ($MX_TORCH_VENV)
#   --jobs N            how many at one time; default: the number of processors
#
# The last line is "N passed, N failed": single tests, and a stage that is not made of tests counts as one. The exit
# code is 0 if nothing failed. What a stage writes is in build/test-logs/STAGE.log, its end also here if it fails.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() { sed -n '3,13s/^# \{0,1\}//p' tests/run.sh; }

every_stage=unit,cli,fuzz,python,roundtrip,install,sanitize,valgrind
jobs=$(nproc) with_torch=no limit=0 wanted=$every_stage
while [ $# != 0 ]; do
    case $1 in
    --quick) wanted=unit,cli,fuzz,python,roundtrip limit=100 ;;
    --sanitize-only) wanted=sanitize ;;
    --only) shift && wanted=${1-} ;;
    --jobs) shift && jobs=${1-} ;;
    --with-torch) with_torch=yes ;;
    --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done
for name in ${wanted//,/ }; do
    [[ ,$every_stage, = *,$name,* ]] || wanted=
done
if [[ -z $wanted || ! $jobs =~ ^[1-9][0-9]*$ ]]; then
    usage >&2
    exit 2
fi

logs=$PWD/build/test-logs
corpus=$PWD/build/corpus
python=${MX_VENV:-$PWD/build/venv}/bin/python
unset "${!MODELEXPORT@}" SOURCE_DATE_EPOCH
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 CMOCKA_MESSAGE_OUTPUT=TAP
export MODELEXPORT=$PWD/build/modelexport
export MX_CACHE_DIR=${MX_CACHE_DIR:-$PWD/build/cache}
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja} CMAKE_BUILD_PARALLEL_LEVEL=$jobs
export ASAN_OPTIONS=exitcode=99:detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=exitcode=99:halt_on_error=1:print_stacktrace=1
mkdir -p "$logs"

# ---- What there is to run: each ends with a status and, if it is made of tests, a line "N passed, N failed" ----------

build() { # FOLDER [CMAKE OPTION...]
    cmake -S . -B "$@" -DMX_TESTS=ON && cmake --build "$1"
}

# Counts the tests in the TAP lines of cmocka. A program that died in a test has no line for it: PROGRAMS failed.
tap_figures() { # LOG PROGRAMS
    local passed failed
    passed=$(grep -cE '^([0-9]+: )?ok [0-9]+ - ' "$1")
    failed=$(grep -cE '^([0-9]+: )?not ok [0-9]+ - ' "$1")
    echo "$passed passed, $((failed > $2 ? failed : $2)) failed"
}

unit() { # BUILD
    local log=$1/unit.log status
    ctest --test-dir "$1" --verbose --parallel "$jobs" | tee "$log"
    status=${PIPESTATUS[0]}
    tap_figures "$log" "$(grep -cE 'Test +#[0-9]+: .*\*\*\*' "$log")"
    return "$status"
}

# MX_VALGRIND tells a test that it is about twenty times slower than usual.
under_valgrind() { # BUILD
    local log=$1/valgrind.log broken
    rm -f "$1"/tests/unit/*.valgrind
    find "$1/tests/unit" -name 'test_*' -type f -executable -print0 |
        MX_VALGRIND=1 xargs -0 -P "$jobs" -I PROGRAM sh -c '
            timeout 1800 valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
                "$1" >"$1.valgrind" 2>&1 || echo "$1: exit $?" >>"$1.valgrind"' sh PROGRAM
    cat "$1"/tests/unit/*.valgrind | tee "$log"
    broken=$(grep -cE '^[^ ]*/test_[a-z0-9_]+: exit [0-9]+$' "$log")
    tap_figures "$log" "$broken"
    [ "$broken" = 0 ]
}

# Every input that lies beside the fuzz target NAME, in tests/fuzz/FOLDER/NAME: seeds, and files that once did harm.
fuzz() { # BUILD
    local program name inputs passed=0 failed=0
    for program in "$1"/tests/fuzz/fuzz_*_corpus; do
        name=$(basename "$program" _corpus)
        if inputs=$(FUZZ_VERBOSE=1 timeout 900 "$program" tests/fuzz/*/"${name#fuzz_}"); then
            passed=$((passed + ${inputs% inputs}))
        else
            failed=$((failed + 1))
            echo "FAILED: $name, at the input named last"
        fi
    done
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}

# Each file in a process of its own: what a process had in memory when it started a program counts as the program's.
python_tests() { # FILE...
    local log=$logs/pytest.txt status=0 file
    : >"$log"
    for file in "$@"; do
        "$python" -m pytest -q -p no:cacheprovider "$file" | tee -a "$log"
        [ "${PIPESTATUS[0]}" = 0 ] || status=1
    done
    grep -E '^[0-9]+ (passed|failed|error|skipped).* in [0-9.]+s' "$log" | grep -oE '[0-9]+ (passed|failed|error)' |
        awk '{ n[$2] += $1 } END { printf "%d passed, %d failed\n", n["passed"], n["failed"] + n["error"] }'
    return "$status"
}

generate_corpus() {
    rm -rf "$corpus"
    mkdir -p "$corpus"
    "$python" tests/corpus/generate.py "$corpus/odd" && "$python" tests/corpus/backend_models.py "$corpus/backend"
}

# To GraphML and back, all strategies, also re-saved by others; what is written is checked against the schemas.
roundtrip() { # [OPTION...]
    "$python" tests/roundtrip.py --valid "$@"
}

install_check() {
    build build/shared -DBUILD_SHARED_LIBS=ON && tests/install/run.sh build build/shared
}

# The programs of tests/torch made anew by PyTorch, with other values, and models in Python files.
torch_venv=${MX_TORCH_VENV:-$PWD/build/torch-venv}
torch_setup() {
    "$torch_venv/bin/python" -c 'import torch; assert torch.__version__.startswith("2.13.0")' && return
    [ -x "$torch_venv/bin/python" ] || python3 -m venv "$torch_venv" &&
        "$torch_venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/with_torch/requirements.txt
}

torch_programs() {
    rm -rf build/torch-programs
    "$torch_venv/bin/python" tests/torch/make_programs.py --seed 1 -o build/torch-programs &&
        MODELEXPORT_PROGRAMS=$PWD/build/torch-programs python_tests $programs
}

torch_models() {
    MX_TORCH_PYTHON=$torch_venv/bin/python python_tests tests/with_torch/test_*.py
}

# ---- Running it ----------------------------------------------------------------------------------------------------

total_passed=0 total_failed=0 began=$SECONDS

finish() {
    printf 'Total time: %d min %02d s\n' $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60))
    echo "$total_passed passed, $total_failed failed"
    [ "$total_failed" = 0 ]
    exit
}

stage() { # NAME COMMAND...
    local name=$1 log=$logs/${1// /-}.log start=$SECONDS status figures passed failed
    shift
    printf '%-20s ' "$name"
    "$@" >"$log" 2>&1
    status=$?
    figures=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$log" | tail -n 1)
    read -r passed failed <<<"${figures:-$((status == 0)) $((status != 0))}"
    if [ "$failed" = 0 ] && { [ $status != 0 ] || [ "$passed" = 0 ]; }; then
        failed=1 # in no test of its own, or no test was there to be run
    fi
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
    printf '%6d passed %4d failed %5d s\n' "$passed" "$failed" $((SECONDS - start))
    [ "$failed" = 0 ] || { tail -n 40 "$log" | sed 's/^/    /' && echo "    All of it: $log"; }
    [ "$failed" = 0 ]
}

is_wanted() { # STAGE...: one of these at least
    local name
    for name in "$@"; do
        case ,$wanted, in *,$name,*) return 0 ;; esac
    done
    return 1
}

stage setup scripts/setup.sh --tests || finish
if is_wanted unit cli fuzz python roundtrip install valgrind; then
    stage build build build || finish
fi
if is_wanted roundtrip sanitize; then
    stage corpus generate_corpus || finish
fi
! is_wanted unit || stage unit unit build
! is_wanted cli || stage cli tests/cli/run.sh
! is_wanted fuzz || stage fuzz fuzz build
programs=tests/python/test_torch_programs.py
! is_wanted python || stage python python_tests tests/python/test_*.py
if [ $with_torch = yes ] && is_wanted python && stage "torch setup" torch_setup; then
    stage "torch programs" torch_programs
    stage "torch models" torch_models
fi
! is_wanted roundtrip || stage roundtrip roundtrip --limit $limit
! is_wanted roundtrip || stage "roundtrip folded" roundtrip --set odd --set samples --strategy sidecar --collapse-depth auto --limit $limit
! is_wanted install || stage install install_check
! is_wanted valgrind || stage valgrind under_valgrind build
if is_wanted sanitize &&
    stage "sanitize build" build build/asan -DMX_SANITIZE=address,undefined -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O1; then
    export MODELEXPORT=$PWD/build/asan/modelexport
    stage "sanitize unit" unit build/asan
    stage "sanitize cli" tests/cli/run.sh
    stage "sanitize fuzz" fuzz build/asan
    export MODELEXPORT_OPSETS=18
    stage "sanitize torch" python_tests $programs
    # The odd models go through every branch; the two thousand others would take an hour here.
    stage "sanitize roundtrip" roundtrip --set odd --set samples --resave none,yed --timeout 120
fi
finish
