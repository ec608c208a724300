//! A [`Problem`] as HTTP tells it: one RFC 9457 document.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::problem::{Kind, Problem};
use crate::reference::limites::limits;

/// Une erreur (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Probleme)]
pub struct Document {
    /// Identifiant stable de l'erreur.
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    /// Ce qui ne va pas et que faire, en une phrase.
    detail: String,
    /// Paramètre ou champ en cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    champ: Option<String>,
    /// Ce qui y a été trouvé.
    #[serde(skip_serializing_if = "Option::is_none")]
    valeur: Option<String>,
    /// Valeurs acceptées.
    #[serde(skip_serializing_if = "Option::is_none")]
    acceptees: Option<Vec<String>>,
}

/// Status, identifier and title of a kind.
fn says(kind: Kind) -> (StatusCode, &'static str, &'static str) {
    match kind {
        Kind::Value => (StatusCode::BAD_REQUEST, "urn:mosaique:valeur", "Valeur incorrecte"),
        Kind::Missing => (StatusCode::BAD_REQUEST, "urn:mosaique:manquant", "Paramètre manquant"),
        Kind::Body => (StatusCode::BAD_REQUEST, "urn:mosaique:corps", "Corps de requête illisible"),
        Kind::MediaType => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "urn:mosaique:type", "Type de contenu refusé")
        }
        Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "urn:mosaique:taille", "Requête trop grande"),
        Kind::Absent => (StatusCode::NOT_FOUND, "urn:mosaique:absent", "Introuvable"),
        Kind::Method => (StatusCode::METHOD_NOT_ALLOWED, "urn:mosaique:methode", "Méthode refusée"),
        Kind::Empty => (StatusCode::SERVICE_UNAVAILABLE, "urn:mosaique:vide", "Aucun millésime chargé"),
        Kind::Timeout => (StatusCode::GATEWAY_TIMEOUT, "urn:mosaique:delai", "Réponse trop longue"),
        Kind::Busy => (StatusCode::SERVICE_UNAVAILABLE, "urn:mosaique:occupe", "Serveur occupé"),
        Kind::Down => (StatusCode::SERVICE_UNAVAILABLE, "urn:mosaique:base", "Base des comptes injoignable"),
        Kind::Host => (StatusCode::FORBIDDEN, "urn:mosaique:hote", "Nom d'hôte refusé"),
        Kind::SignIn => (StatusCode::UNAUTHORIZED, "urn:mosaique:connexion", "Connexion nécessaire"),
        Kind::Forbidden => (StatusCode::FORBIDDEN, "urn:mosaique:droits", "Accès refusé"),
        Kind::Taken => (StatusCode::CONFLICT, "urn:mosaique:deja", "Existe déjà"),
        Kind::Conflict => (StatusCode::CONFLICT, "urn:mosaique:etat", "Impossible en l'état"),
        Kind::TooMany => (StatusCode::TOO_MANY_REQUESTS, "urn:mosaique:essais", "Trop d'essais"),
        Kind::Provider => {
            (StatusCode::BAD_GATEWAY, "urn:mosaique:fournisseur", "Fournisseur d'identité injoignable")
        }
        Kind::Remote => (StatusCode::BAD_GATEWAY, "urn:mosaique:ban", "API d'adresses injoignable"),
        Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "urn:mosaique:interne", "Erreur du serveur"),
    }
}

impl Problem {
    /// The status that it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        says(self.kind).0
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, kind, title) = says(self.kind);
        let Self { detail, champ, valeur, acceptees, .. } = self;
        let document = Document { kind, title, status: status.as_u16(), detail, champ, valeur, acceptees };
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
        let mut response = (status, kind, Json(document)).into_response();
        if matches!(self.kind, Kind::Busy | Kind::Down) {
            response.headers_mut().insert(header::RETRY_AFTER, limits().requetes.revenir_s.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
