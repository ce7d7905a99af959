#!/bin/bash
# Installs what is missing to build modelexport and, with --tests, to test it.
# usage: scripts/setup.sh [--tests]
#
# Debian packages come by apt-get, and only those that are missing: as root, or by sudo. With --tests also the Python
# packages of tests/requirements.txt, in an environment of their own: build/venv, or $MX_VENV.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
    gcc libc6-dev cmake ninja-build pkg-config
    protobuf-compiler protobuf-c-compiler libprotobuf-c-dev
    libxml2-dev libxxhash-dev libjansson-dev zlib1g-dev
    python3 python3-pip ca-certificates # the definitions of ONNX are fetched with pip
)

venv=
optional=()
case ${1-} in
'') ;;
--tests)
    packages+=(libcmocka-dev libxml2-utils valgrind python3-venv)
    # A browser for the page, dot to count crossings against: where they cannot be had, those tests say that they are skipped.
    optional=(chromium fonts-liberation graphviz)
    venv=${MX_VENV:-build/venv}
    ;;
*)
    echo "usage: scripts/setup.sh [--tests]" >&2
    exit 2
    ;;
esac

missing_packages() { # PACKAGE...
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

install_packages() { # PACKAGE...
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "setup: please install as root: apt-get install $*" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "setup: installing $*"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@"
}

# Is every package of tests/requirements.txt in the environment, in its version?
venv_is_complete() {
    [ -x "$venv/bin/python" ] && "$venv/bin/python" - tests/requirements.txt <<'PYTHON'
import importlib.metadata as metadata, sys
for line in open(sys.argv[1]):
    name, pinned, version = line.partition("#")[0].strip().partition("==")
    try:
        if pinned and metadata.version(name) != version:
            sys.exit(1)
    except metadata.PackageNotFoundError:
        sys.exit(1)
PYTHON
}

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    mapfile -t missing < <(missing_packages "${packages[@]}")
    [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
    mapfile -t missing < <(missing_packages "${optional[@]}")
    [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}" || echo "setup: going on without ${missing[*]}" >&2
else
    echo "setup: no Debian here; the packages that are needed have these names there: ${packages[*]}" >&2
fi

if [ -n "$venv" ] && ! venv_is_complete; then
    echo "setup: installing tests/requirements.txt in $venv"
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
fi
