//! Every route × every role × inside and outside the territory, from the generated description of the
//! interface.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::people::PEOPLE;
use crate::world::{Reply, WORLD, commune_box, ok, polygon, send_as_is, shared_address};

/// Someone's session, opened past the sign-in page; None for the public.
pub struct Door {
    pub cookie: String,
    pub csrf: String,
}

pub async fn door(who: &str) -> Option<Door> {
    let compte = WORLD.people.accounts.get(who)?.clone();
    let state = WORLD.state.clone();
    // The pool lives on the runtime of the world.
    let opened = WORLD
        .runtime
        .spawn(async move { state.open_session(&compte, None, mosaique::state::now()).await.unwrap() })
        .await
        .unwrap();
    Some(Door { cookie: format!("mosaique_session={}", opened.cookie), csrf: opened.csrf })
}

/// A request of someone, with everything that a page sends.
pub async fn ask(door: &Option<Door>, method: &str, path: &str, body: Option<&Value>) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(d) = door {
        request = request.header("cookie", &d.cookie).header("x-csrf-token", &d.csrf);
    }
    let request = match body {
        Some(b) => request.header("content-type", "application/json").body(Body::from(b.to_string())),
        None => request.body(Body::empty()),
    };
    send_as_is(request.unwrap()).await
}

/// What someone is shown of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Dwellings,
    Households,
}
use Seen::{Dwellings, Households, Nothing};

/// The matrix of domain §9.3, restated: (who, [address, drawn zone, IRIS, commune] in the first EPCI, the
/// same in the second).
const EXPECTED: [(&str, [Seen; 4], [Seen; 4]); 15] = [
    ("public", [Nothing, Dwellings, Dwellings, Dwellings], [Nothing, Dwellings, Dwellings, Dwellings]),
    (
        "administrateur",
        [Nothing, Dwellings, Dwellings, Households],
        [Nothing, Dwellings, Dwellings, Households],
    ),
    ("bailleur", [Households; 4], [Households; 4]),
    (
        "bailleur ailleurs",
        [Nothing, Nothing, Dwellings, Households],
        [Nothing, Nothing, Dwellings, Households],
    ),
    ("epci", [Households; 4], [Nothing, Dwellings, Dwellings, Households]),
    (
        "epci sans convention",
        [Nothing, Dwellings, Dwellings, Households],
        [Dwellings, Dwellings, Households, Households],
    ),
    ("commune", [Households; 4], [Nothing, Dwellings, Dwellings, Households]),
    (
        "commune ailleurs",
        [Nothing, Dwellings, Dwellings, Households],
        [Nothing, Dwellings, Dwellings, Households],
    ),
    ("ddets", [Households; 4], [Households; 4]),
    (
        "ddets ailleurs",
        [Nothing, Dwellings, Dwellings, Households],
        [Nothing, Dwellings, Dwellings, Households],
    ),
    ("dreal", [Households; 4], [Households; 4]),
    (
        "dreal ailleurs",
        [Nothing, Dwellings, Dwellings, Households],
        [Nothing, Dwellings, Dwellings, Households],
    ),
    (
        "action logement",
        [Nothing, Dwellings, Households, Households],
        [Nothing, Dwellings, Households, Households],
    ),
    ("agence", [Households; 4], [Nothing, Dwellings, Dwellings, Households]),
    (
        "agence sans convention",
        [Nothing, Dwellings, Dwellings, Households],
        [Nothing, Dwellings, Dwellings, Households],
    ),
];

/// Communes inside: the first of the first EPCI; outside: the first of the second.
const COMMUNES: [(usize, &str); 2] = [(0, "73901"), (2, "73903")];

struct Site {
    adresse: String,
    iris: String,
    commune: String,
    area: Value,
}

/// An address with many own dwellings of the bailleur, an IRIS, a drawn zone inside each commune.
async fn sites() -> Vec<Site> {
    let mut out = Vec::new();
    for (i, commune) in COMMUNES {
        let list = ok(&format!("/api/zones?echelle=adresse&dans=commune:{commune}&bailleur=300000000")).await;
        let zones = list["zones"].as_array().unwrap();
        let best = zones.iter().max_by_key(|z| z["logements"].as_u64()).unwrap();
        let [w, s, e, n] = commune_box(i);
        out.push(Site {
            adresse: best["code"].as_str().unwrap().into(),
            iris: format!("{commune}0101"),
            commune: commune.into(),
            area: polygon([w + 0.001, s + 0.001, e - 0.001, n - 0.001]),
        });
    }
    out
}

