//! What no handler says by itself: words for each answer, who may call, the groups of operations.
//!
//! Handlers declare statuses and bodies; a reader of the document also needs what each of them means and
//! which keys open which door. Both follow from what is known already: the description of the body, and the
//! level that `data/access.toml` gives to the operation.

use axum::http::StatusCode;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, Content, OpenApi, Ref, RefOr, Response, SecurityRequirement, Server, path::Operation,
    tag::Tag,
};

use crate::access;
use crate::reference::access::{Level, access as data};
use crate::server::auth::visitor::COOKIE;

/// Groups of operations, in the order of the document.
const TAGS: [(&str, &str); 13] = [
    ("catalogue", "Ce qui est chargé, et ce que les chiffres veulent dire."),
    ("zones", "Chiffres de zones par échelle, par code ou dessinées ; zones gardées ; fichiers de chiffres."),
    ("carte", "Tuiles vectorielles."),
    ("ogc", "OGC API – Features : les échelles comme collections, pour les logiciels de cartographie."),
    ("situation", "Ce qu'il y a autour d'un point."),
    ("adresses", "Trouver une adresse ou ce qui est près d'un point ; mêmes paramètres que l'API de la BAN."),
    ("mixite", "Attributions, objectifs de mixité, DALO, résidences à enjeu."),
    ("flux", "Gestion en flux : conventions, droits, événements, suivi, équité, bilans."),
    (
        "cotation",
        "Grilles de cotation, leur effet, demandes notées, candidats d'un logement, pression de la demande.",
    ),
    ("bailleur", "Le parc d'un bailleur : dépôts, corrections, événements, résidences, signalements."),
    ("compte", "Session, jetons, organisme."),
    ("administration", "Comptes, organismes, conventions, imports, journal."),
    ("service", "État du serveur."),
];

const PROBLEM: &str = "application/problem+json";

/// Names of the ways to say who one is.
const SESSION: &str = "session";
const TOKEN: &str = "jeton";
const PASSWORD: &str = "jeton_mot_de_passe";

/// Adds to the document what its handlers do not say.
pub fn complete(document: &mut OpenApi) {
    document.servers = Some(vec![server()]);
    let components = document.components.get_or_insert_default();
    schemes(components);
    let mut used = std::collections::BTreeSet::new();
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            used.extend(operation.tags.iter().flatten().cloned());
            doors(operation);
            super::examples::add(operation);
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    response.description = words(status, response, components).unwrap_or_default();
                }
            }
        }
    }
    let tags = TAGS.iter().filter(|(name, _)| used.contains(*name));
    document.tags = Some(
        tags.map(|(name, what)| {
            let mut tag = Tag::new(name);
            tag.description = Some((*what).to_owned());
            tag
        })
        .collect(),
    );
}

fn server() -> Server {
    let mut server = Server::new("/");
    server.description = Some("Ce serveur".to_owned());
    server
}

fn schemes(components: &mut Components) {
    let cookie = "Page du navigateur : le témoin que pose `POST /api/session`. Ce qui change quelque chose demande aussi \
        l'en-tête `X-CSRF-Token`, que la session donne.";
    let bearer = "Jeton créé dans « Mon organisme », en-tête `Authorization: Bearer …`.";
    let basic = "Le même jeton comme mot de passe, sous n'importe quel nom d'utilisateur : pour les logiciels qui ne connaissent \
        que cela (QGIS, Excel, LibreOffice).";
    let of = |scheme, words: &str| {
        let mut http = Http::new(scheme);
        http.description = Some(words.to_owned());
        SecurityScheme::Http(http)
    };
    let known = &mut components.security_schemes;
    let value = ApiKeyValue::with_description(COOKIE, cookie);
    known.insert(SESSION.to_owned(), SecurityScheme::ApiKey(ApiKey::Cookie(value)).into());
    known.insert(TOKEN.to_owned(), of(HttpAuthScheme::Bearer, bearer).into());
    known.insert(PASSWORD.to_owned(), of(HttpAuthScheme::Basic, basic).into());
}

/// Who may call an operation, and what the others are told.
fn doors(operation: &mut Operation) {
    let id = operation.operation_id.clone().unwrap_or_default();
    let one = |name: &str| SecurityRequirement::new::<_, [&str; 0], &str>(name, []);
    let level = access::level(&id);
    let mut ways = vec![one(SESSION)];
    if !data().par_session.contains(&id) {
        ways.extend([one(TOKEN), one(PASSWORD)]);
    }
    if level == Some(Level::Public) {
        // An empty requirement: nobody need say who they are.
        ways.insert(0, SecurityRequirement::default());
    } else {
        for status in ["401", "403"] {
            operation.responses.responses.entry(status.to_owned()).or_insert_with(|| refusal().into());
        }
    }
    operation.security = Some(ways);
}

fn refusal() -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Probleme")));
    let mut response = Response::default();
    response.content.insert(PROBLEM.to_owned(), content.into());
    response
}

/// What an answer is. None where neither its body nor its status says it, which a test refuses.
fn words(status: &str, response: &Response, components: &Components) -> Option<String> {
    let failed = match StatusCode::from_bytes(status.as_bytes()).ok()? {
        StatusCode::BAD_REQUEST => {
            "La demande n'est pas acceptable : `champ` et `detail` disent quoi et que faire."
        }
        StatusCode::UNAUTHORIZED => "Il faut dire qui l'on est : session ouverte ou jeton.",
        StatusCode::FORBIDDEN => "Ce n'est pas ouvert à votre organisme ; `detail` dit pourquoi.",
        StatusCode::NOT_FOUND => "Rien de ce nom n'existe, ou ne vous est ouvert.",
        StatusCode::CONFLICT => "L'état a changé, ou ne permet pas cela ; `detail` dit lequel.",
        StatusCode::PAYLOAD_TOO_LARGE => "Le corps de la demande est trop lourd.",
        StatusCode::TOO_MANY_REQUESTS => "Trop d'essais : attendre avant de recommencer.",
        StatusCode::SERVICE_UNAVAILABLE => "Le serveur n'est pas prêt, ou trop occupé : revenir plus tard.",
        status if status.is_success() => return success(response, components),
        _ => return None,
    };
    Some(failed.to_owned())
}

/// Of an answer that succeeds: what its body is.
fn success(response: &Response, components: &Components) -> Option<String> {
    let (kind, RefOr::T(content)) = response.content.first()? else { return None };
    match kind.as_str() {
        "text/csv" => return Some("Un tableau CSV.".to_owned()),
        "application/vnd.mapbox-vector-tile" => return Some("La tuile (MVT).".to_owned()),
        _ => {}
    }
    let schema = serde_json::to_value(content.schema.as_ref()?).ok()?;
    let (list, one) = match schema.get("items") {
        Some(items) => (true, items),
        None => (false, &schema),
    };
    let name = one.get("$ref")?.as_str()?.rsplit('/').next()?;
    let described = serde_json::to_value(components.schemas.get(name)?).ok()?;
    // The first paragraph: what it is, before how it is read.
    let text = described.get("description")?.as_str()?.split("\n\n").next()?.replace('\n', " ");
    Some(if list { format!("Une liste. Chaque élément : {}", lowered(&text)) } else { text })
}

/// A sentence as it stands after a colon.
fn lowered(text: &str) -> String {
    let mut signs = text.chars();
    let acronym = text.chars().nth(1).is_some_and(char::is_uppercase);
    match signs.next() {
        Some(first) if !acronym => first.to_lowercase().chain(signs).collect(),
        _ => text.to_owned(),
    }
}
