//! Counts of repairs and defects, one array slot a stable key of the report.

macro_rules! counts {
    ($($name:ident = $key:literal),* $(,)?) => {
        /// What is counted. The key is that of `rapport.json`; docs/REGISTERS.md says what each one means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Count { $($name),* }

        const KEYS: &[&str] = &[$($key),*];
    };
}

counts!(
    DepcomZero = "depcom_zero_restitue",
    PostcodeZero = "codepostal_zero_restitue",
    SiretZero = "siret_zero_restitue",
    SiretUnreadable = "siret_illisible",
    SirenLuhn = "siren_cle_fausse",
    DecimalInteger = "entier_decimal",
    Rounded = "decimale_arrondie",
    DecimalComma = "virgule_decimale",
    Scientific = "notation_scientifique",
    Thousands = "milliers_a_point_ou_virgule",
    MonthName = "mois_en_lettres",
    SerialDate = "dates_en_nombre_de_jours",
    MonthFirst = "dates_mois_en_premier",
    Universal = "dates_en_temps_universel",
    Filler = "dates_de_remplissage",
    LostIdent = "identifiants_perdus",
    IdentRepaired = "identifiants_rpls_repares",
    OddIdent = "identifiants_rpls_inhabituels",
    Blank = "lignes_vides",
    Outside = "lignes_hors_tableau",
    Completed = "lignes_completees",
    Replacement = "caractere_remplacement",
    LostAccent = "accent_perdu",
    DateInstead = "date_a_la_place",
    NoNumvoie = "numvoie_vide",
    NumberInStreet = "numero_dans_nomvoie",
    NoNumberBesideComplement = "numvoie_nomvoie_sans_numero",
    ComplementStartsWithNumber = "complident_commence_par_numero",
    NumberInComplement = "numero_dans_complident",
    NoNumber = "sans_numero",
    SeveralNumbers = "numero_multiple",
    SignInNumber = "indice_dans_numvoie",
    ShortKind = "typvoie_abrege",
    NoDpe = "dpe_vide",
    Dpe1900 = "dpedate_1900",
    SruOver = "sru_expir_passe",
    NoSegment = "segment_sans_code",
    NoFloor = "etage_vide",
    NoIdent = "ident_rep_vide",
    NoPoint = "sans_xy",
    EpsgGuessed = "epsg_deduit",
    Degrees = "coordonnees_en_degres",
    Exchanged = "coordonnees_echangees",
    Unsure = "geocodages_incertains",
    IrisCompleted = "iris_complete",
    IrisOfCity = "iris_de_ville",
    VacancyComputed = "vacance_calculee",
    Duplicate = "doublon_exact",
    SameFlats = "lignes_identiques",
);

/// The counts of one block or of the whole file.
#[derive(Debug, Clone)]
pub(super) struct Tally([u64; KEYS.len()]);

impl Default for Tally {
    fn default() -> Self {
        Self([0; KEYS.len()])
    }
}

impl Tally {
    pub fn add(&mut self, count: Count) {
        self.0[count as usize] += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a += b;
        }
    }

    /// The counts that are not zero, with their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        KEYS.iter().copied().zip(self.0).filter(|(_, n)| *n > 0)
    }
}