/// What a measure or a sheet shows.
fn seen(reply: &Reply, sheet: &Value) -> Seen {
    match reply.status.as_u16() {
        401 | 403 => Nothing,
        200 => {
            let households =
                sheet["chiffres"].as_array().unwrap().iter().find(|f| f["indicateur"] == "I05").unwrap();
            let withheld = sheet["avertissements"]
                .as_array()
                .unwrap()
                .iter()
                .any(|a| a.as_str().unwrap().starts_with("Occupation non montrée"));
            if withheld {
                assert!(
                    households["secret"] == true
                        && households["valeur"].is_null()
                        && households["repondants"].is_null()
                );
                assert!(
                    sheet["couverture"]["repondants"].is_null()
                        && sheet["couverture"]["menages_interroges"].is_null()
                );
                Dwellings
            } else {
                Households
            }
        }
        other => panic!("{other}: {}", reply.text()),
    }
}

const ASKED: [&str; 2] = ["I05", "P01"];

#[tokio::test]
async fn each_role_sees_what_the_matrix_says_inside_and_outside() {
    assert!(PEOPLE.iter().all(|(who, ..)| EXPECTED.iter().any(|(e, ..)| e == who)), "everyone has a line");
    let sites = sites().await;
    for (who, inside, outside) in EXPECTED {
        let door = door(who).await;
        for (site, expected) in sites.iter().zip([inside, outside]) {
            let [fine, drawn, near, wide] = expected;
            for (scale, code, expected) in [
                ("adresse", &site.adresse, fine),
                ("iris", &site.iris, near),
                ("commune", &site.commune, wide),
            ] {
                let path = format!("/api/zones/{scale}/{code}?indicateurs={}", ASKED.join(","));
                let reply = ask(&door, "GET", &path, None).await;
                assert_eq!(seen(&reply, &reply.json()), expected, "{who}: {path}: {}", reply.text());
                let body =
                    json!({"zones": [{"codes": [{"echelle": scale, "code": code}]}], "indicateurs": ASKED});
                let reply = ask(&door, "POST", "/api/mesure", Some(&body)).await;
                assert_eq!(
                    seen(&reply, &reply.json()["mesures"][0]),
                    expected,
                    "{who}: {body}: {}",
                    reply.text()
                );
            }
            let body = json!({"zones": [{"geometrie": site.area}], "indicateurs": ASKED});
            let reply = ask(&door, "POST", "/api/mesure", Some(&body)).await;
            assert_eq!(
                seen(&reply, &reply.json()["mesures"][0]),
                drawn,
                "{who}: drawn zone: {}",
                reply.text()
            );
        }
    }
}

#[tokio::test]
async fn maps_and_lists_show_what_sheets_show() {
    let sites = sites().await;
    for (who, inside, outside) in EXPECTED {
        let door = door(who).await;
        for (place, scale) in [(0, "adresse"), (2, "iris"), (3, "commune")] {
            let expected: Vec<Seen> = [inside, outside].iter().map(|e| e[place]).collect();
            let code = |s: &Site| match scale {
                "adresse" => s.adresse.clone(),
                "iris" => s.iris.clone(),
                _ => s.commune.clone(),
            };
            let map = ask(&door, "GET", &format!("/api/valeurs/{scale}?indicateur=I05"), None).await;
            let list = ask(&door, "GET", &format!("/api/zones?echelle={scale}"), None).await;
            for (site, seen) in sites.iter().zip(&expected) {
                let has = |reply: &Reply, column: &str| {
                    reply.status == 200
                        && match column {
                            "codes" => {
                                reply.json()["codes"].as_array().unwrap().iter().any(|c| *c == code(site))
                            }
                            _ => reply.json()["zones"]
                                .as_array()
                                .unwrap()
                                .iter()
                                .any(|z| z["code"] == code(site)),
                        }
                };
                assert_eq!(has(&map, "codes"), *seen == Households, "{who}: map of {scale}: {}", map.text());
                assert_eq!(has(&list, "zones"), *seen != Nothing, "{who}: list of {scale}: {}", list.text());
            }
            if expected.iter().all(|s| *s != Households) {
                assert!([200, 401, 403].contains(&map.status.as_u16()));
            }
        }
    }
}

#[tokio::test]
async fn tiles_of_points_have_only_the_addresses_that_lists_have() {
    // One tile that holds the whole world.
    for (who, ..) in EXPECTED {
        let door = door(who).await;
        let list = ask(&door, "GET", "/api/zones?echelle=adresse&limite=100000", None).await;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        if list.status == 200 {
            for z in list.json()["zones"].as_array().unwrap().iter().filter(|z| z["logements"] != 0) {
                counts.insert(z["code"].as_str().unwrap().into(), z["logements"].as_u64().unwrap());
            }
        }
        let mut drawn: BTreeMap<String, u64> = BTreeMap::new();
        for (x, y) in crate::figures::tiles::covering(14) {
            let tile = ask(&door, "GET", &format!("/tiles/adresse/14/{x}/{y}.mvt"), None).await;
            match tile.status.as_u16() {
                200 => drawn.extend(crate::figures::tiles::counts(&tile.bytes)),
                204 => {}
                401 | 403 => assert!(counts.is_empty(), "{who}"),
                other => panic!("{other}"),
            }
        }
        assert_eq!(drawn, counts, "{who}");
    }
}

