//! `data/demo/*.toml`: names, distributions, dirt and shape of the demonstration territory.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{ReferenceError, parse};

/// Everything that the generator of `src/demo` draws from.
#[derive(Debug)]
pub struct Demo {
    pub names: Names,
    pub figures: Figures,
    pub defects: Vec<Defect>,
    pub country: Country,
}

/// A territory of the demonstration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Territory {
    /// The agglomeration of the default demonstration.
    #[default]
    Agglomeration,
    /// Paris by arrondissements, communes of EPT, a communauté d'agglomération, one of communes.
    Idf,
    /// Two départements overseas, each in its own coordinate system.
    OutreMer,
    /// Communes that merge and one that is split between the two millésimes.
    Fusion,
}

impl Territory {
    /// As the command line names it; None: unknown.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "idf" => Some(Self::Idf),
            "outre-mer" => Some(Self::OutreMer),
            "fusion" => Some(Self::Fusion),
            _ => None,
        }
    }
}

/// The files of a territory, read once: what its own file does not say is as in the default demonstration.
///
/// # Errors
/// One of the files does not have the shape of its type (a fault of the program).
pub fn demo_of(territory: Territory) -> Result<&'static Demo, &'static ReferenceError> {
    type Read = Result<Demo, ReferenceError>;
    fn read(file: &'static str, text: &'static str) -> Read {
        let own: Own = parse(file, text)?;
        let common = demo().map_err(|e| ReferenceError { file: e.file, message: e.message.clone() })?;
        let mut figures = common.figures.clone();
        figures.attributions.seuils = own.seuils;
        figures.menages.plafonds = own.plafonds;
        let mut names = common.names.clone();
        names.iris.nombre_ville = own.iris_ville;
        (names.territoire, names.epci, names.commune) = (own.territoire, own.epci, own.commune);
        names.grand_ensemble = own.grand_ensemble;
        Ok(Demo { names, figures, defects: common.defects.clone(), country: common.country.clone() })
    }
    static IDF: LazyLock<Read> =
        LazyLock::new(|| read("demo/idf.toml", include_str!("../../../data/demo/idf.toml")));
    static OUTRE_MER: LazyLock<Read> =
        LazyLock::new(|| read("demo/outre-mer.toml", include_str!("../../../data/demo/outre-mer.toml")));
    static FUSION: LazyLock<Read> =
        LazyLock::new(|| read("demo/fusion.toml", include_str!("../../../data/demo/fusion.toml")));
    match territory {
        Territory::Agglomeration => demo(),
        Territory::Idf => IDF.as_ref(),
        Territory::OutreMer => OUTRE_MER.as_ref(),
        Territory::Fusion => FUSION.as_ref(),
    }
}

/// What the file of a territory says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    /// IRIS of a town of genre `ville`.
    iris_ville: usize,
    territoire: Territoire,
    seuils: Vec<Thresholds>,
    plafonds: Vec<Ceilings>,
    epci: Vec<EpciName>,
    commune: Vec<CommuneName>,
    grand_ensemble: Vec<EstateName>,
}

/// The four files, read once.
///
/// # Errors
/// One of the files does not have the shape of its type (a fault of the program).
pub fn demo() -> Result<&'static Demo, &'static ReferenceError> {
    static DEMO: LazyLock<Result<Demo, ReferenceError>> = LazyLock::new(|| {
        #[derive(Deserialize)]
        struct Defects {
            defaut: Vec<Defect>,
        }
        Ok(Demo {
            names: parse("demo/noms.toml", include_str!("../../../data/demo/noms.toml"))?,
            figures: parse("demo/distributions.toml", include_str!("../../../data/demo/distributions.toml"))?,
            defects: parse::<Defects>("demo/defauts.toml", include_str!("../../../data/demo/defauts.toml"))?
                .defaut,
            country: parse("demo/national.toml", include_str!("../../../data/demo/national.toml"))?,
        })
    });
    DEMO.as_ref()
}

