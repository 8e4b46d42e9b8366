# shellcheck shell=bash
# What the scripts share; they source it. It names the repository and the build folders, and ends with the script what the
# script has started.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=$HOME/.cache/salus
# One for all workspaces and clones: they have many dependencies in common.
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
    "$@" < /dev/null 9>&- &
    child=-$!
    set +m
    wait "${child#-}" || status=$?
    kill -TERM -- "$child" 2> /dev/null || true
    child=
}

# Runs scripts/setup and puts its exit code into `status`. In the script's own group: it may ask for a password.
run_setup() {
    status=0
    "$root/scripts/setup" "$@" <&0 >&2 9>&- &
    child=$!
    wait "$child" || status=$?
    child=
}

# Call it before anything is built. Cargo tells by the time of a file whether it has changed, and does not tell clones from each
# other: where another clone has used the shared target folder, what was built of Salus itself is forgotten. The script has the
# folder until it ends, by a lock on descriptor 9; another clone's waits. A folder that the user named is left alone.
use_target() {
    if [ "$CARGO_TARGET_DIR" != "$cache/target" ]; then return; fi
    local last=$cache/target-last-used-by  # the clone's path
    mkdir -p "$cache"
    exec 9>> "$last"
    if flock --exclusive --nonblock 9; then empty_large_target; fi
    flock --shared 9
    until [ "$(cat "$last")" = "$root" ]; do
        if ! flock --exclusive --nonblock 9; then
            say "Waiting for $(cat "$last"), which uses $cache/target; with another CARGO_TARGET_DIR there is no wait"
            flock --exclusive 9
        fi
        forget_builds
        printf '%s\n' "$root" > "$last"
        flock --shared 9
    done
}

# Old versions of dependencies stay in the folder for ever.
empty_large_target() {
    local gigabytes
    if [ ! -d "$cache/target" ]; then return; fi
    gigabytes=$(($(du -sk "$cache/target" | cut -f 1) >> 20))
    if [ "$gigabytes" -lt 40 ]; then return; fi
    say "Emptying $cache/target: it has grown to $gigabytes GB"
    rm -rf "${cache:?}/target"
}

# Makes cargo build this repository's own packages anew.
forget_builds() {
    local name
    for name in $(find "$root" \( -name target -o -name .git \) -prune -o -name Cargo.toml -exec sed -n 's/^name = "\(.*\)"$/\1/p' {} +); do
        rm -rf "${cache:?}"/target/*/.fingerprint/"$name"-????????????????
    done
}

# What this clone's development chain is made from: its sources, its dependencies and the compiler.
node_key() {
    (
        cd "$root/node"
        rustc -vV
        find Cargo.toml Cargo.lock src chain stubs -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    ) | sha256sum | cut -c 1-32
}

# Call it after the setup. Where the user names no node, and this clone's own is there, all programs find that.
use_own_node() {
    local node
    if [ -n "${CONTRACTS_NODE:-}${SALUS_NODE:-}" ]; then return; fi
    node=$cache/node/$(node_key)/salus-node
    if [ -x "$node" ]; then export SALUS_NODE=$node; fi
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
