//! The table that every format writes: zones in lines, figures in columns, and what must be said of them.

use std::borrow::Cow;

use geo::MultiPolygon;

use crate::disclosure::figure::Figure;
use crate::reference::indicators::Indicator;
use crate::reference::publication::{Droit, publication};
use crate::reference::secrecy::Secrecy;

/// Where a zone is, in degrees.
#[derive(Debug, Clone)]
pub enum Place<'a> {
    Area(Cow<'a, MultiPolygon<f64>>),
    Point([f64; 2]),
}

/// One zone with its figures.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    pub code: String,
    pub nom: String,
    /// Commune, EPCI and département that hold all of its addresses.
    pub parents: [Option<String>; 3],
    pub logements: u64,
    pub repondants: Option<u64>,
    pub taux_reponse: Option<f64>,
    pub fiabilite: Option<char>,
    pub logements_ecartes: u64,
    /// In the order of the table's indicators.
    pub figures: Vec<Figure>,
    pub avertissements: Vec<String>,
    pub place: Option<Place<'a>>,
}

impl Row<'_> {
    /// The same, whatever becomes of what it was read from.
    #[must_use]
    pub fn owned(self) -> Row<'static> {
        let place = self.place.map(|p| match p {
            Place::Area(area) => Place::Area(Cow::Owned(area.into_owned())),
            Place::Point(at) => Place::Point(at),
        });
        Row {
            place,
            code: self.code,
            nom: self.nom,
            parents: self.parents,
            logements: self.logements,
            repondants: self.repondants,
            taux_reponse: self.taux_reponse,
            fiabilite: self.fiabilite,
            logements_ecartes: self.logements_ecartes,
            figures: self.figures,
            avertissements: self.avertissements,
        }
    }
}

/// A table and what it is about.
#[derive(Debug, Clone)]
pub struct Table<'a> {
    /// Scale: id and label.
    pub echelle: (String, String),
    /// The zone that all of them are in: `échelle:code` and name.
    pub dans: Option<(String, String)>,
    pub millesime: u16,
    pub vague: Option<u16>,
    /// Source and day of the stock.
    pub parc: String,
    pub population: (String, String),
    /// Filters in words: name, values.
    pub filtres: Vec<(String, String)>,
    /// Day on which it was written, `YYYY-MM-DD`.
    pub jour: String,
    pub indicators: Vec<Described>,
    /// Zones of the whole file: a long one has its lines in pieces.
    pub zones: usize,
    pub rows: Vec<Row<'a>>,
    pub demonstration: bool,
}

/// An indicator with what its reader must know.
#[derive(Debug, Clone)]
pub struct Described {
    pub indicator: &'static Indicator,
    /// Of the register's open file, of its restricted columns, or of the survey (`data/publication.toml`).
    pub domaine: &'static str,
    /// What is counted and what it is divided by, in words.
    pub numerateur: String,
    pub denominateur: Option<String>,
    /// Whether its counts are moved a little, so that a margin stands beside it.
    pub margin: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Whole,
    /// Written with a decimal even where it is whole: readers that look at the first lines keep it a number.
    Number,
}

/// One column, the same in every format.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub title: String,
    pub kind: Kind,
    pub unit: Option<String>,
    pub description: String,
    /// What one may do with it (`[[droit]]` of `data/publication.toml`).
    pub domaine: &'static str,
    of: Of,
}

/// What of a line stands in a column.
#[derive(Debug, Clone, Copy)]
enum Of {
    Code,
    Name,
    Parent(usize),
    Vintage,
    Wave,
    Dwellings,
    Respondents,
    Response,
    Badge,
    LeftOut,
    Figure(usize),
    Status(usize),
    Margin(usize),
}

impl Of {
    /// Domain of the columns before the figures.
    fn domain(self) -> &'static str {
        match self {
            Self::Wave | Self::Respondents | Self::Response | Self::Badge | Self::LeftOut => "occupation",
            _ => "parc",
        }
    }
}

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'r> {
    Text(&'r str),
    Whole(u64),
    Number(f64),
    Badge(char),
    Empty,
}

/// What a figure is: exact, changed, or why it is not there.
#[must_use]
pub fn status(figure: &Figure) -> &'static str {
    match figure {
        f if f.secret => "secret",
        f if f.valeur.is_none() => "absent",
        f if f.incertitude.is_some() => "perturbe",
        f if f.approximatif => "arrondi",
        _ => "exact",
    }
}

