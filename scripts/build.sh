#!/usr/bin/env bash
# Builds the page, then the server that carries it. Says how long a first build takes.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE"

if [ -f web/package.json ]; then
  sources="$(find web tiles -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' \
    -not -path 'web/test-results/*' -not -path 'web/playwright-report/*' -print0 |
    sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)"
  if [ ! -d web/dist ] || ! is_fresh page "$sources"; then
    timed "Page web (environ 20 s)" npm --prefix web run build
    stamp page "$sources"
  fi
fi

if [ -x target/debug/mosaique ]; then
  label="Serveur mosaïque"
else
  label="Serveur mosaïque : première compilation, environ 18 min sur 2 cœurs (PROJ, polars, HiGHS et tantivy en font l'essentiel)"
fi
timed "$label" "$CARGO" build --locked
