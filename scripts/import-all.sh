#!/usr/bin/env bash
# Imports every file that `mosaique demo-data` wrote, then builds the cube:
#   import-all.sh BINARY FOLDER_OF_FILES STORE
# The name of a file says its register and its year; a name that no line below knows is an error.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
mosaique="$1" files="$2" store="$3"

import() { "$mosaique" import "$@" --data "$store"; }

# Zones and addresses first: an RPLS import is checked against them.
order=(departement epci commune iris appartenance qpv adresses seuils rpls ops attributions demandes)

import_one() {
  local file="$1" name year
  name="$(basename "$file")"
  year="$(grep -oE '20[0-9]{2}' <<<"$name" | head -1 || true)"
  case "$name" in
  departement*.geojson) import zones "$file" --layer departement ;;
  epci*.geojson) import zones "$file" --layer epci ;;
  commune*.geojson) import zones "$file" --layer commune ${year:+--generation "$year"} ;;
  iris*.geojson) import zones "$file" --layer iris ;;
  appartenance*.csv) import zones "$file" --layer appartenance --generation "$year" ;;
  qpv*.geojson) import zones "$file" --layer qpv --generation "$year" ;;
  adresses*.csv) import addresses "$file" ;;
  seuils*.csv) import thresholds "$file" ;;
  rpls*.csv) import rpls "$file" --millesime "$year" ;;
  ops*.csv) import ops "$file" --wave "$year" ;;
  attributions*.csv) import attributions "$file" --year "$year" ;;
  demandes*.csv) import demandes "$file" --date "$year-12-31" ;;
  *) fail "$file : registre inconnu" ;;
  esac
}

for prefix in "${order[@]}"; do
  for file in "$files/$prefix"*; do
    if [ -f "$file" ]; then import_one "$file"; fi
  done
done
known="$(IFS='|'; echo "${order[*]}")"
for file in "$files"/*.{csv,geojson}; do
  if [ -f "$file" ] && ! grep -qE "^($known)" <<<"$(basename "$file")"; then import_one "$file"; fi
done

timed "Construction du cube" "$mosaique" build --data "$store"
