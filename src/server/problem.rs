//! What is said when a request cannot be answered: one RFC 9457 document, in French.
//!
//! Handlers give `Result<_, Problem>`. A fault of the request says which parameter or field (`champ`), what was found
//! (`valeur`) and what is accepted. A fault of the server is logged with its cause and told without it.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Une erreur (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Probleme)]
pub struct Problem {
    /// Identifiant stable de l'erreur.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: &'static str,
    pub status: u16,
    /// Ce qui ne va pas et que faire, en une phrase.
    pub detail: String,
    /// Paramètre ou champ en cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub champ: Option<String>,
    /// Ce qui y a été trouvé.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valeur: Option<String>,
    /// Valeurs acceptées.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acceptees: Option<Vec<String>>,
}

/// No more accepted values than this are listed.
const LISTED: usize = 60;
/// No more of a wrong value is repeated than this, in characters.
const REPEATED: usize = 80;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(REPEATED) {
        Some((i, _)) => format!("{}…", &text[..i]),
        None => text.to_owned(),
    }
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { kind, title, status: status.as_u16(), detail: detail.into(), champ: None, valeur: None, acceptees: None }
    }

    /// A parameter or field holds something that cannot be used.
    #[must_use]
    pub fn value(champ: &str, valeur: &str, detail: impl Into<String>) -> Self {
        Self {
            champ: Some(champ.to_owned()),
            valeur: Some(shortened(valeur)),
            ..Self::new(StatusCode::BAD_REQUEST, "urn:mosaique:valeur", "Valeur incorrecte", detail)
        }
    }

    /// A parameter or field holds none of the values that it may hold.
    #[must_use]
    pub fn unknown<S: Into<String>>(champ: &str, valeur: &str, accepted: impl IntoIterator<Item = S>) -> Self {
        let mut list: Vec<String> = accepted.into_iter().map(Into::into).collect();
        let more = list.len().saturating_sub(LISTED);
        list.truncate(LISTED);
        let words = if list.is_empty() { "aucune".to_owned() } else { list.join(", ") };
        let rest = if more > 0 { format!(" et {more} autres") } else { String::new() };
        let detail =
            format!("« {} » n'est pas une valeur de « {champ} ». Valeurs acceptées : {words}{rest}.", shortened(valeur));
        Self { acceptees: Some(list), ..Self::value(champ, valeur, detail) }
    }

    /// A parameter or field that must be given is not.
    #[must_use]
    pub fn missing(champ: &str, what: &str) -> Self {
        Self {
            champ: Some(champ.to_owned()),
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "urn:mosaique:manquant",
                "Paramètre manquant",
                format!("« {champ} » manque : {what}."),
            )
        }
    }

    /// The body is not what it should be.
    #[must_use]
    pub fn body(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "urn:mosaique:corps", "Corps de requête illisible", detail)
    }

    /// The body is of another kind than the one that is read.
    #[must_use]
    pub fn media_type(expected: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "urn:mosaique:type",
            "Type de contenu refusé",
            format!("Envoyez un corps « {expected} » et annoncez-le dans l'en-tête Content-Type."),
        )
    }

    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "urn:mosaique:taille",
            "Requête trop grande",
            format!("Le corps de la requête dépasse {} Mo. Découpez l'envoi.", limit / 1_000_000),
        )
    }

    /// Something that is named in the path does not exist.
    #[must_use]
    pub fn not_found(champ: &str, valeur: &str, detail: impl Into<String>) -> Self {
        Self {
            champ: Some(champ.to_owned()),
            valeur: Some(shortened(valeur)),
            ..Self::new(StatusCode::NOT_FOUND, "urn:mosaique:absent", "Introuvable", detail)
        }
    }

    #[must_use]
    pub fn no_route(path: &str) -> Self {
        Self {
            valeur: Some(shortened(path)),
            ..Self::new(
                StatusCode::NOT_FOUND,
                "urn:mosaique:absent",
                "Introuvable",
                "Cette adresse n'existe pas. L'interface est décrite par /api/openapi.json.",
            )
        }
    }

    #[must_use]
    pub fn method(method: &str) -> Self {
        Self {
            valeur: Some(shortened(method)),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "urn:mosaique:methode",
                "Méthode refusée",
                format!("La méthode {} ne s'applique pas à cette adresse.", shortened(method)),
            )
        }
    }

    /// Nothing is loaded that could answer.
    #[must_use]
    pub fn nothing_loaded() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "urn:mosaique:vide",
            "Aucun millésime chargé",
            "Le magasin ne contient aucun cube : importez un RPLS puis lancez « mosaique build ».",
        )
    }

    #[must_use]
    pub fn timeout() -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "urn:mosaique:delai",
            "Réponse trop longue",
            "Le calcul a été abandonné. Demandez moins de zones à la fois.",
        )
    }

    #[must_use]
    pub fn host(host: &str) -> Self {
        Self {
            valeur: Some(shortened(host)),
            ..Self::new(
                StatusCode::FORBIDDEN,
                "urn:mosaique:hote",
                "Nom d'hôte refusé",
                "Ce serveur n'est ouvert qu'à cette machine : appelez-le par 127.0.0.1 ou localhost.",
            )
        }
    }

    /// A fault of the server; `cause` goes to the log only.
    #[must_use]
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!("{cause}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "urn:mosaique:interne",
            "Erreur du serveur",
            "Une erreur s'est produite sur le serveur ; son journal en donne la cause.",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = HeaderValue::from_static("application/problem+json");
        (status, [(header::CONTENT_TYPE, kind)], Json(self)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_value_is_named_with_those_that_are_accepted() {
        let p = Problem::unknown("population", "TOUTES", ["TOUS", "RECENTS"]);
        assert_eq!(p.status, 400);
        assert!(p.detail.contains("« TOUTES »") && p.detail.contains("TOUS, RECENTS"), "{}", p.detail);
    }

    #[test]
    fn a_very_long_value_is_not_repeated_whole() {
        let p = Problem::value("x", &"é".repeat(5_000), "trop long");
        assert!(p.valeur.is_some_and(|v| v.chars().count() == REPEATED + 1));
    }
}