/// A request for each operation that every role may try: those that exist only here are refused or fail by
/// their content, never by a fault of the server.
pub fn example(operation: &str) -> (String, Option<Value>) {
    let plain = |path: &str| (path.to_owned(), None);
    let with = |path: &str, body: Value| (path.to_owned(), Some(body));
    match operation {
        "healthz" => plain("/healthz"),
        "readyz" => plain("/readyz"),
        "catalogue" | "indicateurs" | "session" | "jetons" | "organisation" | "mixite" | "objectifs" => {
            plain(&format!("/api/{operation}"))
        }
        "zones" => plain("/api/zones?echelle=commune"),
        "zone" => plain("/api/zones/commune/73901"),
        "zones_fichier" => with("/api/zones/fichier?fichier=vide.geojson", json!({})),
        "valeurs" => plain("/api/valeurs/commune?indicateur=P01"),
        "mesure" => {
            with("/api/mesure", json!({"zones": [{"codes": [{"echelle": "commune", "code": "73901"}]}]}))
        }
        "situation" => plain("/api/situation?lon=5.82&lat=45.52"),
        "facettes" => plain("/api/facettes"),
        "territoires" => plain("/api/territoires?q=commune"),
        "territoires_comparables" => plain("/api/territoires/comparables?echelle=commune&code=73901"),
        "situations" => with("/api/situation", json!({})),
        "tilejson" => plain("/tiles/commune.json"),
        "tuile" => plain("/tiles/commune/8/132/92.mvt"),
        "openapi" => plain("/api/openapi.json"),
        "controle" => with(
            "/api/attributions/controle",
            json!({"date": "2024-06-15", "logement": {"lon": 5.805, "lat": 45.505}, "reservataire": "ACTION_LOGEMENT"}),
        ),
        "controle_listes" => plain("/api/attributions/controle"),
        "controle_csv" => with("/api/attributions/controle/csv", json!({})),
        "flux_suivi" => plain("/api/flux/suivi"),
        "flux_suivi_csv" => plain("/api/flux/suivi.csv"),
        "flux_calcul" => plain("/api/flux/calcul"),
        "flux_logements" => plain("/api/flux/logements"),
        "flux_equite" => plain("/api/flux/equite"),
        "flux_bilan" => plain("/api/flux/bilan"),
        "flux_carte" => plain("/api/flux/carte"),
        "flux_bilan_csv" => plain("/api/flux/bilan.csv"),
        "flux_bilan_pdf" => plain("/api/flux/bilan.pdf"),
        "flux_bilan_arreter" => with("/api/flux/bilan", json!({"annee": 2024})),
        "flux_conventions" => plain("/api/flux/conventions"),
        "flux_conventions_csv" => plain("/api/flux/conventions.csv"),
        "flux_convention" => with("/api/flux/conventions", json!({})),
        "flux_conventions_importer" => plain("/api/flux/conventions"),
        "flux_evenement" => with("/api/flux/evenements", json!({})),
        "flux_evenements_importer" => plain("/api/flux/evenements"),
        "flux_evenements" | "flux_evenement_retirer" => plain("/api/flux/evenements?logement=absent&id=x"),
        "flux_evenement_retablir" => plain("/api/flux/evenements/retablissement?logement=absent&id=x"),
        "flux_evenements_csv" => plain("/api/flux/evenements.csv"),
        "flux_convention_versions" => {
            plain("/api/flux/conventions/versions?bailleur=300000006&departement=73&reservataire=EPCI")
        }
        "flux_droit" => with("/api/flux/droits", json!({})),
        "flux_droits_importer" => plain("/api/flux/droits"),
        "flux_droits_csv" => plain("/api/flux/droits.csv"),
        "flux_assiette" => with("/api/flux/assiettes", json!({})),
        "flux_assiettes_importer" => plain("/api/flux/assiettes"),
        "flux_assiettes_csv" => plain("/api/flux/assiettes.csv"),
        "flux_fiche" => plain("/api/flux/fiche"),
        "flux_fiche_csv" => plain("/api/flux/fiche.csv"),
        "flux_etat" => plain("/api/flux/etat"),
        "flux_etat_csv" => plain("/api/flux/etat.csv"),
        "flux_action_logement" => plain("/api/flux/action-logement"),
        "cotation_pression" => plain("/api/cotation/pression"),
        "cotation_trajets" => plain("/api/cotation/trajets?epci=200000001"),
        "grilles" => plain("/api/cotation/grilles"),
        "grille_ajouter" => with("/api/cotation/grilles", grid_without_criteria()),
        "grille_importer" => plain("/api/cotation/grilles?epci=200000001"),
        "grille_modifier" => with("/api/cotation/grilles/absent", grid_without_criteria()),
        "grille_effacer" => plain("/api/cotation/grilles/absent"),
        "grille_adopter" => with("/api/cotation/grilles/absent/adoption", json!({})),
        "grille_csv" => plain("/api/cotation/grilles/absent/csv"),
        "cotation_simulation" => with(
            "/api/cotation/simulation",
            json!({"avant": grid_without_criteria(), "apres": grid_without_criteria()}),
        ),
        "cotation_demandes" => plain("/api/cotation/demandes?epci=200000001"),
        "cotation_demandes_csv" => plain("/api/cotation/demandes.csv?epci=200000001"),
        "cotation_justificatifs" => plain("/api/cotation/demandes/0000000000/justificatifs?epci=200000001"),
        "cotation_justifier" => with(
            "/api/cotation/demandes/0000000000/justificatifs",
            json!({"epci": "200000001", "critere": "C20"}),
        ),
        "cotation_injustifier" => plain("/api/cotation/justificatifs/absent"),
        // What is no number is told so, and is no wrong answer that would be counted.
        "ma_demande" => with("/api/ma-demande", json!({"numero": "x", "naissance": "y"})),
        "cotation_logements" => plain("/api/cotation/logements"),
        "cotation_candidats" => plain("/api/cotation/candidats?logement=absent"),
        "objectifs_importer" => plain("/api/objectifs"),
        "objectif_ajouter" => with("/api/objectifs", rate_below_the_law()),
        "objectif_modifier" => with("/api/objectifs/absent", rate_below_the_law()),
        "session_ouvrir" => with("/api/session", json!({"courriel": "x", "mot_de_passe": "y"})),
        "session_fermer" => plain("/api/session"),
        "session_mot_de_passe" => with("/api/session/mot-de-passe", json!({"actuel": "x", "nouveau": "y"})),
        "connexion" => plain("/api/connexion"),
        "connexion_retour" => plain("/api/connexion/retour"),
        "avis" | "vues" => plain(&format!("/api/{operation}")),
        "avis_choisir" => with("/api/avis", json!({"voulus": true})),
        "admin_avis" => plain("/api/admin/avis"),
        "vue_garder" => with("/api/vues", json!({"nom": "", "adresse": "/", "jour": "2026-11-30"})),
        "vue_supprimer" => plain("/api/vues?nom=absente"),
        "jeton_creer" => with("/api/jetons", json!({"nom": ""})),
        "jeton_revoquer" => plain("/api/jetons/absent"),
        "membre_ajouter" => with("/api/organisation/membres", json!({"courriel": "x", "nom": "y"})),
        "membre_modifier" => with("/api/organisation/membres/absent", json!({"ferme": true})),
        "membre_mot_de_passe" => plain("/api/organisation/membres/absent/mot-de-passe"),
        "depots" | "travaux" | "adresses" | "evenements" | "parc" | "residences" | "signalements" => {
            plain(&format!("/api/{operation}"))
        }
        "depots_revendications" => plain("/api/depots/revendications"),
        "depot" | "depot_retirer" => plain("/api/depots/absent"),
        "depot_deposer" => plain("/api/depots?registre=ops&annee=2024&fichier=vide.csv"),
        "depot_suivi" => plain("/api/depots/absent/suivi"),
        "depot_controler" => plain("/api/depots/absent/controle"),
        "depot_lignes" => plain("/api/depots/absent/lignes"),
        "depot_rejets" => plain("/api/depots/absent/rejets.csv"),
        "depot_corriger" => with("/api/depots/absent/corrections", json!({"lignes": {}})),
        "depot_corriger_csv" => plain("/api/depots/absent/corrections"),
        "depot_accepter" => plain("/api/depots/absent/acceptation"),
        "modele" => plain("/api/modeles/ops_reponse.csv"),
        "adresse_candidats" => plain("/api/adresses/absent/candidats"),
        "adresse_consequences" => plain("/api/adresses/absent/consequences?lon=5.82&lat=45.52"),
        "adresse_corriger" => with("/api/adresses/corrections", json!({"id": "absent"})),
        "adresses_lot" => with("/api/adresses/lot", json!({"seuil": 0.9, "essai": true})),
        "adresses_corrections" => plain("/api/adresses/corrections"),
        "adresses_corrections_csv" => plain("/api/adresses/corrections.csv"),
        "adresse_annuler" => plain("/api/adresses/corrections/absent"),
        "evenement_ajouter" => with(
            "/api/evenements",
            json!({"genre": "vente", "date": "2024", "commune": "73901", "logements": 1}),
        ),
        "evenements_importer" => plain("/api/evenements"),
        "evenement_annuler" => plain("/api/evenements/absent"),
        "parc_csv" => plain("/api/parc.csv"),
        "parc_collecte" => plain("/api/parc/collecte.txt"),
        "catalogue_dcat" => plain("/api/catalogue.jsonld"),
        "residence_operation" => {
            with("/api/residences/operations", json!({"genre": "fusion", "residences": [], "nom": "x"}))
        }
        "residences_fichier" => plain("/api/residences/operations"),
        "residence_annuler" => plain("/api/residences/operations/absent"),
        "residence_noter" => {
            with("/api/residences/absent/notes", json!({"technique": 0, "climat": 0, "attractivite": 0}))
        }
        "signalement_ajouter" => {
            with("/api/signalements", json!({"residence": "absent", "motif": "", "du": ""}))
        }
        "signalement_lever" | "signalement_remettre" => plain("/api/signalements/absent"),
        "admin_organisations" => plain("/api/admin/organisations"),
        "admin_organisation_ajouter" => {
            with("/api/admin/organisations", json!({"nom": "", "role": "agence"}))
        }
        "admin_organisation_modifier" => with("/api/admin/organisations/absent", json!({"ferme": true})),
        "admin_conventions" => plain("/api/admin/conventions"),
        "admin_convention_ajouter" => with(
            "/api/admin/conventions",
            json!({"titre": "x", "territoire": [], "classes": [], "donnees": [], "du": "", "au": "", "parties": []}),
        ),
        "admin_convention_modifier" => with("/api/admin/conventions/absent", json!({"au": "2026-01-01"})),
        "admin_comptes" => plain("/api/admin/comptes"),
        "admin_compte_ajouter" => {
            with("/api/admin/comptes", json!({"organisation": "absent", "courriel": "x", "nom": "y"}))
        }
        "admin_compte_modifier" => with("/api/admin/comptes/absent", json!({"ferme": true})),
        "admin_compte_mot_de_passe" => plain("/api/admin/comptes/absent/mot-de-passe"),
        "admin_jeux" => plain("/api/admin/jeux"),
        "admin_audit" => plain("/api/admin/audit"),
        "admin_audit_csv" => plain("/api/admin/audit.csv"),
        "admin_audit_verification" => plain("/api/admin/audit/verification"),
        "adresse_chercher" => plain("/search?q=rue+de+la+gare"),
        "adresse_situer" => plain("/reverse?lon=5.82&lat=45.52"),
        "adresses_chercher" => with("/search/csv", json!({})),
        "adresses_situer" => with("/reverse/csv", json!({})),
        "segregation" | "rpems" => plain(&format!("/api/{operation}")),
        "fragilite" => plain("/api/residences/fragilite"),
        "rpems_csv" => plain("/api/rpems.csv"),
        "rpems_pdf" => plain("/api/rpems.pdf"),
        "rpems_proposer" => with("/api/rpems", json!({"residence": "absente", "motif": "occupation"})),
        "rpems_decider" => with(
            "/api/rpems/absent/decisions",
            json!({"decision": "valider", "rang": 1, "motif": "occupation"}),
        ),
        "plan" => with("/api/plan", json!({"epci": "200000001", "demandes": ""})),
        "dalo_placements" => plain("/api/dalo/placements"),
        "dalo_alertes" => plain("/api/dalo/alertes"),
        "dalo_visite" => plain("/api/dalo/visite"),
        "dalo_justifier" => with("/api/dalo/placements/absent", json!({"motif": "urgence"})),
        "dalo_accepter" => with("/api/dalo/placements/absent/acceptation", json!({})),
        "dalo_relancer" => with("/api/dalo/placements/absent/relance", json!({})),
        "dalo_contester" => with("/api/dalo/placements/absent/contestation", json!({"commentaire": "x"})),
        "ensembles" => plain("/api/ensembles"),
        "ensemble" | "ensemble_effacer" => plain("/api/ensembles/absent"),
        "ensemble_ajouter" => with("/api/ensembles", json!({"nom": "", "visibilite": "PRIVE", "zones": []})),
        "ensemble_modifier" => with("/api/ensembles/absent", json!({"version": 1, "nom": "x"})),
        "ensemble_restaurer" => plain("/api/ensembles/absent/restauration"),
        "texte" => plain("/api/textes/accessibilite"),
        "affichage" => plain("/api/affichage"),
        "export" => plain("/api/export?echelle=commune&format=csv"),
        "portrait" => plain("/api/portraits/commune/73901"),
        "portrait_zone" => {
            with("/api/portraits", json!({"zone": {"codes": [{"echelle": "commune", "code": "73901"}]}}))
        }
        "portraits" => plain("/api/portraits?echelle=commune"),
        "ogc" => plain("/ogc"),
        "ogc_conformite" => plain("/ogc/conformance"),
        "ogc_api" => plain("/ogc/api"),
        "ogc_collections" => plain("/ogc/collections"),
        "ogc_collection" => plain("/ogc/collections/commune_2024"),
        "ogc_schema" => plain("/ogc/collections/commune_2024/schema"),
        "ogc_schema_entite" => plain("/ogc/collections/commune_2024/schema-entite"),
        "ogc_champs" => plain("/ogc/collections/commune_2024/queryables"),
        "ogc_entites" => plain("/ogc/collections/commune_2024/items?limit=1"),
        "ogc_entite" => plain("/ogc/collections/commune_2024/items/73901"),
        "ogc_tuiles" => plain("/ogc/collections/commune_2024/tiles"),
        "ogc_tuiles_grille" => plain("/ogc/collections/commune_2024/tiles/WebMercatorQuad"),
        "admin_imports" => plain("/api/admin/imports"),
        "admin_fichiers" => plain("/api/admin/imports/fichiers"),
        "admin_fichier_envoyer" => plain("/api/admin/imports/fichiers?fichier=a.csv"),
        "admin_fichier_preciser" => with(
            "/api/admin/imports/fichiers/absent/nature",
            json!({"nature": {"registre": "rpls", "annee": 2024, "couche": null, "departements": null}}),
        ),
        "admin_fichier_importer" => with("/api/admin/imports/fichiers/absent/import", json!({})),
        "admin_fichier_ecarter" => plain("/api/admin/imports/fichiers/absent"),
        "admin_import_retirer" => {
            with("/api/admin/imports/retrait", json!({"registre": "rpls", "cle": "absente"}))
        }
        "admin_import_remettre" => {
            with("/api/admin/imports/retour", json!({"registre": "rpls", "cle": "absente"}))
        }
        "admin_sauvegardes" | "admin_sauvegarder" => plain("/api/admin/sauvegardes"),
        "admin_sauvegarde_controler" => plain("/api/admin/sauvegardes/absente/controle"),
        "admin_sauvegarde_supprimer" => plain("/api/admin/sauvegardes/absente"),
        "admin_reglages" => plain("/api/admin/reglages"),
        "admin_reglage_changer" => with(
            "/api/admin/reglages",
            json!({"fichier": "absent.toml", "parametre": "k", "valeur": 20, "source": "essai"}),
        ),
        "admin_reglage_rendre" => {
            with("/api/admin/reglages/retour", json!({"fichier": "absent.toml", "parametre": "k"}))
        }
        other => {
            panic!("« {other} » is a new operation: give it a request here and a rule in data/access.toml")
        }
    }
}

