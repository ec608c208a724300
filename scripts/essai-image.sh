#!/usr/bin/env bash
# The container image as who runs it meets it (`make essai-image`): built from the last stage of deploy/Containerfile on a clean
# Debian 12, then run as its documentation says, fed, stopped, run again.
#
#   scripts/essai-image.sh [PROGRAMME]     without one: target/debug/mosaique, which must be built
#
# Needs root, podman, buildah, runc and debootstrap. No registry is asked: the base is made here under the name that the recipe
# gives, and the first stage, which compiles, is not run; what it installs is looked for in Debian. Not part of `make test`.
# shellcheck disable=SC2016 # what stands in single quotes is expanded in the image
set -euo pipefail
export LC_ALL=C.UTF-8
# shellcheck source=scripts/essai.sh
source "$(dirname "$0")/essai.sh"
cd "$RACINE"

RECETTE=deploy/Containerfile
LIEU="$RACINE/target/essai-image"
COURRIEL=essai@organisme.example
PROGRAMME="${1:-target/debug/mosaique}"

[ "$(id -u)" = 0 ] || fail "il faut être root : debootstrap, et des conteneurs sans rien configurer"
for outil in podman buildah runc debootstrap nsenter curl; do
  command -v "$outil" >/dev/null || fail "il manque $outil"
done
[ -x "$PROGRAMME" ] || fail "$PROGRAMME n'est pas construit : cargo build --locked, ou donnez un programme"

# Images, containers and volumes of this trial alone. No network but the loopback of each; limits that any machine can give.
pod() { podman --root "$LIEU/images" --runroot "$LIEU/courant" --storage-driver vfs --cgroup-manager cgroupfs --runtime runc "$@"; }
LIMITES=(--network none --ulimit nofile=1024:1024 --ulimit nproc=4096:4096)
# As an orchestrator would have it: nothing may be written but the volume, no privilege, no capability.
ESPACE=("${LIMITES[@]}" --read-only --cap-drop ALL --security-opt no-new-privileges -v mosaique:/var/lib/mosaique)
une() { pod run --rm "${ESPACE[@]}" mosaique "$@"; }
dans() { pod run --rm "${LIMITES[@]}" --entrypoint "$1" mosaique "${@:2}"; }
serveur() { pod inspect --format '{{.State.Pid}}' essai; }
code() { nsenter -t "$(serveur)" -n curl -s -o /dev/null -w '%{http_code}' -H 'X-Forwarded-For: 192.0.2.1' "$@"; }
lu() { nsenter -t "$(serveur)" -n curl -fsS -H 'X-Forwarded-For: 192.0.2.1' "$@"; }
SITE=http://127.0.0.1:8080

menage() {
  pod rm -f essai >/dev/null 2>&1 || true
  pod volume rm -f mosaique >/dev/null 2>&1 || true
  pod rmi -f mosaique >/dev/null 2>&1 || true
}
trap menage EXIT

construit() {
  say "Construire"
  debian_propre
  local base paquet paquets
  base="$(sed -n 's/^FROM \(.*slim\)$/\1/p' "$RECETTE")"
  pod image exists "$base" || tient "la base, faite ici : $base" pod import "$PROPRE" "$base"
  # What the first stage installs is there in Debian, under the names that it gives.
  paquets="$(tr -d '\\\n' <"$RECETTE" | grep -o 'apt-get install -y --no-install-recommends [^&]*' | head -1 | cut -d' ' -f5-)"
  [ "$(wc -w <<<"$paquets")" -gt 5 ] || fail "$RECETTE ne nomme pas ce que la construction installe"
  for paquet in $paquets; do
    apt-cache show "$paquet" >/dev/null 2>&1 || fail "$RECETTE installe « $paquet », que Debian n'a pas"
  done
  note "✓ ce que la construction installe est dans Debian : $paquets"
  mkdir -p "$LIEU/contexte/source/target/release"
  cp "$PROGRAMME" "$LIEU/contexte/source/target/release/mosaique"
  sed -n '/^FROM .*slim$/,$p' "$RECETTE" | sed 's/--from=construction //' >"$LIEU/Containerfile"
  tient "l'image, par la dernière étape de la recette" \
    pod build --isolation chroot --network host --pull=never -f "$LIEU/Containerfile" -t mosaique "$LIEU/contexte"
}

