#!/usr/bin/env bash
# Asks each address of a BAN file back spoilt: recall by kind of damage, wrong answers that claim to be sure, speed.
#
# BAN: a file of the BAN (by default the real sample beside the project, else the demonstration's addresses);
# DEPARTEMENT: its départements. Then the same on a denser base, and on the demonstration's.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$RACINE"
scripts/build.sh
mosaique=target/debug/mosaique
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
ban="${BAN:-../shared/data/ban/ban_echantillon_73-74_10000.csv}"
if [ -f "$ban" ]; then
  "$mosaique" import addresses "$ban" --departement "${DEPARTEMENT:-73,74}" --data "$work/reel"
  "$mosaique" bench-geocoder --data "$work/reel" "$@"
  note "La même base, avec 50 voies de plus par commune"
  "$mosaique" bench-geocoder --data "$work/reel" --leurres 50 "$@"
fi
note "Les adresses de la démonstration (300 000 logements)"
"$mosaique" demo-data --dwellings 300000 --out "$work/demo" >/dev/null
"$mosaique" import addresses "$work"/demo/adresses-*.csv --data "$work/fictif"
"$mosaique" bench-geocoder --data "$work/fictif" --sample 10000 "$@"
