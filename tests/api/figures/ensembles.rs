//! Sets of zones: kept whole, shared with whom it says, invisible to the others, and written down.

use mosaique::state::audit::Wanted;
use serde_json::{Value, json};

use crate::rights::{ask, door};
use crate::site::session::trail;
use crate::world::{WORLD, commune_box, polygon, problem};

fn area() -> Value {
    let [w, s, e, n] = commune_box(0);
    polygon([w + 0.001, s + 0.001, e - 0.001, n - 0.001])
}

fn asked(visibilite: &str) -> Value {
    json!({"nom": "Secteurs de projet", "visibilite": visibilite, "zones": [
        {"nom": "Nord", "geometrie": area()},
        {"nom": "Choix", "codes": [{"echelle": "iris", "code": "739010101"}, {"echelle": "iris", "code": "739010102"}]},
    ]})
}

#[tokio::test]
async fn a_set_is_given_back_as_it_was_kept_and_measures_the_same() {
    let door = door("ddets").await;
    let kept = ask(&door, "POST", "/api/ensembles", Some(&asked("PRIVE"))).await;
    assert_eq!(kept.status, 201, "{}", kept.text());
    let id = kept.json()["id"].as_str().unwrap().to_owned();
    let open = ask(&door, "GET", &format!("/api/ensembles/{id}"), None).await.json();
    assert_eq!(open["zones"], asked("PRIVE")["zones"]);
    let set = &open["ensemble"];
    assert_eq!(
        (&set["zones"], &set["millesime"], &set["vague"], &set["version"]),
        (&json!(2), &json!(2024), &json!(2024), &json!(1))
    );
    assert_eq!(
        (&set["modifiable"], &set["visibilite"], &set["organisme"]),
        (&json!(true), &json!("PRIVE"), &json!("ddets"))
    );
    let zones: Vec<Value> = open["zones"].as_array().unwrap().clone();
    let again =
        ask(&door, "POST", "/api/mesure", Some(&json!({"zones": zones, "indicateurs": ["I05"]}))).await;
    assert_eq!(again.status, 200, "{}", again.text());
}

#[tokio::test]
async fn a_set_of_another_is_as_if_it_were_not_there() {
    let (owner, other) = (door("commune ailleurs").await, door("epci sans convention").await);
    let id = ask(&owner, "POST", "/api/ensembles", Some(&asked("ORG"))).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/ensembles/{id}");
    let attempts = [
        ("GET", path.clone(), None),
        ("PATCH", path.clone(), Some(json!({"version": 1, "nom": "volé"}))),
        ("DELETE", path.clone(), None),
        ("POST", format!("{path}/restauration"), None),
    ];
    for (method, path, body) in &attempts {
        let absent = path.replace(&id, "absent");
        let (real, fake) = (
            ask(&other, method, path, body.as_ref()).await,
            ask(&other, method, &absent, body.as_ref()).await,
        );
        assert_eq!(
            (real.status.as_u16(), fake.status.as_u16()),
            (404, 404),
            "{method} {path}: {}",
            real.text()
        );
        // Nothing but the identifier tells the two answers apart.
        assert_eq!(real.text().replace(&id, "absent"), fake.text());
        assert!(matches!(ask(&None, method, path, body.as_ref()).await.status.as_u16(), 401));
    }
    assert!(!ask(&other, "GET", "/api/ensembles", None).await.text().contains(&id));
    let mine = ask(&owner, "GET", &path, None).await.json();
    assert_eq!(
        (&mine["ensemble"]["nom"], &mine["ensemble"]["efface"]),
        (&json!("Secteurs de projet"), &json!(false))
    );
}

#[tokio::test]
async fn partners_of_a_convention_in_force_open_a_set_but_see_their_own_figures_only() {
    let (owner, partner) = (door("epci").await, door("agence").await);
    let id = ask(&owner, "POST", "/api/ensembles", Some(&asked("PARTENAIRES"))).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/ensembles/{id}");
    let open = ask(&partner, "GET", &path, None).await;
    assert_eq!(open.status, 200, "{}", open.text());
    assert_eq!(open.json()["ensemble"]["modifiable"], false);
    assert!(!open.text().contains("valeur"), "a set holds no figure");
    assert_eq!(ask(&partner, "DELETE", &path, None).await.status, 404);
    assert_eq!(ask(&door("agence sans convention").await, "GET", &path, None).await.status, 404);
}

#[tokio::test]
async fn erasing_can_be_undone_and_each_change_is_written_down() {
    let owner = door("dreal").await;
    let id = ask(&owner, "POST", "/api/ensembles", Some(&asked("PRIVE"))).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/ensembles/{id}");
    let renamed = ask(
        &owner,
        "PATCH",
        &path,
        Some(&json!({"version": 1, "nom": "Autre nom", "zones": [asked("ORG")["zones"][0]]})),
    )
    .await;
    assert_eq!(renamed.status, 204, "{}", renamed.text());
    let late = ask(&owner, "PATCH", &path, Some(&json!({"version": 1, "nom": "Trop tard"}))).await;
    assert_eq!(late.status, 409);
    assert!(problem(&late)["detail"].as_str().unwrap().contains("entre-temps"));
    assert_eq!(ask(&owner, "DELETE", &path, None).await.status, 204);
    assert_eq!(ask(&owner, "GET", &path, None).await.json()["ensemble"]["efface"], true);
    assert_eq!(ask(&owner, "POST", &format!("{path}/restauration"), None).await.status, 204);
    let back = ask(&owner, "GET", &path, None).await.json();
    assert_eq!((&back["ensemble"]["nom"], &back["ensemble"]["zones"]), (&json!("Autre nom"), &json!(1)));
    let compte = Some(WORLD.people.accounts["dreal"].clone());
    let lines = trail(Wanted { compte, ..Wanted::default() }).await;
    let mut actions: Vec<&str> = lines.iter().filter(|l| l.objet == id).map(|l| l.action.as_str()).collect();
    actions.reverse();
    assert_eq!(actions, ["ensemble_cree", "ensemble_modifie", "ensemble_efface", "ensemble_restaure"]);
}

#[tokio::test]
async fn what_is_no_zone_is_refused_with_its_place() {
    let door = door("ddets").await;
    let [w, s, e, n] = commune_box(0);
    let crossed = json!({"type": "Polygon", "coordinates": [[[w, s], [e, n], [e, s], [w, n], [w, s]]]});
    let many: Vec<Value> = (0..501).map(|i| json!({"nom": format!("z{i}"), "geometrie": area()})).collect();
    for (zones, champ, word) in [
        (json!([{"nom": "x", "geometrie": crossed}]), "zones[0].geometrie", "croise"),
        (json!([{"nom": "", "geometrie": area()}]), "zones[0].nom", "caractères"),
        (json!([{"nom": "x"}]), "zones[0].geometrie", "manque"),
        (
            json!([{"nom": "x", "codes": [{"echelle": "inconnue", "code": "1"}]}]),
            "zones[0].codes[0].echelle",
            "inconnue",
        ),
        (json!([{"nom": "x", "codes": []}]), "zones[0].codes", "codes"),
        (json!(many), "zones", "500"),
        (json!([]), "zones", "500"),
    ] {
        let reply = ask(
            &door,
            "POST",
            "/api/ensembles",
            Some(&json!({"nom": "x", "visibilite": "PRIVE", "zones": zones})),
        )
        .await;
        let said = problem(&reply);
        assert_eq!((reply.status.as_u16(), said["champ"].as_str()), (400, Some(champ)), "{}", reply.text());
        assert!(said["detail"].as_str().unwrap().contains(word), "{}", reply.text());
    }
}