/// A rate that only the EPCI may try, and that the law does not let it set.
fn rate_below_the_law() -> Value {
    json!({"regle": "hors_qpv_q1", "epci": "200000001", "du": 2024, "taux": 20.0, "cia": "CIA", "signee": "2023-06-01"})
}

/// A draft that may be kept, and not adopted.
fn grid_without_criteria() -> Value {
    json!({"nom": "Vide", "epci": "200000001", "genre": "premiere", "criteres": []})
}

/// Who may call an operation at all: everyone, who has an account, who manages, who administrates.
fn least(operation: &str) -> u8 {
    match operation {
        o if o.starts_with("admin_") => 3,
        o if o.starts_with("membre_") => 2,
        o if o.starts_with("jeton") || o.starts_with("ensemble") => 1,
        o if o.starts_with("avis") || o.starts_with("vue") => 1,
        "mixite"
        | "organisation"
        | "situations"
        | "session_mot_de_passe"
        | "adresses_chercher"
        | "adresses_situer" => 1,
        "controle" | "controle_listes" | "controle_csv" | "objectifs" | "objectif_ajouter"
        | "objectif_modifier" | "objectifs_importer" => 1,
        "segregation" | "fragilite" | "plan" | "export" | "portraits" => 1,
        o if o.starts_with("rpems") || o.starts_with("dalo") || o.starts_with("flux_") => 1,
        o if o.starts_with("cotation_") || o.starts_with("grille") => 1,
        "travaux" | "signalements" => 1,
        o if lessor(o) => 1,
        _ => 0,
    }
}

