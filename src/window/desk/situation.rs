//! Where a point is, and whether it is in a QPV, said in three values.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::days;
use crate::desk::editions::Loaded;
use crate::desk::problem::Problem;
use crate::reference::generations::{self, Whole};
use crate::reference::situation::SituationRules;
use crate::territory::known::{self, Unknown};
use crate::territory::layer::Layer;
use crate::territory::{bands, crs, grid, h3};

/// Où est un point.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Situation {
    pub lon: f64,
    pub lat: f64,
    pub commune: Option<Lieu>,
    pub epci: Option<Lieu>,
    pub departement: Option<Lieu>,
    /// Arrondissement de Paris, Lyon ou Marseille.
    pub arrondissement: Option<Lieu>,
    pub iris: Option<Lieu>,
    /// Carreau de 200 m (identifiant de l'Insee).
    pub carreau: Option<String>,
    /// Hexagones H3 : `r7`, `r8`, `r9`, `r10`.
    pub h3: BTreeMap<String, String>,
    /// Une réponse par génération de QPV importée.
    pub qpv: Vec<ReponseQpv>,
}

/// Une zone qui contient le point.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Lieu {
    pub code: String,
    pub nom: String,
}

/// Dans un QPV ou non.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReponseQpv {
    pub generation: String,
    pub reponse: Reponse,
    /// Le QPV, ou le plus proche si la réponse est incertaine.
    pub code: Option<String>,
    pub nom: Option<String>,
    /// Distance au bord le plus proche, en mètres ; nulle au-delà de 2 km.
    pub distance_bord_m: Option<f64>,
    /// Pourquoi la réponse est incertaine ou inconnue.
    pub motif: Option<String>,
}

/// `dedans`, `dehors`, `incertain` (trop près du bord) ou `inconnu` (rien n'est connu de ce lieu).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reponse {
    Dedans,
    Dehors,
    Incertain,
    Inconnu,
}

impl Reponse {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Dedans => "dedans",
            Self::Dehors => "dehors",
            Self::Incertain => "incertain",
            Self::Inconnu => "inconnu",
        }
    }
}

/// Refuses what is not degrees.
pub fn check([lon, lat]: [f64; 2]) -> Result<(), Problem> {
    if (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat) {
        return Ok(());
    }
    Err(Problem::value(
        "lon",
        &format!("{lon}, {lat}"),
        "Le point n'est pas en degrés WGS 84 ; donnez « x », « y » et « epsg » pour des coordonnées \
            projetées.",
    ))
}

/// Degrees of a projected point.
pub fn projected(epsg: u16, x: f64, y: f64) -> Result<[f64; 2], Problem> {
    let (mut xs, mut ys) = ([x], [y]);
    crs::to_lonlat(epsg, &mut xs, &mut ys)
        .map_err(|e| Problem::value("epsg", &epsg.to_string(), format!("{e}.")))?;
    let inside =
        crs::sanity_box(epsg).is_none_or(|[w, s, e, n]| (w..=e).contains(&x) && (s..=n).contains(&y));
    if inside && xs[0].is_finite() && ys[0].is_finite() {
        Ok([xs[0], ys[0]])
    } else {
        Err(Problem::value(
            "x",
            &format!("{x}, {y}"),
            format!("Le point ({x}, {y}) est hors du domaine d'EPSG:{epsg}."),
        ))
    }
}

