//! `GET /api/textes/{nom}`: accessibility statement, legal notice, personal data. The organisation's own text
//! (`textes/{nom}.md` of the store) takes the place of the one that the program brings.

use std::path::Path as FilePath;

use axum::Json;
use axum::extract::{Path, State as FromState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::problem::Problem;
use crate::reference::comptes::comptes;
use crate::reference::magasin::magasin;
use crate::reference::textes;
use crate::server::app::Server;
use crate::server::edge::problem::Document;

/// Un texte du service.
#[derive(Debug, Serialize, ToSchema)]
pub struct TexteDuService {
    pub nom: String,
    pub titre: String,
    /// Vrai si l'organisme a écrit le sien ; faux pour celui du logiciel.
    pub organisme: bool,
    pub blocs: Vec<Bloc>,
}

/// Un bloc du texte.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Bloc {
    pub genre: Genre,
    /// Lignes : une pour un titre ou un paragraphe, une par élément d'une liste.
    pub lignes: Vec<Vec<Morceau>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Genre {
    Titre,
    SousTitre,
    Paragraphe,
    Liste,
}

/// Un morceau de ligne.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Morceau {
    pub texte: String,
    pub fort: bool,
    /// Adresse d'un lien.
    pub lien: Option<String>,
}

/// Largest text that is read.
const LARGEST: u64 = 200_000;

