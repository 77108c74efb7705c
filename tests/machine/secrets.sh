# shellcheck shell=bash
# Sourced by tests/run: everything secret that the run issued must be absent from what it left behind.
# Whoever is issued a token, code, password, request_uri, verifier or cookie during the tests adds it to
# secrets.txt in the artefacts, one a line.

no_secret_is_logged() {
    absent_from "$logs"
}

# The databases are searched as files, so that nothing hides in a write-ahead log or a dead row. Beside one is the
# file that tells the readers of the revocation feed their token, and the mailbox of `entryway dev` with the letters that
# were sent, codes and all, as they must.
no_secret_is_stored() {
    absent_from --but feed.token --but mailbox.jsonl "$data" ${postgres_home:+"$postgres_home/data"}
}

absent_from() {
    "$tools_bin/node" tests/machine/find-secrets.mjs "$ENTRYWAY_TEST_ARTEFACTS/secrets.txt" "$@"
}
