#!/usr/bin/env bash
# The Debian package in a clean Debian 12 (`make essai-deb`): installed with what it depends on, its account, modes, units and
# papers looked at, started as its unit starts it, fed, saved, restored, installed again, removed, purged.
#
#   scripts/essai-deb.sh [PAQUET.deb]      without one: a package of target/debug/mosaique, which must be built
#
# Needs root, debootstrap, and a mirror of Debian (MIROIR=…, else that of debootstrap). The clean system is kept in
# target/essai-deb/bookworm.tar; the one that is tried goes away. With strace, what the server asks of the system is held against
# what its unit allows, since no systemd runs here. Not part of `make test`: some minutes, and root.
# shellcheck disable=SC2016 # what stands in single quotes is expanded in the clean system
set -euo pipefail
export LC_ALL=C.UTF-8
# shellcheck source=scripts/package.sh
source "$(dirname "$0")/package.sh"
# shellcheck source=scripts/essai.sh
source "$(dirname "$0")/essai.sh"
cd "$RACINE"

LIEU="$RACINE/target/essai-deb"
UNITES=/usr/lib/systemd/system
DONNEES=/var/lib/mosaique
MAGASIN=$DONNEES/magasin
SITE=http://127.0.0.1:8080
COURRIEL=essai@organisme.example

# --- who does it ---------------------------------------------------------------------------------------------------