/// Texte légal du service
///
/// Déclaration d'accessibilité, mentions légales, données personnelles : celui de l'organisme s'il en a un.
#[utoipa::path(
    get, path = "/api/textes/{nom}", tag = "service", operation_id = "texte",
    params(("nom" = String, Path, description = "accessibilite, mentions-legales ou donnees-personnelles")),
    responses(
        (status = OK, body = TexteDuService),
        (status = NOT_FOUND, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn texte(
    FromState(server): FromState<Server>,
    Path(nom): Path<String>,
) -> Result<Json<TexteDuService>, Problem> {
    let Some(brought) = textes::text(&nom) else {
        let detail = format!("Les textes sont : {}.", textes::names().join(", "));
        return Err(Problem::value("nom", &nom, detail));
    };
    let own = own(&server.live.get().root().join("textes").join(format!("{nom}.md")));
    let organisme = own.is_some();
    let text = filled(&own.unwrap_or_else(|| brought.to_owned()));
    let (titre, blocs) = read(&text);
    Ok(Json(TexteDuService { titre: titre.unwrap_or_else(|| nom.clone()), nom, organisme, blocs }))
}

/// What the accessibility statement says of conformity: every page has to say it (law 2005-102, article 47).
#[must_use]
pub fn conformity(root: &FilePath) -> String {
    let own = own(&root.join("textes/accessibilite.md"));
    let text = own.as_deref().or_else(|| textes::text("accessibilite")).unwrap_or_default();
    let said = ["totalement conforme", "partiellement conforme", "non conforme"];
    let plain = text.to_lowercase();
    said.iter().find(|s| plain.contains(&format!("accessibilité : {s}"))).map_or("", |s| s).to_owned()
}

/// The organisation's text; None if there is none that can be read.
fn own(path: &FilePath) -> Option<String> {
    let meta = std::fs::metadata(path).ok()?;
    if meta.len() > LARGEST {
        tracing::warn!("{} : plus de {LARGEST} octets, pas lu", path.display());
        return None;
    }
    std::fs::read_to_string(path)
        .inspect_err(|e| tracing::warn!("{} : {e}", path.display()))
        .ok()
        .filter(|t| !t.trim().is_empty())
}

/// Durations as the program really keeps them.
fn filled(text: &str) -> String {
    let keep = &comptes().conservation;
    let imports = magasin().map_or(0, |m| m.conservation.jours);
    [
        ("journal_mois", keep.journal_mois),
        ("sessions_j", keep.sessions_j),
        ("depots_j", keep.depots_j),
        ("ensembles_effaces_j", keep.ensembles_effaces_j),
        ("dalo_commentaires_mois", keep.dalo_commentaires_mois),
        ("flux_evenements_ans", i64::from(keep.flux_evenements_ans)),
        ("imports_j", imports),
    ]
    .iter()
    .fold(text.to_owned(), |t, (name, n)| t.replace(&format!("{{{{{name}}}}}"), &n.to_string()))
}

/// Headings, paragraphs and lists of a plain text; never its own HTML.
fn read(text: &str) -> (Option<String>, Vec<Bloc>) {
    let (mut title, mut blocs): (Option<String>, Vec<Bloc>) = (None, Vec::new());
    let mut open = false;
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        let (genre, rest) = if line.is_empty() {
            open = false;
            continue;
        } else if let Some(rest) = line.strip_prefix("### ") {
            (Genre::SousTitre, rest)
        } else if let Some(rest) = line.strip_prefix("## ") {
            (Genre::Titre, rest)
        } else if let Some(rest) = line.strip_prefix("# ") {
            title.get_or_insert_with(|| rest.to_owned());
            continue;
        } else if let Some(rest) = line.strip_prefix("- ") {
            (Genre::Liste, rest)
        } else {
            (Genre::Paragraphe, line)
        };
        match blocs.last_mut().filter(|b| open && b.genre == genre) {
            Some(list) if genre == Genre::Liste => list.lignes.push(runs(rest)),
            // A paragraph goes on until an empty line.
            Some(paragraph) if genre == Genre::Paragraphe => {
                if let Some(last) = paragraph.lignes.last_mut() {
                    last.push(plain(" "));
                    last.extend(runs(rest));
                }
            }
            _ => blocs.push(Bloc { genre, lignes: vec![runs(rest)] }),
        }
        open = matches!(genre, Genre::Liste | Genre::Paragraphe);
    }
    (title, blocs)
}

fn plain(text: &str) -> Morceau {
    Morceau { texte: text.to_owned(), fort: false, lien: None }
}

/// `**fort**` and `[texte](adresse)`; an address that is no page of ours, `https:` or `mailto:` is text.
fn runs(line: &str) -> Vec<Morceau> {
    let mut out = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let next = ["**", "["].iter().filter_map(|m| rest.find(m)).min().unwrap_or(rest.len());
        if next > 0 {
            out.push(plain(&rest[..next]));
            rest = &rest[next..];
            continue;
        }
        let strong = rest.strip_prefix("**").and_then(|r| r.split_once("**"));
        let link = rest.strip_prefix('[').and_then(|r| {
            let (text, after) = r.split_once("](")?;
            let (target, after) = after.split_once(')')?;
            let good = target.starts_with("https://")
                || target.starts_with("mailto:")
                || target.starts_with('/') && !target.starts_with("//");
            good.then_some((text, target, after))
        });
        if let Some((text, after)) = strong {
            out.push(Morceau { fort: true, ..plain(text) });
            rest = after;
        } else if let Some((text, target, after)) = link {
            out.push(Morceau { lien: Some(target.to_owned()), ..plain(text) });
            rest = after;
        } else {
            // A sign that opens nothing.
            let at = rest.chars().next().map_or(rest.len(), char::len_utf8);
            out.push(plain(&rest[..at]));
            rest = &rest[at..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_that_the_program_brings_say_the_real_durations() {
        for name in textes::names() {
            let text = filled(textes::text(name).unwrap());
            let (title, blocs) = read(&text);
            assert!(title.is_some() && blocs.len() > 3, "{name}");
            assert!(!text.contains("{{"), "{name} has a duration that nothing fills");
        }
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(conformity(dir.path()), "non conforme");
        std::fs::create_dir(dir.path().join("textes")).unwrap();
        let audited = "# A\n**Accessibilité : partiellement conforme.**";
        std::fs::write(dir.path().join("textes/accessibilite.md"), audited).unwrap();
        assert_eq!(conformity(dir.path()), "partiellement conforme");
        let text = filled(textes::text("donnees-personnelles").unwrap());
        assert!(text.contains(&format!("Journal : {} mois", comptes().conservation.journal_mois)));
    }

    #[test]
    fn a_text_of_an_organisation_brings_words_and_links_never_a_script() {
        let (title, blocs) =
            read("# T\n## A\nun <b>mot</b>\nde plus\n\n- [x](https://a.fr)\n- [y](javascript:alert(1)) **z");
        assert_eq!(title.as_deref(), Some("T"));
        assert_eq!(
            blocs.iter().map(|b| b.genre).collect::<Vec<_>>(),
            [Genre::Titre, Genre::Paragraphe, Genre::Liste]
        );
        assert_eq!(blocs[1].lignes.len(), 1);
        assert_eq!(blocs[2].lignes[0], [Morceau { lien: Some("https://a.fr".into()), ..plain("x") }]);
        assert!(blocs[2].lignes[1].iter().all(|m| m.lien.is_none() && !m.fort));
    }
}
