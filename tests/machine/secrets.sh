# shellcheck shell=bash
# Sourced by tests/run: everything secret that the run issued must be absent from what it left behind.

# Whoever is issued a token, code, password, request_uri, verifier or cookie during the tests adds it to
# secrets.txt, one a line. Each is searched for as it is, as a query string would spell it, and by the part that
# alone gives it away: the end of a request_uri, the signature of a token.
write_needles() {
    local secrets=$ENTRYWAY_TEST_ARTEFACTS/secrets.txt
    needles=$scratch/needles
    sort -u "$secrets" | grep -v '^$' >"$scratch/secrets" || true
    secrets_count=$(wc -l <"$scratch/secrets")
    if ((secrets_count == 0)); then
        say "no secret was recorded in $secrets: nothing was checked"
        return 1
    fi
    local short
    if short=$(grep -nE '^.{1,7}$' "$scratch/secrets"); then
        say "too short to be searched for (line of the sorted list: secret): ${short//$'\n'/ }"
        return 1
    fi
    {
        cat "$scratch/secrets"
        sed -n 's/^urn:ietf:params:oauth:request_uri:\(.\{8,\}\)$/\1/p' "$scratch/secrets"
        sed -nE 's/^eyJ[^.]*\.[^.]+\.([^.]{16,})$/\1/p' "$scratch/secrets"
        sed -n '/[:/+=%]/{s/%/%25/g;s/:/%3A/g;s,/,%2F,g;s/+/%2B/g;s/=/%3D/g;p}' "$scratch/secrets"
    } | sort -u >"$needles"
}

no_secret_is_logged() {
    absent_from logs "$logs"
}

# The databases are searched as files, so that nothing hides in a write-ahead log or a dead row.
no_secret_is_stored() {
    absent_from databases "$data" ${postgres_home:+"$postgres_home/data"}
}

# absent_from WHAT FOLDER...
absent_from() {
    local what=$1 found=$scratch/found status=0 bytes
    shift
    write_needles || return 1
    bytes=$(find "$@" -type f -printf '%s\n' | awk '{ total += $1 } END { print total + 0 }')
    if ((bytes == 0)); then
        say "no $what were found: nothing was checked"
        return 1
    fi
    LC_ALL=C grep -raoF -f "$needles" -- "$@" >"$found" || status=$?
    say "$secrets_count secrets looked for in $bytes bytes of $what"
    if ((status == 0)); then
        # the file and the beginning of a secret are enough to find the place
        sed -E 's/(:.{6})[^:]*$/\1…/' "$found" | sort | uniq -c | sort -rn | head -40
        return 1
    fi
    # 1 is "nothing found", more is a fault of the search
    ((status == 1))
}