/// Everything that is known of a place. `cell`: its 200 m square, found apart for many points at once.
#[must_use]
pub fn locate(
    loaded: &Loaded,
    rules: &SituationRules,
    [lon, lat]: [f64; 2],
    quality: Option<u8>,
    cell: Option<grid::Cell>,
) -> Situation {
    let layer = |id: &str| loaded.zones.get(id).map(|g| &g.layer);
    let at = |id: &str| layer(id).and_then(|l| l.locate(lon, lat).map(|z| &l.zones[z as usize]));
    let place = |z: &crate::territory::layer::Zone| Lieu { code: z.code.clone(), nom: z.nom.clone() };
    let commune = at("commune");
    // A commune says what it is part of; else the contours of EPCI and départements do, else the addresses of
    // the commune.
    let wider = |id: &str, own: Option<&String>| -> Option<Lieu> {
        if let Some(zone) = at(id) {
            return Some(place(zone));
        }
        let cube = loaded.cube();
        let code = own.cloned().or_else(|| {
            let communes = cube.layer("commune")?;
            crate::desk::places::parent(loaded, &communes, communes.zone(&commune?.code)?, id)
        })?;
        let named = cube.layer(id).and_then(|l| l.zone(&code).map(|z| l.title(z)));
        Some(Lieu { nom: named.unwrap_or_else(|| code.clone()), code })
    };
    let h3 = h3::resolutions()
        .iter()
        .filter_map(|&r| h3::cell(lon, lat, r).map(|c| (format!("r{r}"), h3::name(c))))
        .collect();
    let qpv = loaded
        .zones
        .iter()
        .filter_map(|(id, g)| id.strip_prefix("qpv").map(|generation| (generation, &g.layer)))
        .map(|(generation, qpv)| {
            let answer = in_qpv(generation, qpv, rules, [lon, lat], quality);
            if let Some(whole) = commune.and_then(|c| whole_today(generation, &c.code)) {
                let motif = Some(format!("{} est un quartier prioritaire ({})", whole.libelle, whole.source));
                return ReponseQpv { reponse: Reponse::Dedans, motif, ..answer };
            }
            if answer.reponse != Reponse::Dehors {
                return answer;
            }
            let contours: Vec<&Layer> =
                ["commune", "iris", "departement"].into_iter().filter_map(layer).collect();
            match known::outside_for_sure(&contours, qpv, [lon, lat], rules.contour_tolerance_m) {
                Ok(()) => answer,
                Err(why) => {
                    let motif = Some(unknown(&why, generation));
                    ReponseQpv { reponse: Reponse::Inconnu, motif, ..answer }
                }
            }
        })
        .collect();
    Situation {
        lon,
        lat,
        epci: wider("epci", commune.and_then(|z| z.epci.as_ref())),
        departement: wider("departement", commune.and_then(|z| z.departement.as_ref())),
        commune: commune.map(place),
        arrondissement: at("arrondissement").map(place),
        iris: at("iris").map(place),
        carreau: cell.map(|c| c.to_string()),
        h3,
        qpv,
    }
}

/// The département of a commune, where all of it is a QPV today, in the generation that is in force there.
fn whole_today(generation: &str, depcom: &str) -> Option<&'static Whole> {
    let now = generations::in_force_at(days::number(days::today()), depcom);
    now.whole.filter(|_| now.generation.to_string() == generation)
}

/// Why nothing is known of a place.
pub fn unknown(why: &Unknown, generation: &str) -> String {
    match why {
        Unknown::NoContours => {
            "aucun contour de commune n'est importé : on ne sait pas si les QPV de ce lieu le sont".to_owned()
        }
        Unknown::Nowhere => "aucune commune importée ne contient ce point".to_owned(),
        Unknown::NotCovered(departement) => {
            format!("les contours importés des QPV {generation} n'en ont aucun du département {departement}")
        }
    }
}

fn in_qpv(
    generation: &str,
    layer: &Layer,
    rules: &SituationRules,
    [lon, lat]: [f64; 2],
    quality: Option<u8>,
) -> ReponseQpv {
    let place = bands::placed(layer, rules, [lon, lat], quality);
    let none = ReponseQpv {
        generation: generation.to_owned(),
        reponse: Reponse::Incertain,
        code: None,
        nom: None,
        distance_bord_m: None,
        motif: None,
    };
    if let Some(q) = quality.and_then(|q| rules.quality(q)).filter(|q| q.toujours_incertain) {
        let motif = format!("{} (qualité {}) : le point ne dit rien de l'adresse", q.libelle, q.code);
        return ReponseQpv { motif: Some(motif), ..none };
    }
    let zone = place.zone.and_then(|z| layer.zones.get(z as usize));
    ReponseQpv {
        reponse: match place.situation {
            bands::Situation::Dedans => Reponse::Dedans,
            bands::Situation::Dehors => Reponse::Dehors,
            bands::Situation::Incertain => Reponse::Incertain,
        },
        code: zone.map(|z| z.code.clone()),
        nom: zone.map(|z| z.nom.clone()),
        distance_bord_m: place.metres.map(|m| (m * 10.0).round() / 10.0),
        motif: (place.situation == bands::Situation::Incertain).then(|| {
            let side = if layer.locate(lon, lat).is_some() { "à l'intérieur" } else { "à l'extérieur" };
            format!(
                "à {:.0} m du bord, {side} : moins que la précision de la localisation ({:.0} m)",
                place.metres.unwrap_or_default(),
                place.tolerance_m
            )
        }),
        ..none
    }
}
