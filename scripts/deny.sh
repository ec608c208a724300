#!/usr/bin/env bash
# Licences, bans and sources of dependencies; known vulnerabilities too, where the list of advisories can be fetched.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE"
checks=(licenses bans sources)
if "$CARGO" deny fetch db >/dev/null 2>&1; then checks+=(advisories)
else note "liste des vulnérabilités hors d'atteinte : non vérifiées"; fi
"$CARGO" deny check "${checks[@]}"
