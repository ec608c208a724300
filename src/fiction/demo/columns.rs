//! Columns of the dwelling register, and the words of its codes.

/// Columns of the file of 2024 in their order. The file of 2022 names the zones of its time
/// (`PLG_QP`, `PLG_IRIS2022_CODE`) and knows no QPV of 2024.
pub const COLUMNS: [&str; 99] = [
    "IDENT_REP",
    "IDENT_INT",
    "SIRET",
    "RS",
    "CAT_ORG",
    "REG_CODE",
    "REG_LIBELLE",
    "LIBREG",
    "DEP_CODE",
    "DEP_LIBELLE",
    "LIBDEP",
    "EPCI_CODE",
    "EPCI_LIBELLE",
    "LIBEPCI",
    "DEPCOM",
    "CODEPOSTAL",
    "LIBCOM",
    "NUMVOIE",
    "INDREP",
    "TYPVOIE",
    "NOMVOIE",
    "NUMAPPT",
    "NUMBOITE",
    "ESC",
    "COULOIR",
    "ETAGE",
    "COMPLIDENT",
    "ENTREE",
    "BAT",
    "IMMEU",
    "COMPLGEO",
    "LIEUDIT",
    "QPV_CODE",
    "QPV_LIBELLE",
    "DROIT_CODE",
    "DROIT_LIBELLE",
    "TYPECONST_CODE",
    "TYPECONST_LIBELLE",
    "NBPIECE",
    "SURFHAB",
    "CONSTRUCT",
    "LOCAT",
    "PATRIMOINE",
    "ORIGINE",
    "FINAN_CODE",
    "FINAN_LIBELLE",
    "FINANAUTRE",
    "CONV",
    "NUMCONV",
    "DATCONV",
    "NEWLOGT_CODE",
    "NEWLOGT_LIBELLE",
    "CUS",
    "DPEDATE",
    "DPEENERGIE",
    "DPESERRE",
    "SRU_EXPIR",
    "SRU_ALINEA",
    "CODSEGPATRIM",
    "LIBSEGPATRIM",
    "PMR_CODE",
    "PMR_LIBELLE",
    "MODE",
    "BAIL",
    "MODESURF",
    "SURFMODE",
    "LOYERPRINC",
    "LOYERACC",
    "CONTRIB",
    "REMLOCDATE",
    "DUREE_VACANCE",
    "CONTRESLOG",
    "PLG_VOIE",
    "EPSG",
    "X",
    "Y",
    "PLG_QP24",
    "PLG_QP15",
    "PLG_IRIS2024_CODE",
    "PLG_IRIS2024_LIBELLE",
    "PLG_ZUS",
    "PLG_QVA",
    "QUALITE_VOIE",
    "QUALITE_NUMERO",
    "QUALITE_XY",
    "DISTANCE_PRECISION",
    "QUALITE_QP24",
    "QUALITE_QP15",
    "QUALITE_IRIS",
    "QUALITE_ZUS",
    "QUALITE_QVA",
    "COMAQP",
    "COMAZUS",
    "UU2020",
    "AAV2020",
    "ZE2020",
    "IDENTGES",
    "LOYERMAXAPL",
    "SORTIEPATRIM",
];

/// First line of the file of one millésime (0: 2022, 1: 2024).
#[must_use]
pub fn header(wave: usize) -> String {
    let names: Vec<String> = COLUMNS
        .iter()
        .filter(|c| wave == 1 || !["PLG_QP24", "QUALITE_QP24"].contains(*c))
        .map(|c| {
            if wave == 1 {
                (*c).to_owned()
            } else {
                c.replace("PLG_QP15", "PLG_QP")
                    .replace("QUALITE_QP15", "QUALITE_QP")
                    .replace("IRIS2024", "IRIS2022")
            }
        })
        .collect();
    names.join(";") + "\n"
}

/// Label of a FINAN code.
#[must_use]
pub fn finan_label(finan: u8) -> &'static str {
    match finan {
        10 => "PLA d'intégration",
        11 => "PLA loyer minoré / PLA très social / PLA insertion",
        12 => "PLA ordinaire",
        13 => "PLUS",
        14 => "PLS / PPLS / PCLS / PLA CFF",
        15 => "PAP locatif",
        16 => "PLI",
        17 => "PCL (conventionné ou non)",
        49 => "Autre financement à partir de 1977",
        50 => "HBM",
        51 => "PLR / PSR",
        52 => "HLM/O",
        53 => "ILM",
        54 => "ILN",
        55 => "Prêts spéciaux du CFF",
        _ => "Autre financement avant 1977",
    }
}
