# shellcheck shell=bash
# What the scripts share; they source it. It names the repository and the build folders, and ends with the script what the
# script has started.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=$HOME/.cache/salus
# One for all workspaces: they have many dependencies in common.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}" CARGO_INCREMENTAL=0

say() { printf '==> %s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# Prints the comment at the head of the script.
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

child=  # a process, or minus a process group, to end with the script
end_child() {
    if [ -z "$child" ]; then return; fi
    kill -TERM -- "$child" 2> /dev/null || true
    wait "${child#-}" 2> /dev/null || true
}
trap end_child EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Runs a command in a process group of its own, ends whatever it leaves behind, and puts its exit code into `status`. Call it
# as a plain command: in a condition, bash would go on after a failure inside of a function.
in_group() {
    status=0
    set -m
    "$@" < /dev/null &
    child=-$!
    set +m
    wait "${child#-}" || status=$?
    kill -TERM -- "$child" 2> /dev/null || true
    child=
}

# Runs scripts/setup and puts its exit code into `status`. In the script's own group: it may ask for a password.
run_setup() {
    status=0
    "$root/scripts/setup" "$@" <&0 >&2 &
    child=$!
    wait "$child" || status=$?
    child=
}

# build NAME TITLE PROFILE ARGUMENTS…: builds with cargo. A build that takes longer than a moment is announced with its title,
# and says every 30 seconds how far it is. Cargo's own output goes to a log; its end is shown if the build fails.
build() {
    local title=$2 profile=$3 log=$cache/logs/$1.log
    shift 3
    mkdir -p "$cache/logs"
    in_group build_and_report "$title" "$profile" "$log" "$@"
    if [ "$status" != 0 ]; then
        tail -n 30 "$log" >&2
        die "the build failed; all of its output is in $log"
    fi
}

build_and_report() {
    local title=$1 profile=$2 log=$3
    shift 3
    report "$title" "$log" "$@" &  # it ends with the group
    cargo build --locked --profile "$profile" "$@" > "$log" 2>&1
}

report() {
    local title=$1 log=$2 total
    shift 2
    sleep 3
    say "$title"
    total=$(cargo tree --locked --edges normal,build --prefix none --format '{p}' "$@" 2> /dev/null | sed 's/ (\*)$//' | sort -u | wc -l)
    while sleep 30; do
        say "    $(grep -c '^ *Compiling ' "$log") crates compiled, of at most $total"
    done
}