regarde() {
  say "Ce qu'elle est"
  egal "compte" mosaique pod inspect --format '{{.Config.User}}' mosaique
  tient "un compte du système, sans privilège" dans sh -c '[ "$(id -u)" -gt 0 ] && [ "$(id -u)" -lt 1000 ]'
  egal "rien que le programme n'y soit à lui, hors de son dossier" "" dans sh -c 'find / -xdev -user mosaique -not -path "/var/lib/mosaique*" -not -path "/proc/*" 2>/dev/null; true'
  egal "ni compilateur ni outil de réseau" "" dans sh -c 'for o in gcc cc cargo npm node curl wget; do command -v $o; done; true'
  tient "les bibliothèques qu'il demande y sont" dans sh -c '! ldd /usr/bin/mosaique | grep "not found"'
  tient "mosaique --version, sans rien pouvoir écrire" une --version
  tient "l'aide" une --help
}

sert() {
  say "Servir"
  local dit mot
  refuse "sans données, le serveur ne démarre pas" une serve --bind 127.0.0.1:8080
  dit="$(une admin create --courriel "$COURRIEL" --nom "Essai de l'image")" || fail "admin create : $dit"
  mot="$(sed -n 's/.*[Mm]ot de passe[^:]*: *//p' <<<"$dit" | head -1)"
  [ -n "$mot" ] || fail "admin create ne dit pas de mot de passe : $dit"
  note "✓ un compte, dans le volume"
  tenus=$((tenus + 1))
  tient "import d'un dossier monté en lecture seule" \
    pod run --rm "${ESPACE[@]}" -v "$RACINE/tests/fixtures/rpls:/fichiers:ro" mosaique import rpls /fichiers/2023_complet.csv --millesime 2023
  tient "construire" une build
  demarre
  egal "/healthz" 200 code "$SITE/healthz"
  egal "/readyz" 200 code "$SITE/readyz"
  tient "la page" sh -c "nsenter -t $(serveur) -n curl -fsS $SITE/ | grep -q 'id=\"app\"'"
  egal "connexion avec le mot de passe à usage unique" 200 code -X POST "$SITE/api/session" -H 'Content-Type: application/json' \
    -d "{\"courriel\":\"$COURRIEL\",\"mot_de_passe\":\"$mot\"}"
  egal "les logements de la commune" 6 sh -c "nsenter -t $(serveur) -n curl -fsS '$SITE/api/zones/commune/73065?millesime=2023' | grep -o '\"logements\":[0-9]*' | head -1 | cut -d: -f2"
  CHIFFRES="$(lu "$SITE/api/zones/commune/73065?millesime=2023" | sha256sum)"
  tient "sauvegarde pendant qu'il sert" pod exec essai mosaique sauvegarde /var/lib/mosaique/sauvegarde
  egal "rien du volume n'est lisible par d'autres" "" find "$(pod volume inspect --format '{{.Mountpoint}}' mosaique)/magasin" -perm /077
  arrete
  demarre
  egal "relancé sur le même volume : les mêmes chiffres" "$CHIFFRES" sh -c "nsenter -t $(serveur) -n curl -fsS -H 'X-Forwarded-For: 192.0.2.1' '$SITE/api/zones/commune/73065?millesime=2023' | sha256sum"
  arrete
  tient "mosaique verifier" une verifier
}

# Its own command, as the image has it.
demarre() {
  pod run -d --name essai "${ESPACE[@]}" mosaique >/dev/null || fail "l'image ne se lance pas"
  local limite=$((SECONDS + 30))
  until [ "$(code "$SITE/readyz" 2>/dev/null)" = 200 ]; do
    [ "$(pod inspect --format '{{.State.Running}}' essai)" = true ] || { pod logs essai >&2; fail "le serveur s'est arrêté"; }
    [ "$SECONDS" -lt "$limite" ] || { pod logs essai >&2; fail "le serveur ne répond pas"; }
    sleep 0.3
  done
  note "✓ lancée par sa propre commande, prête"
  tenus=$((tenus + 1))
}

arrete() {
  local debut=$SECONDS
  pod stop -t 15 essai >/dev/null
  egal "arrêt demandé : le code du serveur" 0 pod inspect --format '{{.State.ExitCode}}' essai
  [ $((SECONDS - debut)) -le 12 ] || fail "le serveur s'arrête en $((SECONDS - debut)) s"
  pod rm essai >/dev/null
}

mkdir -p "$LIEU"
menage
construit
regarde
sert
say "L'image tient : $tenus vérifications."
