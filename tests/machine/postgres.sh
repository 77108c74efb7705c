# shellcheck shell=bash
# Sourced by tests/run: a private PostgreSQL cluster that lives and dies with the run.
# It has no TCP port, and no server that happens to run on the machine is ever used.

postgres_pid=
postgres_home=

# Sets postgres_bin to a folder with initdb and postgres, the newest where there are several.
prepare_postgres() {
    find_postgres && return
    apt_install "the store is tested on PostgreSQL" postgresql && find_postgres
}

find_postgres() {
    local initdb
    initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -1)
    [[ -x $initdb ]] || initdb=$(command -v initdb) || return 1
    postgres_bin=$(dirname "$(readlink -f "$initdb")")
    [[ -x $postgres_bin/postgres ]]
}

# Starts the cluster and exports its URL. The folder's path is short because a socket's path may
# have 107 bytes; it is closed to everybody but the cluster's user and us, so trust is enough inside.
start_postgres() {
    postgres_home=$(mktemp -d /tmp/ewpg.XXXXXX)
    # initdb and postgres refuse root
    local as_user=()
    if ((EUID == 0)); then
        local user=nobody
        ! id postgres >/dev/null 2>&1 || user=postgres
        chown "$user" "$postgres_home"
        as_user=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --clear-groups)
    fi
    if ! (cd / && "${as_user[@]}" "$postgres_bin/initdb" --pgdata="$postgres_home/data" --username=postgres \
        --auth=trust --encoding=UTF8 --locale=C --no-sync) >"$logs/initdb.log" 2>&1; then
        cat "$logs/initdb.log"
        return 1
    fi
    # The settings trade safety at power loss, which no test asks of this cluster, for speed. A second setpriv,
    # because the kernel forgets the wish to die with the parent when the user changes.
    local die_with_us=()
    ! setpriv --pdeathsig KILL true 2>/dev/null || die_with_us=(setpriv --pdeathsig QUIT)
    (
        cd /
        exec "${as_user[@]}" "${die_with_us[@]}" "$postgres_bin/postgres" -D "$postgres_home/data" \
            -k "$postgres_home" -c listen_addresses= -c max_connections=300 -c shared_buffers=256MB \
            -c fsync=off -c synchronous_commit=off -c full_page_writes=off
    ) >"$logs/postgres.log" 2>&1 </dev/null &
    postgres_pid=$!
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        if "$postgres_bin/psql" -h "$postgres_home" -U postgres -qAtc 'select 1' >/dev/null 2>&1; then
            export ENTRYWAY_TEST_POSTGRES_URL="postgres://postgres@localhost/postgres?host=$postgres_home"
            say "$("$postgres_bin/postgres" --version), $ENTRYWAY_TEST_POSTGRES_URL"
            return
        fi
        kill -0 "$postgres_pid" 2>/dev/null || break
        sleep 0.1
    done
    cat "$logs/postgres.log"
    return 1
}

# fresh_database NAME: sets database_url
fresh_database() {
    "$postgres_bin/psql" -h "$postgres_home" -U postgres -q -c "create database $1" || return 1
    database_url="postgres://postgres@localhost/$1?host=$postgres_home"
}

stop_postgres() {
    if [[ -n $postgres_pid ]]; then
        kill -INT "$postgres_pid" 2>/dev/null || true
        wait "$postgres_pid" 2>/dev/null || true
        postgres_pid=
    fi
}
