//! Why a question cannot be answered, in French.
//!
//! A fault of the question says which parameter or field (`champ`), what was found (`valeur`) and what is
//! accepted. A fault of the program is logged with its cause and told without it.

use crate::state::StateError;

/// What kind of fault it is: each has one status, one stable identifier and one title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Value,
    Missing,
    Body,
    MediaType,
    TooLarge,
    Absent,
    Method,
    Empty,
    Timeout,
    Busy,
    Down,
    Host,
    SignIn,
    Forbidden,
    Taken,
    Conflict,
    TooMany,
    Provider,
    Remote,
    Internal,
}

/// Why a request cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub kind: Kind,
    pub detail: String,
    pub champ: Option<String>,
    pub valeur: Option<String>,
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
    /// The fault in one line: where it is, what stands there, what is wrong.
    #[must_use]
    pub fn told(&self) -> String {
        let value = self.valeur.as_ref().filter(|v| !v.is_empty() && !self.detail.contains(v.as_str()));
        match (&self.champ, value) {
            (Some(at), _) if self.detail.contains(at.as_str()) => self.detail.clone(),
            (Some(at), Some(value)) => format!("{at} « {value} » : {}", self.detail),
            (Some(at), None) => format!("{at} : {}", self.detail),
            (None, _) => self.detail.clone(),
        }
    }

    /// What was found, or None where the question names something that does not exist here: a zone, a
    /// bailleur, a value.
    ///
    /// # Errors
    /// Anything else went wrong.
    pub fn found<T>(result: Result<T, Self>) -> Result<Option<T>, Self> {
        match result {
            Err(problem) if matches!(problem.kind, Kind::Value | Kind::Absent) => Ok(None),
            result => result.map(Some),
        }
    }

    fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), champ: None, valeur: None, acceptees: None }
    }

    /// The same fault, where what is named is part of the path.
    #[must_use]
    pub fn in_path(self) -> Self {
        Self { kind: Kind::Absent, ..self }
    }

    /// A parameter or field holds something that cannot be used.
    #[must_use]
    pub fn value(champ: &str, valeur: &str, detail: impl Into<String>) -> Self {
        Self {
            champ: Some(champ.to_owned()),
            valeur: Some(shortened(valeur)),
            ..Self::new(Kind::Value, detail)
        }
    }

    /// A parameter or field holds none of the values that it may hold.
    #[must_use]
    pub fn unknown<S: Into<String>>(
        champ: &str,
        valeur: &str,
        accepted: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut list: Vec<String> = accepted.into_iter().map(Into::into).collect();
        let more = list.len().saturating_sub(LISTED);
        list.truncate(LISTED);
        let words = if list.is_empty() { "aucune".to_owned() } else { list.join(", ") };
        let rest = if more > 0 { format!(" et {more} autres") } else { String::new() };
        let detail = format!(
            "« {} » n'est pas une valeur de « {champ} ». Valeurs acceptées : {words}{rest}.",
            shortened(valeur)
        );
        Self { acceptees: Some(list), ..Self::value(champ, valeur, detail) }
    }

    /// A parameter or field that must be given is not.
    #[must_use]
    pub fn missing(champ: &str, what: &str) -> Self {
        Self {
            champ: Some(champ.to_owned()),
            ..Self::new(Kind::Missing, format!("« {champ} » manque : {what}."))
        }
    }

    /// The body is not what it should be.
    #[must_use]
    pub fn body(detail: impl Into<String>) -> Self {
        Self::new(Kind::Body, detail)
    }

    /// The body is of another kind than the one that is read.
    #[must_use]
    pub fn media_type(expected: &str) -> Self {
        Self::new(
            Kind::MediaType,
            format!("Envoyez un corps « {expected} » et annoncez-le dans l'en-tête Content-Type."),
        )
    }

    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            Kind::TooLarge,
            format!("Le corps de la requête dépasse {} Mo. Découpez l'envoi.", limit / 1_000_000),
        )
    }

    /// Something that is named in the path does not exist.
    #[must_use]
    pub fn not_found(champ: &str, valeur: &str, detail: impl Into<String>) -> Self {
        Self {
            champ: Some(champ.to_owned()),
            valeur: Some(shortened(valeur)),
            ..Self::new(Kind::Absent, detail)
        }
    }

    /// What is asked does not go with how things stand.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, detail)
    }

    #[must_use]
    pub fn no_route(path: &str) -> Self {
        Self {
            valeur: Some(shortened(path)),
            ..Self::new(
                Kind::Absent,
                "Cette adresse n'existe pas. L'interface est décrite par /api/openapi.json.",
            )
        }
    }

    #[must_use]
    pub fn method(method: &str) -> Self {
        Self {
            valeur: Some(shortened(method)),
            ..Self::new(
                Kind::Method,
                format!("La méthode {} ne s'applique pas à cette adresse.", shortened(method)),
            )
        }
    }

    /// Nothing is loaded that could answer.
    #[must_use]
    pub fn nothing_loaded() -> Self {
        Self::new(
            Kind::Empty,
            "Le magasin ne contient aucun cube : importez un RPLS puis lancez « mosaique build ».",
        )
    }

    #[must_use]
    pub fn timeout() -> Self {
        Self::new(Kind::Timeout, "Le calcul a été abandonné. Demandez moins de zones à la fois.")
    }

    /// Too much is being answered already.
    #[must_use]
    pub fn busy() -> Self {
        Self::new(Kind::Busy, "Beaucoup de demandes arrivent en même temps : réessayez dans un instant.")
    }

    /// The database of accounts does not answer; `cause` goes to the log.
    #[must_use]
    pub fn down(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!("base des comptes : {cause}");
        Self::new(
            Kind::Down,
            "La base des comptes ne répond pas : ce qui est public reste ouvert, le reste reviendra avec elle.",
        )
    }

    /// Nobody is signed in, and this is not for everyone.
    #[must_use]
    pub fn sign_in() -> Self {
        Self::new(Kind::SignIn, "Connectez-vous pour voir cela.")
    }

    /// E-mail address and password do not go together; which of the two is wrong is not said.
    #[must_use]
    pub fn wrong_password() -> Self {
        Self::new(Kind::SignIn, "Adresse électronique ou mot de passe incorrect.")
    }

    /// A token opens nothing.
    #[must_use]
    pub fn bad_token() -> Self {
        Self::new(
            Kind::SignIn,
            "Ce jeton n'ouvre rien : il est mal copié, expiré ou révoqué. Créez-en un autre dans « Mon \
                organisme ».",
        )
    }

    /// The identity provider does not do its part; `cause` goes to the log only.
    #[must_use]
    pub fn provider(nom: &str, cause: &dyn std::fmt::Display) -> Self {
        tracing::error!("{nom} : {cause}");
        Self::new(
            Kind::Provider,
            format!(
                "{nom} n'a pas confirmé votre connexion : réessayez, ou connectez-vous par mot de passe."
            ),
        )
    }

    /// The API of addresses that answers for this server does not; `cause` goes to the log only.
    #[must_use]
    pub fn remote(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!("API BAN distante : {cause}");
        Self::new(
            Kind::Remote,
            "L'API d'adresses à laquelle ce serveur est relié ne répond pas : réessayez plus tard.",
        )
    }

    /// The person may not have this; `why` says who may, or what to do.
    #[must_use]
    pub fn forbidden(why: impl Into<String>) -> Self {
        Self::new(Kind::Forbidden, why)
    }

    /// The same refusal, for who has not signed in.
    #[must_use]
    pub fn or_sign_in(self) -> Self {
        Self { kind: Kind::SignIn, ..self }
    }

    /// The password was a one-time one, and its time is over.
    #[must_use]
    pub fn one_time_over() -> Self {
        Self::new(
            Kind::SignIn,
            "Ce mot de passe provisoire n'a pas servi à temps : demandez-en un nouveau au gestionnaire de votre \
             organisme.",
        )
    }

    /// Too many wrong passwords; `wait`: seconds.
    #[must_use]
    pub fn too_many(wait: i64) -> Self {
        let minutes = (wait + 59) / 60;
        Self::new(
            Kind::TooMany,
            format!("Trop d'essais : réessayez dans {minutes} min, ou demandez un nouveau mot de passe."),
        )
    }

    #[must_use]
    pub fn host(host: &str) -> Self {
        Self {
            valeur: Some(shortened(host)),
            ..Self::new(
                Kind::Host,
                "Ce serveur n'est ouvert qu'à cette machine : appelez-le par 127.0.0.1 ou localhost.",
            )
        }
    }

    /// A fault of the server; `cause` goes to the log only.
    #[must_use]
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!("{cause}");
        Self::new(Kind::Internal, "Une erreur s'est produite sur le serveur ; son journal en donne la cause.")
    }
}

