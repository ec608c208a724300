#!/usr/bin/env bash
# The program to install: the page, the release build, its man pages and completions; with --deb, a package of them.
set -euo pipefail
# shellcheck source=scripts/package.sh
source "$(dirname "$0")/package.sh"
cd "$RACINE"

scripts/setup.sh demo
timed "Page web" npm --prefix web run build
timed "Programme, profil release" "$CARGO" build --release --locked
papers target/release/mosaique
ls -l target/release/mosaique

[ "${1:-}" = --deb ] || exit 0
package release