/// Operations of the lessor's workspace, which are about the stock of the organisation that asks.
fn lessor(operation: &str) -> bool {
    ["depot", "adresse", "evenement", "parc", "residence", "signalement_"]
        .iter()
        .any(|name| operation.starts_with(name))
        && !operation.ends_with("_chercher")
        && !operation.ends_with("_situer")
}

/// (operation, method) of the generated description.
pub fn operations() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&mosaique::server::document().to_json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let each = paths.values().flat_map(|item| item.as_object().unwrap().iter());
    let mut all: Vec<(String, String)> = each
        .filter_map(|(method, o)| Some((o["operationId"].as_str()?.to_owned(), method.to_uppercase())))
        .collect();
    all.push(("openapi".into(), "GET".into()));
    all
}

#[tokio::test]
async fn each_route_is_open_to_those_it_is_for_and_closed_to_the_others() {
    for (operation, method) in operations() {
        let (path, body) = example(&operation);
        for (who, ..) in EXPECTED {
            let door = door(who).await;
            let rank = match (&door, who) {
                (None, _) => 0,
                (_, "administrateur") => 3,
                // Everyone here manages their organisation.
                _ => 2,
            };
            let reply = ask(&door, &method, &path, body.as_ref()).await;
            let status = reply.status.as_u16();
            assert!(status < 500, "{who} {method} {path}: {status} {}", reply.text());
            if rank < least(&operation) {
                assert_eq!(
                    status,
                    if rank == 0 { 401 } else { 403 },
                    "{who} {method} {path}: {}",
                    reply.text()
                );
                continue;
            }
            // Nobody sees social mix without leases of their own; signing in with a wrong password stays
            // refused.
            let refused = matches!(status, 401 | 403);
            let by_content = match operation.as_str() {
                "session_ouvrir" => true,
                "mixite" => ["administrateur", "agence", "agence sans convention"].contains(&who),
                "objectifs_importer" => !who.starts_with("epci"),
                o if lessor(o) => !who.starts_with("bailleur"),
                // A dwelling of the first EPCI: those who are elsewhere may not check it.
                "controle" => {
                    let elsewhere =
                        ["epci sans convention", "commune ailleurs", "ddets ailleurs", "dreal ailleurs"];
                    elsewhere.contains(&who)
                        || ["administrateur", "agence", "agence sans convention"].contains(&who)
                }
                "objectif_ajouter" | "objectif_modifier" => who != "epci",
                // Residences are of the class of addresses.
                "fragilite" => EXPECTED.iter().any(|(e, inside, outside)| {
                    *e == who && inside[0] != Households && outside[0] != Households
                }),
                "flux_bilan_arreter" => !who.starts_with("bailleur"),
                o if o.starts_with("flux_evenement") => !who.starts_with("bailleur"),
                "flux_convention"
                | "flux_conventions_importer"
                | "flux_droit"
                | "flux_droits_importer"
                | "flux_assiette"
                | "flux_assiettes_importer" => {
                    !["bailleur", "epci", "ddets"].contains(&who.split(' ').next().unwrap())
                }
                "flux_fiche" | "flux_fiche_csv" | "flux_etat" | "flux_etat_csv" => {
                    ["administrateur", "agence", "agence sans convention", "action logement"].contains(&who)
                }
                o if o.starts_with("flux_") => {
                    ["administrateur", "agence", "agence sans convention"].contains(&who)
                }
                "grille_ajouter" | "grille_modifier" => who != "epci",
                // Whose media type, content or identifier is wrong is told so, if it may write at all.
                "grille_importer" => !who.starts_with("epci"),
                "grille_effacer" | "grille_adopter" => !who.starts_with("epci"),
                "cotation_simulation" => !["epci", "ddets", "dreal"].contains(&who),
                "cotation_demandes" | "cotation_demandes_csv" => {
                    !["epci", "commune", "ddets", "dreal"].contains(&who)
                }
                "cotation_justificatifs" | "cotation_justifier" => !["epci", "commune"].contains(&who),
                "cotation_injustifier" => !who.starts_with("epci") && !who.starts_with("commune"),
                "cotation_logements" => !who.starts_with("bailleur"),
                // No dwelling of this number is anyone's.
                "cotation_candidats" => true,
                "rpems_proposer" => !who.starts_with("bailleur"),
                "dalo_placements" | "plan" => {
                    ["administrateur", "agence", "agence sans convention"].contains(&who)
                }
                "dalo_visite" => !["bailleur", "ddets", "dreal"].contains(&who.split(' ').next().unwrap()),
                "dalo_justifier" => {
                    !["bailleur", "ddets", "dreal"].contains(&who.split(' ').next().unwrap_or(""))
                }
                "dalo_contester" | "dalo_accepter" | "dalo_relancer" => {
                    !who.starts_with("ddets") && !who.starts_with("dreal")
                }
                "rpems" | "rpems_csv" | "rpems_pdf" | "rpems_decider" => {
                    ["administrateur", "agence", "agence sans convention", "action logement"].contains(&who)
                }
                _ => false,
            };
            assert!(
                refused == by_content || status == 429,
                "{who} {method} {path}: {status} {}",
                reply.text()
            );
        }
    }
}