impl From<StateError> for Problem {
    fn from(e: StateError) -> Self {
        match e {
            StateError::Taken(what) => Self::new(Kind::Taken, what),
            StateError::Absent(what) => {
                let detail = format!("« {} » n'existe pas, ou n'est pas à vous.", shortened(&what));
                Self::not_found("id", &what, detail)
            }
            _ if e.is_down() => Self::down(&e),
            _ => Self::internal(&e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_value_is_named_with_those_that_are_accepted() {
        let p = Problem::unknown("population", "TOUTES", ["TOUS", "RECENTS"]);
        assert_eq!(p.kind, Kind::Value);
        assert!(p.detail.contains("« TOUTES »") && p.detail.contains("TOUS, RECENTS"), "{}", p.detail);
    }

    #[test]
    fn a_fault_in_a_file_is_told_with_its_place_and_what_stands_there() {
        let date = Problem::value("ligne 2, date", "2025-13-01", "Une date s'écrit AAAA-MM-JJ.");
        assert_eq!(date.told(), "ligne 2, date « 2025-13-01 » : Une date s'écrit AAAA-MM-JJ.");
        let code = Problem::unknown("ligne 2, dpe", "H", ["A", "B"]);
        assert_eq!(code.told(), code.detail, "it says so itself");
        assert_eq!(Problem::body("Fichier vide.").told(), "Fichier vide.");
    }

    #[test]
    fn a_very_long_value_is_not_repeated_whole() {
        let p = Problem::value("x", &"é".repeat(5_000), "trop long");
        assert!(p.valeur.is_some_and(|v| v.chars().count() == REPEATED + 1));
    }
}