SOUS=()
dedans() { "${SOUS[@]}" chroot "$ROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
# As the unit has it: its account, no privilege to gain, its folder, its umask.
compte() {
  (umask 0077 && dedans setpriv --reuid mosaique --regid mosaique --init-groups --no-new-privs --bounding-set=-all \
    env -C "$DONNEES" "$@")
}
# As the manual says to type it.
manuel() { dedans env -C "$DONNEES" runuser -u mosaique -- "$@"; }
quidam() { dedans setpriv --reuid nobody --regid nogroup --clear-groups env -C / "$@"; }
# unite UNIT KEY: the values of a key of an installed unit.
unite() { sed -n "s/^$2=//p" "$ROOT$UNITES/$1"; }
etat() { dedans dpkg-query -W -f '${db:Status-Abbrev}' mosaique; }
modes() { dedans stat -c '%U:%G %a' "$1"; }
code() { curl -s -o /dev/null -w '%{http_code}' -H 'X-Forwarded-For: 192.0.2.1' "$@"; }
lu() { curl -fsS -H 'X-Forwarded-For: 192.0.2.1' "$@"; }
# A digest of all data, and of whose they are.
contenu() {
  (cd "$ROOT$DONNEES" && find . -type f -print0 | sort -z | xargs -0 sha256sum && find . -printf '%p %U %m\n' | sort) | sha256sum
}

# --- a clean system ------------------------------------------------------------------------------------------------

propre() {
  debian_propre
  mkdir "$ROOT" && tar -C "$ROOT" -xpf "$PROPRE"
}

monte() {
  mount -t proc proc "$ROOT/proc"
  mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
}

# --- steps ---------------------------------------------------------------------------------------------------------

installe() {
  say "Installer"
  monte
  cp /etc/resolv.conf "$ROOT/etc/resolv.conf"
  cp "$DEB" "$ROOT/tmp/mosaique.deb"
  egal "rien n'est installé avant" "" dedans sh -c 'getent passwd mosaique; ls /etc | grep mosaique; true'
  tient "listes de Debian" dedans apt-get update -q
  tient "apt install, avec ce dont il dépend" dedans apt-get install -q -y --no-install-recommends /tmp/mosaique.deb
  egal "paquet" "ii " etat
  egal "dpkg --audit" "" dedans dpkg --audit
  egal "dpkg --verify" "" dedans dpkg --verify mosaique
}

regarde() {
  say "Ce qui est installé"
  egal "compte" "$DONNEES:/usr/sbin/nologin" dedans sh -c 'getent passwd mosaique | cut -d: -f6,7'
  tient "compte du système, sans mot de passe" dedans sh -c '[ "$(id -u mosaique)" -lt 1000 ] && passwd -S mosaique | grep -q " L "'
  egal "$DONNEES" "mosaique:mosaique 700" modes "$DONNEES"
  egal "/etc/mosaique" "root:mosaique 750" modes /etc/mosaique
  egal "réglages" "root:mosaique 640" modes /etc/mosaique/mosaique.toml
  egal "programme" "root:root 755" modes /usr/bin/mosaique
  egal "rien que tous puissent écrire" "" dedans sh -c 'dpkg -L mosaique | xargs -d "\n" stat -c "%A %n" | grep -v "^l" | grep "^........w" || true'
  local u
  for u in mosaique.service mosaique-entretien.service mosaique-entretien.timer; do
    egal "systemd-analyze verify $u" "" dedans systemd-analyze verify --man=no "$UNITES/$u"
  done
  tient "exposition de l'unité au plus 3.0" dedans systemd-analyze security --no-pager --offline=yes --threshold=30 "$UNITES/mosaique.service"
  tient "exposition de l'entretien au plus 5.0" dedans systemd-analyze security --no-pager --offline=yes --threshold=50 "$UNITES/mosaique-entretien.service"
  egal "rien n'est activé" "" dedans find /etc/systemd/system -name 'mosaique*'
  tient "--version de qui n'a pas le compte" quidam mosaique --version
  tient "--help de qui n'a pas le compte" quidam mosaique --help
  refuse "les réglages lui sont fermés" quidam cat /etc/mosaique/mosaique.toml
  refuse "le magasin lui est fermé" quidam ls "$DONNEES"
  local page pages=0
  for page in $(quidam mosaique --help | sed -n '/^Commandes/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
    zcat "$ROOT/usr/share/man/man1/mosaique-$page.1.gz" | grep -q '^\.TH ' || fail "page de manuel de « $page »"
    pages=$((pages + 1))
  done
  [ "$pages" -gt 10 ] || fail "pages de manuel : $pages"
  tient "man mosaique, et $pages commandes" sh -c "zcat '$ROOT/usr/share/man/man1/mosaique.1.gz' | grep -q '^\.TH '"
  tient "complétion bash" dedans bash -c '. /usr/share/bash-completion/completions/mosaique && complete -p mosaique'
  tient "complétion zsh" grep -q '^#compdef mosaique' "$ROOT/usr/share/zsh/vendor-completions/_mosaique"
  tient "complétion fish" grep -q 'complete -c mosaique' "$ROOT/usr/share/fish/vendor_completions.d/mosaique.fish"
  tient "licence et exemples" dedans sh -c 'cd /usr/share/doc/mosaique && test -s copyright && ls examples/nginx.conf* examples/Caddyfile*'
}

# Waits for the server to answer, at most half a minute.
attend() { wait_for_http "$SITE/healthz" 30 "$SERVEUR" || { cat "$LIEU/serve.log" >&2; fail "le serveur ne répond pas"; }; }

# demarre [COMMAND…]: the server, as its unit has it; under a command that watches it.
demarre() {
  SOUS=("$@")
  # shellcheck disable=SC2046 # words of ExecStart
  compte $(unite mosaique.service ExecStart) >"$LIEU/serve.log" 2>&1 &
  SERVEUR=$!
  SOUS=()
  attend
}

# By its signal, as systemd does; it must end by itself and well.
arrete() {
  local debut=$SECONDS fin=0
  kill -TERM "$(pgrep -f '^/usr/bin/mosaique serve')"
  wait "$SERVEUR" || fin=$?
  [ "$fin" = 0 ] || fail "le serveur s'arrête avec le code $fin : $(cat "$LIEU/serve.log")"
  [ $((SECONDS - debut)) -le 12 ] || fail "le serveur s'arrête en $((SECONDS - debut)) s"
  note "✓ arrêt par SIGTERM en $((SECONDS - debut)) s"
  tenus=$((tenus + 1))
}

# appels SET: names of the system calls of one of systemd's sets.
appels() {
  local nom
  for nom in $(dedans systemd-analyze syscall-filter --no-pager "$1" | sed -n 's/^ *\([-@a-z_0-9]*\)$/\1/p' | grep -vFx -- "$1"); do
    case "$nom" in
    @*) appels "$nom" ;;
    *) echo "$nom" ;;
    esac
  done
}

# What the server asked of the system from its first instruction on, held against its unit; no systemd runs here to do it.
bac_a_sable() {
  local trace="$LIEU/trace.serveur" filtre ensemble
  sed -n '/execve("\/usr\/bin\/mosaique"/,$p' "$LIEU/trace" >"$trace"
  [ "$(wc -l <"$trace")" -gt 1000 ] || fail "strace n'a pas suivi le serveur"
  : >"$LIEU/permis"
  : >"$LIEU/exclus"
  while read -r filtre; do
    for ensemble in ${filtre#\~}; do
      case "$filtre" in
      \~*) appels "$ensemble" >>"$LIEU/exclus" ;;
      *) appels "$ensemble" >>"$LIEU/permis" ;;
      esac
    done
  done < <(unite mosaique.service SystemCallFilter)
  if [ "$(wc -l <"$LIEU/permis")" -lt 200 ] || [ ! -s "$LIEU/exclus" ]; then fail "les filtres de l'unité ne se lisent pas"; fi
  sort -u "$LIEU/exclus" | comm -23 <(sort -u "$LIEU/permis") - >"$LIEU/restent"
  egal "appels que l'unité lui refuserait" "" \
    sh -c "sed -n 's/^[0-9]* *\([a-z_0-9]*\)(.*/\1/p' '$trace' | sort -u | comm -13 '$LIEU/restent' -"
  egal "mémoire à la fois écrite et exécutée" "" sh -c "grep -E 'PROT_WRITE\|PROT_EXEC' '$trace' || true"
  egal "écritures hors de son dossier" "" \
    sh -c "grep -E 'O_WRONLY|O_RDWR|O_CREAT' '$trace' | grep -o '\"/[^\"]*\"' | grep -vE '^\"($DONNEES|/tmp|/dev/null)' | sort -u"
  egal "familles d'adresses autres" "" sh -c "grep -oE 'socket\(AF_[A-Z0-9]*' '$trace' | grep -vE 'AF_(INET|INET6|UNIX)$' | sort -u"
}