#[tokio::test]
async fn files_of_the_workspace_are_taken_from_bailleurs_only() {
    for path in ["/api/depots/absent/corrections", "/api/evenements", "/api/residences/operations"] {
        for who in ["administrateur", "epci", "dreal", "agence"] {
            let door = door(who).await.unwrap();
            let request = Request::put(path)
                .header("cookie", &door.cookie)
                .header("x-csrf-token", &door.csrf)
                .header("content-type", "text/csv");
            let reply = send_as_is(request.body(Body::from("ligne;A\n2;x\n")).unwrap()).await;
            assert_eq!(reply.status, 403, "{who} {path}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn a_member_who_does_not_manage_may_not_manage() {
    let state = WORLD.state.clone();
    let organisation = WORLD.people.organisations["epci"].clone();
    let compte = WORLD
        .runtime
        .spawn(async move {
            let new = mosaique::state::NewAccount {
                courriel: "membre@exemple.fr",
                nom: "Membre",
                organisation: &organisation,
                gestionnaire: false,
                mot_de_passe: "x",
            };
            let compte = state.add_account(&new, mosaique::state::now()).await.unwrap();
            state.set_password(&compte, "x", None, None).await.unwrap();
            state.open_session(&compte, None, mosaique::state::now()).await.unwrap()
        })
        .await
        .unwrap();
    let door = Some(Door { cookie: format!("mosaique_session={}", compte.cookie), csrf: compte.csrf });
    for (operation, method) in operations().iter().filter(|(o, _)| least(o) == 2) {
        let (path, body) = example(operation);
        assert_eq!(ask(&door, method, &path, body.as_ref()).await.status, 403, "{operation}");
    }
    assert_eq!(ask(&door, "GET", "/api/organisation", None).await.status, 200);
}

#[tokio::test]
async fn a_bailleur_is_told_nothing_of_another() {
    let door = door("bailleur").await;
    let sites = sites().await;
    // At an address: only its own dwellings count, whatever it asks.
    let path = format!("/api/zones/adresse/{}?indicateurs=P01", shared_address().await.0);
    let own = ask(&door, "GET", &path, None).await.json();
    let asked = ok(&format!("{path}&bailleur=300000000")).await;
    let all = ok(&path).await;
    assert_eq!(own["couverture"]["logements"], asked["couverture"]["logements"]);
    assert!(own["couverture"]["logements"].as_u64() < all["couverture"]["logements"].as_u64());
    for other in ["300000001", "300000000,300000001"] {
        let reply = ask(&door, "GET", &format!("{path}&bailleur={other}"), None).await;
        assert_eq!(reply.status, 403, "{}", reply.text());
        // Near its stock, households of another are withheld; in a commune they are shown.
        let near =
            ask(&door, "GET", &format!("/api/zones/iris/{}?bailleur={other}", sites[0].iris), None).await;
        assert_eq!(seen(&near, &near.json()), Dwellings);
        let wide =
            ask(&door, "GET", &format!("/api/zones/commune/{}?bailleur={other}", sites[0].commune), None)
                .await;
        assert_eq!(seen(&wide, &wide.json()), Households);
    }
    let drawn = json!({"zones": [{"geometrie": sites[0].area}], "indicateurs": ["P01"]});
    let measured = ask(&door, "POST", "/api/mesure", Some(&drawn)).await.json();
    let sheet = &measured["mesures"][0];
    assert!(
        sheet["avertissements"][0].as_str().unwrap().contains("parc de votre organisme seulement"),
        "{sheet}"
    );
    assert_eq!(sheet["filtres"]["bailleur"][0], "300000000");
}

#[tokio::test]
async fn a_zone_that_leaves_the_territory_is_cut_and_says_so() {
    let door = door("epci").await;
    // Both EPCI, in part.
    let [w, _, e, n] = commune_box(0);
    let area = polygon([w + 0.001, n - 0.03, e - 0.001, n + 0.03]);
    let body = json!({"zones": [{"geometrie": area}], "indicateurs": ["P01"]});
    let cut = ask(&door, "POST", "/api/mesure", Some(&body)).await.json();
    let inside = polygon([w + 0.001, n - 0.03, e - 0.001, n]);
    let whole = ask(
        &door,
        "POST",
        "/api/mesure",
        Some(&json!({"zones": [{"geometrie": inside}], "indicateurs": ["P01"]})),
    )
    .await
    .json();
    assert_eq!(cut["mesures"][0]["couverture"]["logements"], whole["mesures"][0]["couverture"]["logements"]);
    assert!(
        cut["mesures"][0]["avertissements"].to_string().contains("dépasse le territoire ouvert"),
        "{cut}"
    );
}

#[tokio::test]
async fn the_public_is_offered_only_what_it_can_see() {
    let list = ask(&None, "GET", "/api/indicateurs", None).await.json();
    assert!(list.as_array().unwrap().iter().all(|i| i["domaine"] == "parc"));
    let catalogue = ask(&None, "GET", "/api/catalogue", None).await.json();
    assert!(catalogue["imports"].as_array().unwrap().is_empty());
    assert!(catalogue["millesimes"][0]["repondants"].is_null());
    let open = |id: &str| {
        catalogue["echelles"].as_array().unwrap().iter().find(|e| e["id"] == id).unwrap()["parc"].clone()
    };
    assert_eq!((open("adresse"), open("iris")), (json!(false), json!(true)));
}
