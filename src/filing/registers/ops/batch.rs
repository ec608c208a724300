//! The columns of `menages.parquet` and `agregats.parquet`.

use crate::registers::columns::batch;

batch! {
    /// One row a dwelling asked; see docs/TABLES.md.
    Households {
        ligne: U64, siren: Text, ident_rep: Text, ident_int: Text, residence: Text, depcom: Text,
        adresse: Text,
        statut_logement: U8, statut_reponse: U8, entree: U32, type_menage: U8,
        nb_personnes: U8, nb_mineurs: U8, age_titulaire: U8,
        nb_0_17: U8, nb_18_24: U8, nb_25_39: U8, nb_40_59: U8, nb_60_64: U8, nb_65_74: U8, nb_75p: U8,
        rfr: I32, pct_plafond: F32, plafond: U8, aide: U8, act_titulaire: U8, act_conjoint: U8,
        nb_adultes: U8, nb_stable: U8, nb_precaire: U8, nb_sans_emploi: U8, nb_retraite: U8, nb_autre: U8,
        drapeaux: U32,
    }
}

batch! {
    /// One row a zone, bailleur, population, indicator and class.
    AggregateRows {
        vague: U16, zone_type: Text, zone_code: Text, bailleur: Text, population: Text, indicateur: Text,
        classe: Text,
        effectif: F64, base: F64,
    }
}
