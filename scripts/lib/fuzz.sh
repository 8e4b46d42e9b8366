#!/usr/bin/env bash
# Usage: scripts/lib/fuzz.sh [RUNS [TARGET…]]
# Builds the fuzz targets and runs each (or those named) RUNS times, 20000 unless told otherwise, on inputs that libFuzzer
# makes of its seeds in fuzz/corpus: the same ones in every run of the same program. An input that breaks a promise is kept,
# and its path printed.
#
# The targets are built without a sanitizer: our crates have no unsafe code, and so the pinned compiler will do.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
cd "$root/fuzz"

export runs=${1:-20000} programs=$CARGO_TARGET_DIR/debug kept=$CARGO_TARGET_DIR/fuzz
shift $(($# > 0))
if [ $# = 0 ]; then
    for program in fuzz_targets/*.rs; do set -- "$@" "$(basename "$program" .rs)"; done
fi

run_target() {
    local target=$1 options=() began=$SECONDS
    local found=$kept/$target log=$kept/$target.log words=$kept/$target.words
    rm -rf "$found"
    mkdir -p "$found"
    # The words of the seeds, for libFuzzer to put together: without a sanitizer it does not see texts being compared.
    if grep -aohE '"[A-Za-z0-9/.-]+"' "corpus/$target"/* | LC_ALL=C sort -u | sed 's/"\(.*\)"/"\\"\1\\""/' > "$words" && [ -s "$words" ]; then
        options+=(-dict="$words")
    fi
    if "$programs/$target" -runs="$runs" -seed=1 -timeout=10 -rss_limit_mb=512 -print_final_stats=1 \
        -artifact_prefix="$kept/$target-" "${options[@]}" "$found" "corpus/$target" > "$log" 2>&1; then
        printf '%-18s %7d executions, coverage %5d, %3d s\n' "$target" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
            "$(sed -n 's/.*DONE *cov: \([0-9]*\) .*/\1/p' "$log")" $((SECONDS - began))
    else
        grep -av '^#\|^INFO' "$log" | tail -n 40
        printf '%-18s FAILED; all of its output is in %s\n' "$target" "$log"
        return 1
    fi
}
export -f run_target

use_target
mkdir -p "$kept"
RUSTC_WRAPPER=$root/scripts/lib/rustc-fuzz.sh cargo build --locked --bins
printf '%s\n' "$@" | xargs -P "$(nproc)" -I '{}' bash -c 'set -euo pipefail; run_target {}'
