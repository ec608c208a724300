#!/usr/bin/env bash
# What a reviewer should not have to look for: formatting, lints, types, shell and dependency faults.
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE" || exit 1
code=0
scripts/setup.sh demo || exit 1
timed "cargo fmt" "$CARGO" fmt --all --check || code=1
timed "mêmes bibliothèques pour chaque étage" python3 scripts/same-features.py --check || code=1
timed "cargo clippy" "$CARGO" clippy --workspace --locked --all-targets -- -D warnings || code=1
if [ -f web/package.json ]; then timed "svelte-check" npm --prefix web run check || code=1; fi
if command -v shellcheck >/dev/null; then timed "shellcheck" shellcheck -x scripts/*.sh .ci/run || code=1
else note "shellcheck absent : scripts non vérifiés"; fi
if "$CARGO" deny --version >/dev/null 2>&1; then timed "cargo deny" scripts/deny.sh || code=1
else note "cargo-deny absent : licences des dépendances non vérifiées"; fi
exit "$code"
