#!/usr/bin/env bash
# The program to install: the page, the release build, its man pages and completions; with --deb, a package of them.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE"

scripts/setup.sh demo
timed "Page web" npm --prefix web run build
timed "Programme, profil release" "$CARGO" build --release --locked
out="target/papiers"
rm -rf "$out" && mkdir -p "$out"
program="target/release/mosaique"
"$program" man --out "$out/man"
"$program" completions bash >"$out/mosaique.bash"
"$program" completions zsh >"$out/_mosaique"
"$program" completions fish >"$out/mosaique.fish"
ls -l "$program"

[ "${1:-}" = --deb ] || exit 0
"$CARGO" deb --version >/dev/null 2>&1 || timed "cargo-deb" "$CARGO" install --locked cargo-deb
"$CARGO" deb --no-build --locked
