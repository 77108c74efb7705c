# shellcheck shell=bash
# Sourced by tests/run: what it says, and how it counts.

passed=0
failed=0
skipped=0

# A heading, with the minutes so far: CI has a budget.
section() {
    printf '\n=== %s  [%dm%02ds]\n' "$*" $((SECONDS / 60)) $((SECONDS % 60))
}

say() {
    printf '    %s\n' "$*"
}

# One check that either holds or does not: check NAME COMMAND...
check() {
    local name=$1
    shift
    section "$name"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '!!! FAILED: %s\n' "$name"
    fi
}

# Something this machine cannot do. A developer may go on without it, CI may not.
skip() {
    printf '\n!!! SKIPPED: %s\n\n' "$*"
    skipped=$((skipped + 1))
    if [[ ${CI:-} == true ]]; then
        failed=$((failed + 1))
        printf '!!! FAILED: nothing may be skipped where CI=true\n'
    fi
}

# Adds what a test runner counted in its saved output. A runner that failed without
# counting a failure (it did not compile, it was killed) is one failure.
# count_cargo STATUS FILE
count_cargo() {
    count "$1" \
        "$(sum 's/^test result: .*[ .]\([0-9]*\) passed;.*/\1/p' "$2")" \
        "$(sum 's/^test result: .*[ ;]\([0-9]*\) failed;.*/\1/p' "$2")"
}

# count_node STATUS FILE
count_node() {
    count "$1" \
        "$(sum 's/^ℹ pass \([0-9]*\)$/\1/p' "$2")" \
        "$(sum 's/^ℹ \(fail\|cancelled\) \([0-9]*\)$/\2/p' "$2")"
    local left
    left=$(sum 's/^ℹ \(skipped\|todo\) \([0-9]*\)$/\2/p' "$2")
    if ((left > 0)); then
        skip "$left tests said that they cannot run here"
    fi
}

count() {
    local status=$1 good=$2 bad=$3
    if ((status != 0 && bad == 0)); then
        bad=1
        printf '!!! FAILED: the test runner ended with status %d\n' "$status"
    elif ((status == 0 && good == 0)); then
        bad=1
        printf '!!! FAILED: no test ran\n'
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
}

sum() {
    sed -n "$1" "$2" | awk '{ total += $1 } END { print total + 0 }'
}
