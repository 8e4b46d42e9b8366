#!/usr/bin/env bash
# Usage: scripts/lib/rust-src.sh
# Puts the standard library's sources where `-Zbuild-std` looks for them: from rustup, or, where rustup cannot download,
# from Debian's package of exactly the compiler's version. Does nothing when they are there.
set -euo pipefail

# Downloads Debian's rust-src of version $1 into the directory $2 and unpacks it there. The mirror is the one this machine
# already uses; the suite is one that keeps newer compilers. apt checks the signature and the digest, in state of its own.
fetch_debian_rust_src() (
    version=$1
    cd "$2"
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    [ -n "$mirror" ]
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    if [ ! -r "$keyring" ]; then keyring=; fi
    mkdir -p lists/partial cache/archives/partial
    echo "deb ${keyring:+[signed-by=$keyring]} $mirror trixie-backports main" > sources.list
    options="-qq -o Dir::Etc::SourceList=$PWD/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$PWD/lists
        -o Dir::Cache=$PWD/cache -o Acquire::Languages=none -o APT::Sandbox::User=$(id -un)"
    # shellcheck disable=SC2086  # a list of words
    apt-get $options update
    # shellcheck disable=SC2086
    package=$(apt-cache $options madison rust-src | awk -v version="$version+" 'index($3, version) == 1 { print $3; exit }')
    [ -n "$package" ]
    # shellcheck disable=SC2086
    apt-get $options download "rust-src=$package"
    dpkg-deb -x rust-src_*.deb unpacked
)

ensure_rust_src() {
    local sysroot target version temporary
    sysroot=$(rustc --print sysroot)
    target=$sysroot/lib/rustlib/src/rust/library
    if [ -e "$target/core/Cargo.toml" ]; then return; fi
    if command -v rustup > /dev/null && rustup component add rust-src && [ -e "$target/core/Cargo.toml" ]; then return; fi

    version=$(rustc --version | cut -d ' ' -f 2)
    temporary=$(mktemp -d)
    echo "rustup has no rust-src here; trying Debian's package of Rust $version" >&2
    # In the background, because a function whose failure is caught does not stop at its first failing command.
    fetch_debian_rust_src "$version" "$temporary" &
    if wait $! \
        && mkdir -p "${target%/*}" \
        && rm -rf "$target" "$target.new" \
        && cp -R "$temporary/unpacked/usr/src/rustc-$version/library" "$target.new" \
        && mv "$target.new" "$target"; then
        rm -rf "$temporary"
        return
    fi
    rm -rf "$temporary"
    cat >&2 << END
error: the contracts need the sources of Rust's standard library (rust-src $version), and neither rustup nor apt has them.
Way out: with a network, run 'rustup component add rust-src'; without one, copy the folder 'library' of the sources of
Rust $version to $target
END
    return 1
}

ensure_rust_src