/// `noms.toml`.
#[derive(Debug, Clone, Deserialize)]
pub struct Names {
    pub territoire: Territoire,
    pub epci: Vec<EpciName>,
    pub commune: Vec<CommuneName>,
    pub grand_ensemble: Vec<EstateName>,
    pub bailleur: Vec<BailleurName>,
    pub voies: StreetNames,
    pub programmes: ProgrammeNames,
    pub iris: IrisNames,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Territoire {
    pub departement: String,
    pub nom_departement: String,
    pub region: String,
    pub nom_region: String,
    /// Longitude, latitude of the centre of the main city.
    pub centre: [f64; 2],
    pub unite_urbaine: String,
    pub aire_attraction: String,
    pub zone_emploi: String,
    /// Where there are several; the fields above are then of the first.
    #[serde(default)]
    pub departements: Vec<Part>,
    /// Code of the one threshold of a region, in place of those of its EPCI.
    pub seuil_region: Option<String>,
    /// Months that allocations are later than those of the default demonstration.
    #[serde(default)]
    pub decalage: i32,
}

/// A département of a territory that has several, or that is not in Lambert-93.
#[derive(Debug, Clone, Deserialize)]
pub struct Part {
    pub code: String,
    pub nom: String,
    pub region: String,
    pub nom_region: String,
    /// Its legal system where it is not Lambert-93.
    pub repere: Option<Repere>,
}

/// A transverse Mercator (UTM south) system, and where the drawing stands in it.
#[derive(Debug, Clone, Deserialize)]
pub struct Repere {
    pub epsg: u16,
    /// Central meridian, degrees.
    pub meridien: f64,
    /// Longitude and latitude of `dessin`.
    pub centre: [f64; 2],
    /// The point of the drawing that stands there: metres east and north of the centre of the territory.
    pub dessin: [f64; 2],
}

/// A code with its name.
#[derive(Debug, Clone, Deserialize)]
pub struct Named {
    pub code: String,
    pub nom: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct EpciName {
    pub siren: String,
    pub nom: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Genre {
    Ville,
    Bourg,
    Village,
}

#[derive(Debug, Clone, Deserialize)]
pub struct CommuneName {
    pub code: String,
    pub nom: String,
    pub genre: Genre,
    /// Metres east and north of the centre of the territory, before jitter.
    pub position: [f64; 2],
    /// Share of the dwellings that are in no estate, relative.
    pub poids: f64,
    pub epci: usize,
    pub codepostal: String,
    /// Index in `territoire.departements`.
    #[serde(default)]
    pub departement: usize,
    /// The city that it is an arrondissement of.
    pub ville: Option<Named>,
    /// The commune that it was part of in 2022, when it was split since.
    pub avant: Option<Named>,
    /// The commune that it has been part of since 2024, when it was merged.
    pub depuis: Option<Named>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct EstateName {
    pub nom: String,
    pub commune: usize,
    /// Degrees from the east and metres from the centre of the commune.
    pub angle: f64,
    pub distance: f64,
    /// Share of all dwellings of the territory.
    pub part: f64,
    pub bailleur: usize,
    pub qpv2015: Option<String>,
    pub qpv2024: Option<String>,
    /// Metres added on one side in the generation of 2024.
    #[serde(default)]
    pub agrandi: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct BailleurName {
    /// The eight first digits of the SIREN; the ninth is its Luhn key.
    pub siren9: String,
    pub nom: String,
    pub categorie: String,
    pub poids: f64,
    /// Effect on the poverty of its tenants (logarithm of income, taken away).
    pub effet: f64,
    /// Share of its tenants who answer the survey.
    pub reponse: f64,
    pub cle_ops: OpsKey,
    pub prefixe: String,
}

/// By what a bailleur names a dwelling in its survey file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpsKey {
    IdentRep,
    IdentInt,
    Adresse,
}

#[derive(Debug, Clone, Deserialize)]
pub struct StreetNames {
    pub types: Vec<String>,
    pub poids_ville: Vec<f64>,
    pub poids_village: Vec<f64>,
    pub noms: Vec<String>,
    pub prenoms: Vec<String>,
    pub patronymes: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ProgrammeNames {
    pub debuts: Vec<String>,
    pub noms: Vec<String>,
    pub batiments: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct IrisNames {
    pub ville: Vec<String>,
    pub bourg: Vec<String>,
    pub nombre_ville: usize,
    pub nombre_bourg: usize,
}

/// `distributions.toml`.
#[derive(Debug, Clone, Deserialize)]
pub struct Figures {
    pub parc: Parc,
    pub menages: Menages,
    pub attributions: Attributions,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Period {
    pub de: i32,
    pub a: i32,
    pub ville: f64,
    pub village: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Parc {
    pub periodes: Vec<Period>,
    pub dpe: Vec<[f64; 7]>,
    pub dpe_absent: f64,
    pub individuel: ByGenre,
    pub etudiant_ville: f64,
    pub typologie_collectif: [f64; 5],
    pub typologie_individuel: [f64; 5],
    pub surfaces: [f64; 5],
    pub loyers: Rents,
    pub acquis_ameliore: f64,
    pub mode_hors_qpv: [f64; 5],
    pub mode_qpv: [f64; 5],
    pub sortie_deux_ans: f64,
    pub mobilite_annuelle: f64,
    pub pmr: f64,
    pub sans_contingent: f64,
    pub hausse_loyer_deux_ans: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ByGenre {
    pub ville: f64,
    pub bourg: f64,
    pub village: f64,
}

/// €/m² of living area a month.
#[derive(Debug, Clone, Deserialize)]
pub struct Rents {
    pub plai: f64,
    pub plus: f64,
    pub pls: f64,
    pub pli: f64,
    pub ancien: f64,
    pub pla: f64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Menages {
    pub types: [[f64; 5]; 5],
    pub mediane: f64,
    pub etalement: f64,
    pub tres_bas: f64,
    pub effet_qpv: f64,
    pub effet_recent: f64,
    pub effet_age65: f64,
    pub effet_residence: f64,
    pub effet_plai: f64,
    pub effet_pls: f64,
    pub effet_monoparent: f64,
    pub tres_bas_qpv: f64,
    pub tres_bas_recent: f64,
    pub sans_emploi: f64,
    pub surcroit_qpv: f64,
    pub non_reponse_partielle: f64,
    pub manque: BTreeMap<String, f64>,
    pub refus_qpv: f64,
    pub plafonds: Vec<Ceilings>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Ceilings {
    pub annee: u16,
    /// 1 to 6 persons (categories), then each further person, €/year.
    pub valeurs: [f64; 7],
}

#[derive(Debug, Clone, Deserialize)]
pub struct Attributions {
    pub mutation: f64,
    pub dalo: f64,
    pub dalo_qpv: f64,
    pub relogement_anru: f64,
    pub relogement_autre: f64,
    pub revenu_absent: f64,
    pub revenu_nul: f64,
    pub sans_bail: f64,
    pub q1_hors_qpv: f64,
    pub q1_qpv: f64,
    pub demandes_par_attribution: f64,
    pub reservataires: Vec<String>,
    pub poids_reservataires: Vec<f64>,
    pub seuils: Vec<Thresholds>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Thresholds {
    pub annee: u16,
    /// €/year/consumption unit, one an EPCI.
    pub valeurs: Vec<f64>,
}

/// One kind of dirt of `defauts.toml`.
#[derive(Debug, Clone, Deserialize)]
pub struct Defect {
    pub code: String,
    pub portee: Scope,
    pub colonne: String,
    pub taux: f64,
    #[serde(default)]
    pub regle: String,
    /// `rejet`, `drapeau` or `repare`.
    pub niveau: String,
}

/// What a kind of dirt spoils.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Voie,
    Point,
    Logement,
    Menage,
}

/// `national.toml`.
#[derive(Debug, Clone, Deserialize)]
pub struct Country {
    pub communes: usize,
    pub epci: usize,
    pub qpv: usize,
    pub adresses_par_logement: f64,
    /// Multiplies the rates of the dirt.
    pub salete: f64,
    /// Radius of the cells that borders follow, metres.
    pub rayon_maille: f64,
    /// Outline, Lambert-93 kilometres.
    pub points: Vec<[f64; 2]>,
    pub regions: Vec<Region>,
    pub departements: Vec<Departement>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Region {
    pub code: String,
    pub nom: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Departement {
    pub code: String,
    pub nom: String,
    pub region: String,
    /// Lambert-93 kilometres.
    pub x: f64,
    pub y: f64,
    /// Dwellings for one commune, relative.
    pub poids: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_demonstration_read_and_refer_to_what_exists() {
        let d = demo().expect("data/demo reads");
        for c in &d.names.commune {
            assert!(c.epci < d.names.epci.len(), "{}", c.nom);
        }
        for e in &d.names.grand_ensemble {
            assert!(e.commune < d.names.commune.len() && e.bailleur < d.names.bailleur.len(), "{}", e.nom);
        }
        assert_eq!(d.names.voies.types.len(), d.names.voies.poids_ville.len());
        assert_eq!(d.names.voies.types.len(), d.names.voies.poids_village.len());
        assert_eq!(
            d.figures.attributions.reservataires.len(),
            d.figures.attributions.poids_reservataires.len()
        );
        assert!(d.defects.iter().all(|d| (0.0..0.2).contains(&d.taux)));
        assert_eq!(d.country.departements.len(), 94);
        for territory in [Territory::Idf, Territory::OutreMer, Territory::Fusion] {
            let names = &demo_of(territory).expect("data/demo reads").names;
            let parts = names.territoire.departements.len().max(1);
            for c in &names.commune {
                assert!(c.epci < names.epci.len() && c.departement < parts, "{}", c.nom);
            }
            assert!(names.grand_ensemble.iter().all(|e| e.commune < names.commune.len()));
        }
    }
}
