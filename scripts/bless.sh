#!/usr/bin/env bash
# Accepts what the program answers now as what the tests expect; read the diff before committing it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE"
scripts/setup.sh demo
timed "Instantanés des tests Rust" env INSTA_UPDATE=always "$CARGO" test --workspace --locked || note "des tests échouent encore"
if grep -q '"api:generate"' web/package.json 2>/dev/null; then
  timed "Client de l'interface" npm --prefix web run api:generate
fi
git --no-pager diff --stat