/// Columns before the figures.
const FIXED: [(&str, &str, Kind, Of, &str); 12] = [
    ("code", "Code", Kind::Text, Of::Code, "Code de la zone"),
    ("nom", "Nom", Kind::Text, Of::Name, "Nom de la zone"),
    (
        "commune",
        "Code commune",
        Kind::Text,
        Of::Parent(0),
        "Code Insee de la commune qui contient toutes ses adresses",
    ),
    ("epci", "Code EPCI", Kind::Text, Of::Parent(1), "SIREN de l'EPCI qui contient toutes ses adresses"),
    (
        "departement",
        "Code département",
        Kind::Text,
        Of::Parent(2),
        "Département qui contient toutes ses adresses",
    ),
    ("millesime", "Millésime RPLS", Kind::Whole, Of::Vintage, "Année du répertoire"),
    ("vague", "Vague OPS", Kind::Whole, Of::Wave, "Année de l'enquête jointe"),
    ("logements", "Logements comptés", Kind::Whole, Of::Dwellings, "Logements de la zone, filtres appliqués"),
    ("repondants", "Ménages répondants", Kind::Whole, Of::Respondents, "Ménages décrits ; vide si secret"),
    (
        "taux_reponse",
        "Taux de réponse (de 0 à 1)",
        Kind::Number,
        Of::Response,
        "Part des ménages interrogés qui ont répondu, de 0 à 1",
    ),
    ("fiabilite", "Fiabilité", Kind::Text, Of::Badge, "De A à D, d'après le taux de réponse"),
    (
        "logements_ecartes",
        "Logements non comptés",
        Kind::Whole,
        Of::LeftOut,
        "Logements que les chiffres d'occupation ne comptent pas",
    ),
];

/// The columns of a table of these indicators.
#[must_use]
pub fn columns(indicators: &[Described]) -> Vec<Column> {
    let mut out: Vec<Column> = FIXED
        .iter()
        .map(|(name, title, kind, of, description)| Column {
            name: (*name).to_owned(),
            title: (*title).to_owned(),
            kind: *kind,
            unit: None,
            description: (*description).to_owned(),
            domaine: of.domain(),
            of: *of,
        })
        .collect();
    for (n, described) in indicators.iter().enumerate() {
        let i = described.indicator;
        let column =
            |suffix: &str, title: String, kind, unit: Option<&String>, description: &str, of| Column {
                name: format!("{}{suffix}", i.id),
                title,
                kind,
                unit: unit.cloned(),
                description: description.to_owned(),
                domaine: described.domaine,
                of,
            };
        let named = |what: &str| format!("{} – {what}", i.id);
        let title = format!("{} – {} ({})", i.id, i.libelle, i.unite);
        out.push(column("", title, Kind::Number, Some(&i.unite), &i.definition, Of::Figure(n)));
        let told = "exact, arrondi, perturbe, secret ou absent";
        out.push(column("_statut", named("statut"), Kind::Text, None, told, Of::Status(n)));
        if described.margin {
            let told = "Demi-largeur de l'intervalle à 95 % ; vide si le chiffre est exact";
            out.push(column("_plus_ou_moins", named("±"), Kind::Number, Some(&i.unite), told, Of::Margin(n)));
        }
    }
    out
}

impl Column {
    /// The word of its licence.
    #[must_use]
    pub fn droit(&self) -> &'static Droit {
        publication().droit(self.domaine)
    }

    /// Decimals that its number is told with for a zone: fewer where it stands on little.
    #[must_use]
    pub fn decimals(&self, row: &Row<'_>) -> u8 {
        match self.of {
            Of::Figure(n) | Of::Margin(n) => row.figures.get(n).map_or(1, |f| f.decimales),
            Of::Response => 3,
            _ => 1,
        }
    }

    /// Whether it holds a figure.
    #[must_use]
    pub fn is_figure(&self) -> bool {
        matches!(self.of, Of::Figure(_))
    }

    /// What stands in it for a zone.
    #[must_use]
    pub fn cell<'r>(&self, row: &'r Row<'_>, millesime: u16, vague: Option<u16>) -> Cell<'r> {
        let whole = |n: Option<u64>| n.map_or(Cell::Empty, Cell::Whole);
        let number = |n: Option<f64>| n.map_or(Cell::Empty, Cell::Number);
        match self.of {
            Of::Code => Cell::Text(&row.code),
            Of::Name => Cell::Text(&row.nom),
            Of::Parent(n) => row.parents[n].as_deref().map_or(Cell::Empty, Cell::Text),
            Of::Vintage => Cell::Whole(millesime.into()),
            Of::Wave => whole(vague.map(Into::into)),
            Of::Dwellings => Cell::Whole(row.logements),
            Of::Respondents => whole(row.repondants),
            Of::Response => number(row.taux_reponse),
            Of::Badge => row.fiabilite.map_or(Cell::Empty, Cell::Badge),
            Of::LeftOut => Cell::Whole(row.logements_ecartes),
            Of::Figure(n) => number(row.figures[n].valeur),
            Of::Status(n) => Cell::Text(status(&row.figures[n])),
            Of::Margin(n) => number(row.figures[n].incertitude),
        }
    }

    /// The same as a property of a GeoJSON feature.
    #[must_use]
    pub fn json(&self, row: &Row<'_>, millesime: u16, vague: Option<u16>) -> serde_json::Value {
        match self.cell(row, millesime, vague) {
            Cell::Text(text) => text.into(),
            Cell::Badge(letter) => letter.to_string().into(),
            Cell::Whole(n) => n.into(),
            Cell::Number(n) => n.into(),
            Cell::Empty => serde_json::Value::Null,
        }
    }
}

