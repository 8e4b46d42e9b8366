#!/bin/sh
# Usage: RUSTC_WRAPPER=scripts/lib/rustc-fuzz.sh cargo …
# For the fuzz targets: the compiler, with the counters and the traced comparisons that guide libFuzzer, for our own crates alone: what they
# depend on stays what the other workspaces built. The generic code of codecs is instantiated in our crates and has them.
case ${CARGO_PKG_NAME:-} in
    salus-*)
        set -- "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
            -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
            -Cllvm-args=-sanitizer-coverage-trace-compares
        ;;
esac
exec "$@"