sert() {
  say "Servir, avec les réglages du paquet"
  local dit mot
  dit="$(manuel mosaique admin create --courriel "$COURRIEL" --nom "Essai du paquet")" || fail "admin create : $dit"
  mot="$(sed -n 's/.*[Mm]ot de passe[^:]*: *//p' <<<"$dit" | head -1)"
  [ -n "$mot" ] || fail "admin create ne dit pas de mot de passe : $dit"
  note "✓ mosaique admin create : un compte, un mot de passe à usage unique"
  egal "base des comptes" "mosaique:mosaique 600" modes "$MAGASIN/etat.sqlite"
  cp tests/fixtures/rpls/2023_complet.csv tests/fixtures/rpls/2020_geolocalise.csv "$ROOT/tmp/"
  chmod 0644 "$ROOT"/tmp/*.csv
  tient "import d'un fichier RPLS" manuel mosaique import rpls /tmp/2023_complet.csv --millesime 2023
  tient "mosaique build" manuel mosaique build
  if command -v strace >/dev/null; then
    demarre strace -f -qq -o "$LIEU/trace"
  else
    note "strace manque : ce que le serveur demande au système n'est pas regardé"
    demarre
  fi
  egal "compte du serveur" mosaique dedans sh -c 'stat -c %U /proc/$(cat)' < <(pgrep -f '^/usr/bin/mosaique serve')
  egal "/healthz" 200 code "$SITE/healthz"
  egal "/readyz" 200 code "$SITE/readyz"
  tient "la page" sh -c "curl -fsS $SITE/ | grep -q 'id=\"app\"'"
  local piece pieces=0
  for piece in $(lu "$SITE/" | grep -oE '(src|href)="/?[^":]+\.(js|css|woff2|svg|webmanifest)"' | cut -d'"' -f2); do
    [ "$(code "$SITE/${piece#/}")" = 200 ] || fail "$piece de la page : $(code "$SITE/${piece#/}")"
    pieces=$((pieces + 1))
  done
  [ "$pieces" -gt 1 ] || fail "la page ne nomme que $pieces pièces"
  note "✓ ses $pieces pièces (programme, styles)"
  tenus=$((tenus + 3))
  egal "connexion avec le mot de passe à usage unique" 200 code -X POST "$SITE/api/session" -H 'Content-Type: application/json' \
    -d "{\"courriel\":\"$COURRIEL\",\"mot_de_passe\":\"$mot\"}"
  egal "et avec un autre" 401 code -X POST "$SITE/api/session" -H 'Content-Type: application/json' \
    -d "{\"courriel\":\"$COURRIEL\",\"mot_de_passe\":\"un autre mot de passe\"}"

  tient "import d'un autre millésime pendant qu'il sert" manuel mosaique import rpls /tmp/2020_geolocalise.csv --millesime 2020
  tient "mosaique build" manuel mosaique build
  local limite=$((SECONDS + 20))
  until lu "$SITE/api/catalogue" | grep -q '"millesime":2020'; do
    [ "$SECONDS" -lt "$limite" ] || fail "le serveur ne montre pas ce qui a été importé"
    sleep 0.5
  done
  note "✓ le serveur le montre sans être arrêté"
  tient "les logements de 2023 se lisent" sh -c "curl -fsS '$SITE/api/zones/commune/73065?millesime=2023' | grep -q '\"logements\":6,'"
  CHIFFRES="$(lu "$SITE/api/zones/commune/73065?millesime=2023" | sha256sum)"
  egal "rien du magasin n'est lisible par d'autres" "" dedans find "$DONNEES" -perm /077
  # shellcheck disable=SC2046 # words of ExecStart
  tient "entretien de la nuit" compte $(unite mosaique-entretien.service ExecStart)
  tient "sauvegarde pendant qu'il sert" manuel mosaique sauvegarde "$DONNEES/sauvegarde"
  arrete
  if [ -f "$LIEU/trace" ]; then bac_a_sable; fi
  tient "restauration dans un dossier vide" manuel mosaique restauration "$DONNEES/sauvegarde" --data "$DONNEES/restaure"
  tient "mosaique verifier" manuel mosaique verifier
  tient "journal d'audit" manuel mosaique audit verify
}

sen_va() {
  say "Mettre à jour, retirer, purger"
  local avant
  echo '# une ligne de l'"'"'organisme' >>"$ROOT/etc/mosaique/mosaique.toml"
  install -m 0600 /dev/null "$ROOT/etc/mosaique/secrets"
  tient "systemctl enable, le serveur et l'entretien" dedans systemctl -q enable mosaique.service mosaique-entretien.timer
  avant="$(contenu)"
  tient "même paquet de nouveau (mise à jour)" dedans dpkg -i --force-confold /tmp/mosaique.deb
  tient "les réglages de l'organisme restent" grep -q "ligne de l'organisme" "$ROOT/etc/mosaique/mosaique.toml"
  egal "leurs modes aussi" "root:mosaique 640" modes /etc/mosaique/mosaique.toml
  tient "ce qui était activé le reste" dedans sh -c 'cd /etc/systemd/system && ls multi-user.target.wants/mosaique.service timers.target.wants/mosaique-entretien.timer'
  pareil "données inchangées par la mise à jour" "$avant" contenu
  demarre
  pareil "les mêmes chiffres" "$CHIFFRES" sh -c "curl -fsS -H 'X-Forwarded-For: 192.0.2.1' '$SITE/api/zones/commune/73065?millesime=2023' | sha256sum"
  arrete
  avant="$(contenu)"
  tient "apt remove" dedans apt-get remove -q -y mosaique
  egal "paquet" "rc " etat
  egal "plus de programme" "" dedans find /usr -name 'mosaique*' -not -path '/usr/share/doc/*'
  pareil "données inchangées par remove" "$avant" contenu
  tient "unités masquées : rien ne les lance plus" dedans sh -c 'cd /etc/systemd/system && for u in mosaique.service mosaique-entretien.timer; do [ "$(readlink $u)" = /dev/null ] || exit 1; done'
  tient "réglages et secrets restent" dedans ls /etc/mosaique/mosaique.toml /etc/mosaique/secrets
  tient "compte reste" dedans getent passwd mosaique
  tient "réinstaller" dedans dpkg -i --force-confold /tmp/mosaique.deb
  tient "apt purge" dedans apt-get purge -q -y mosaique
  egal "plus de réglages, de secrets, ni d'unités activées" "" dedans find /etc -path '*mosaique*' -not -name 'passwd*' -not -name 'group*'
  pareil "données inchangées par purge" "$avant" contenu
  egal "à son compte" "mosaique:mosaique 700" modes "$DONNEES"
  tient "compte reste" dedans getent passwd mosaique
}

# --- order ---------------------------------------------------------------------------------------------------------

# What runs apart: mounts and processes of its own (so that none of others is ever found), then a network of its own too, where
# port 8080 is free.
case "${1:-}" in
--installe)
  ROOT="$2" DEB="$3"
  installe
  exit
  ;;
--apart)
  ROOT="$2" DEB="$3"
  ip link set lo up
  monte
  cp "$DEB" "$ROOT/tmp/mosaique.deb"
  regarde
  sert
  sen_va
  say "Le paquet tient : $tenus vérifications, et celles de l'installation."
  exit
  ;;
esac

[ "$(id -u)" = 0 ] || fail "il faut être root : debootstrap, chroot et un réseau à part"
for outil in debootstrap unshare setpriv ip curl pgrep; do
  command -v "$outil" >/dev/null || fail "il manque $outil"
done
mkdir -p "$LIEU"
rm -f "$LIEU/trace"
DEB="${1:-}"
if [ -z "$DEB" ]; then
  [ -x target/debug/mosaique ] || fail "target/debug/mosaique n'est pas construit : cargo build --locked, ou donnez un paquet"
  papers target/debug/mosaique
  package dev
  DEB="$(find target/debian -name 'mosaique_*.deb' -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2)"
fi
DEB="$(realpath "$DEB")"
say "$DEB, $(du -h "$DEB" | cut -f1)"
ROOT="$LIEU/racine.$$"
trap 'rm -rf --one-file-system "$ROOT"' EXIT
propre
unshare --mount-proc --pid --fork --kill-child "$0" --installe "$ROOT" "$DEB"
unshare --mount-proc --pid --fork --kill-child --net "$0" --apart "$ROOT" "$DEB"