/// Domains, the most open first.
const DOMAINS: [&str; 3] = ["parc", "parc_restreint", "occupation"];

/// What no figure tells, in words; empty if the thresholds cannot be read, which a test excludes.
fn secrecy_rule() -> String {
    let k = Secrecy::embedded().map_or(11, |s| s.k);
    publication().secret.regle.replace("{moins}", &(k - 1).to_string())
}

impl Table<'_> {
    /// Name of the table for its readers: « Commune, CA du Sud ».
    #[must_use]
    pub fn title(&self) -> String {
        match &self.dans {
            Some((_, name)) => format!("{}, {name}", self.echelle.1),
            None => self.echelle.1.clone(),
        }
    }

    /// What must be known of the file: label and text.
    #[must_use]
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let mut out = vec![
            ("Contenu", format!("Chiffres par zone : {}", self.title())),
            ("Zones", self.zones.to_string()),
            ("Écrit le", crate::days::french(&self.jour)),
            ("Parc", self.parc.clone()),
            ("Ménages", self.vague.map_or("aucune enquête jointe".to_owned(), |v| format!("OPS {v}"))),
            ("Population", self.population.1.clone()),
        ];
        if self.filtres.is_empty() {
            out.push(("Filtres", "aucun".to_owned()));
        }
        out.extend(self.filtres.iter().map(|(name, values)| ("Filtre", format!("{name} : {values}"))));
        let words: Vec<String> = DOMAINS
            .into_iter()
            .filter(|d| *d != "parc_restreint" || self.indicators.iter().any(|i| i.domaine == *d))
            .map(|d| format!("{} ({})", publication().droit(d).nom, self.columns_of(d)))
            .collect();
        out.push(("Droits d'usage, par colonne", words.join(" ; ")));
        out.push(("Secret statistique", secrecy_rule()));
        if self.demonstration {
            out.push(("Attention", "Territoire fictif : ces chiffres sont inventés.".to_owned()));
        }
        out
    }

    /// Names of the figures of a domain, in words.
    fn columns_of(&self, domain: &str) -> String {
        let named: Vec<&str> =
            self.indicators.iter().filter(|i| i.domaine == domain).map(|i| i.indicator.id.as_str()).collect();
        let own = match domain {
            "parc" => "codes, noms, millésime, logements",
            "occupation" => "vague, répondants, taux, fiabilité, logements non comptés",
            _ => "",
        };
        let parts = [own.to_owned(), named.join(", ")];
        parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// The same table without its lines.
    #[must_use]
    pub fn head(&self) -> Table<'static> {
        Table {
            echelle: self.echelle.clone(),
            dans: self.dans.clone(),
            parc: self.parc.clone(),
            population: self.population.clone(),
            filtres: self.filtres.clone(),
            jour: self.jour.clone(),
            indicators: self.indicators.clone(),
            rows: Vec::new(),
            ..*self
        }
    }

    /// Sources that figures name, each once.
    #[must_use]
    pub fn sources(&self) -> Vec<&str> {
        let mut seen = std::collections::BTreeSet::from([self.parc.as_str()]);
        let figures = self.rows.iter().flat_map(|r| &r.figures);
        seen.extend(figures.map(|f| f.source.as_str()).filter(|s| !s.is_empty()));
        seen.into_iter().collect()
    }
}
