//! What an applicant is told of his own demand.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::days;
use crate::desk::cotation::cotee::Scored;
use crate::desk::cotation::facts;
use crate::desk::cotation::grilles::grid_of;
use crate::desk::cotation::justificatifs::{Ticks, ticks};
use crate::desk::cotation::pression::{Delai, catalogue};
use crate::desk::editions::App;
use crate::desk::problem::Problem;
use crate::reference::scoring::BITS;
use crate::scoring::demands::{Demands, NONE};
use crate::scoring::demands::{HOUSED, months};
use crate::scoring::grid::Genre;
use crate::scoring::grid::Grille;
use crate::scoring::note::{self, Basis};
use crate::state::State;

/// Ce que le demandeur donne.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionDemandeur {
    /// Le numéro unique, comme l'attestation le donne ; espaces et casse ne comptent pas.
    pub numero: String,
    /// La date de naissance du demandeur, AAAA-MM-JJ.
    pub naissance: String,
}

/// Un critère de la grille, tel qu'elle est publiée.
#[derive(Debug, Serialize, ToSchema)]
pub struct CritereGrille {
    pub libelle: String,
    /// Points, au plus.
    pub points: i32,
    /// Les points dépendent d'un montant, d'une durée ou d'une surface.
    pub variable: bool,
}

/// Un critère que la demande remplit.
#[derive(Debug, Serialize, ToSchema)]
pub struct CritereRempli {
    pub libelle: String,
    pub points: i32,
    /// Il compte dans la note ; sinon un autre critère du même groupe donne plus.
    pub compte: bool,
    /// Pièce que la grille demande ; nulle : aucune.
    pub piece: Option<String>,
    /// La pièce a été reçue et vérifiée.
    pub piece_recue: bool,
}

/// Ma note sur un territoire.
#[derive(Debug, Serialize, ToSchema)]
pub struct MaNote {
    pub territoire: String,
    pub grille: String,
    /// D'après ce que vous avez déclaré.
    pub note: i32,
    /// Avec les seules pièces vérifiées.
    pub note_verifiee: i32,
    pub rang: Option<u32>,
    /// Quart de la file (1 à 4), quand les demandes semblables sont peu nombreuses.
    pub quart: Option<u8>,
    pub semblables: Option<u32>,
    pub delai: Option<Delai>,
    pub criteres: Vec<CritereRempli>,
    /// Points de critères qui ne se lisent pas ici (santé, handicap…).
    pub autres_points: i32,
    /// Une pièce manque pour l'un d'eux.
    pub autre_piece: bool,
    /// Points retirés après un refus.
    pub refus: i32,
    /// Tous les critères de la grille.
    pub baremes: Vec<CritereGrille>,
}

/// Ma demande.
#[derive(Debug, Serialize, ToSchema)]
pub struct MaDemande {
    /// Jour de l'extraction des demandes.
    pub au: String,
    pub depot: String,
    /// Mois entiers depuis le premier dépôt.
    pub anciennete: i32,
    /// Jour où elle a été close ; nul : elle est en attente.
    pub close: Option<String>,
    /// Elle a été close par l'attribution d'un logement.
    pub logee: bool,
    pub communes: Vec<String>,
    /// Une note par territoire qui a adopté une grille.
    pub notes: Vec<MaNote>,
    /// Territoires demandés qui n'ont pas de grille en vigueur.
    pub sans_grille: Vec<String>,
}

pub const UNKNOWN: &str = "Nous ne pouvons pas vous montrer de note avec ce numéro et cette date de naissance. \
    Vérifiez-les sur votre attestation. Certaines demandes se lisent au guichet seulement.";

pub const CLOSED: &str = "La consultation n'est pas ouverte : les demandes de ce service ont été reçues sans date de \
    naissance.";

pub const WAIT: &str = "Trop d'essais. Réessayez demain, ou demandez votre note au guichet.";

/// The number and the birth date (`yyyymmdd`) as given.
pub fn read(asked: &QuestionDemandeur) -> Result<(String, u32), Problem> {
    let nud: String = asked.numero.chars().filter(|c| c.is_alphanumeric()).collect();
    // What was typed is not repeated: it may be a number.
    if !(8..=30).contains(&nud.len()) {
        let why = "Le numéro unique a 18 signes : il est sur votre attestation d'enregistrement.";
        return Err(Problem::value("numero", "", why));
    }
    let day = asked.naissance.replace('-', "").parse().ok();
    let birth = day.filter(|d| days::civil(*d).is_some() && days::iso(*d) == asked.naissance);
    let why = "La date de naissance s'écrit AAAA-MM-JJ, comme 1985-03-27.";
    Ok((nud, birth.ok_or_else(|| Problem::value("naissance", "", why))?))
}

/// The demand that is read here, if there is one. The same work whether it is found or not: all demands are
/// looked at, and one is judged. What a right answer then takes longer, its content tells anyway.
pub fn readable(
    all: &Demands,
    nud: u128,
    proof: u128,
    hidden: impl FnOnce(&Demands, usize) -> bool,
) -> Option<usize> {
    let row = all.opened(nud, proof);
    let hidden = hidden(all, row.unwrap_or(0));
    row.filter(|_| !hidden)
}

/// A demand whose note is read at a counter only: who threatens the household may know its number and
/// birth date.
pub fn at_the_counter(all: &Demands, row: usize) -> bool {
    let Ok(criteria) = catalogue() else { return true };
    let Some(row32) = u32::try_from(row).ok() else { return true };
    let epci = all.asks(row).first().map_or(NONE, |c| all.epci_of(*c));
    let Ok(facts) = facts(all, vec![row32], epci) else { return true };
    let places = criteria.regles.au_guichet.iter().filter_map(|c| criteria.place(c)).filter(|p| *p < BITS);
    let hidden = places.fold(0u128, |bits, p| bits | 1 << p);
    (facts.met[0] | facts.proven[0]) & hidden != 0
}

/// Note, detail, place and waiting time of one demand.
pub fn my_note(
    app: &App,
    all: &Demands,
    row: usize,
    epci: u32,
    grid: &Grille,
    ticks: &Ticks,
    territoire: String,
) -> Result<MaNote, Problem> {
    let criteria = catalogue()?;
    let scored = Scored::new(all, epci, grid, Basis::Provisional, ticks, app.secrecy.k)?;
    let mine = scored.facts.rows.iter().position(|r| *r as usize == row);
    let i = mine.ok_or_else(|| Problem::internal(&"une demande en attente sans note"))?;
    let told = scored.told(i)?;
    let verified = note::detail(&scored.facts, i, grid, criteria, Basis::Definitive);
    let proven =
        |code: &str| criteria.place(code).is_some_and(|p| p < BITS && scored.facts.proven[i] >> p & 1 == 1);
    let label = |code: &str, local: Option<&String>| {
        criteria.critere(code).map_or_else(|| local.cloned().unwrap_or_default(), |c| c.libelle.clone())
    };
    let asks = |code: &str| grid.criteres.iter().find(|l| l.code == code).is_some_and(|l| l.preuve);
    let piece = |code: &str| {
        let known = criteria.critere(code).and_then(|c| c.preuve.clone());
        asks(code).then(|| known.unwrap_or_else(|| "Un justificatif".to_owned()))
    };
    let criteres = told
        .detail
        .into_iter()
        .map(|p| CritereRempli {
            points: p.points,
            compte: p.raison == "compte",
            piece: piece(&p.code),
            piece_recue: proven(&p.code),
            libelle: p.libelle,
        })
        .collect();
    let sensitive = |code: &str| criteria.critere(code).is_some_and(|c| c.sensible);
    let missing = |p: &note::Part| p.reason == note::Reason::NoEvidence && sensitive(&p.code);
    let baremes = grid
        .criteres
        .iter()
        .map(|l| {
            let most = l.tranches.iter().map(|t| t.points).max();
            CritereGrille {
                libelle: label(&l.code, l.libelle.as_ref()),
                points: most.or(l.progression.map(|p| p.plafond)).unwrap_or(l.points),
                variable: !l.tranches.is_empty() || l.progression.is_some(),
            }
        })
        .collect();
    Ok(MaNote {
        territoire,
        grille: grid.nom.clone(),
        note: told.note,
        note_verifiee: verified.note,
        rang: told.rang,
        quart: told.quart,
        semblables: told.semblables,
        delai: told.delai,
        criteres,
        autres_points: told.autres_points,
        autre_piece: verified.parts.iter().any(missing),
        refus: told.refus,
        baremes,
    })
}

/// What an applicant who proved to be one is told.
pub async fn answer(
    state: &State,
    app: Arc<App>,
    all: Arc<Demands>,
    row: usize,
) -> Result<MaDemande, Problem> {
    let waits = all.waits(row);
    let genre = if all.is_mutation(row) { Genre::Mutation } else { Genre::Premiere };
    let mut epcis: Vec<u32> = Vec::new();
    for c in all.asks(row) {
        let e = all.epci_of(*c);
        if e != NONE && !epcis.contains(&e) {
            epcis.push(e);
        }
    }
    let title = |e: u32| {
        let unit = &all.epcis[e as usize];
        if unit.nom.is_empty() { unit.code.clone() } else { unit.nom.clone() }
    };
    let (mut grids, mut sans_grille): (Vec<(u32, Grille, Ticks)>, Vec<String>) = (Vec::new(), Vec::new());
    for e in epcis.into_iter().filter(|_| waits) {
        let code = &all.epcis[e as usize].code;
        match grid_of(state, code, genre).await {
            Ok(grid) => grids.push((e, grid, ticks(state, code).await?)),
            Err(p) if p.is_absent() => sans_grille.push(title(e)),
            Err(p) => return Err(p),
        }
    }
    let name = |c: &u32| {
        all.communes.get(*c as usize).map(|c| if c.nom.is_empty() { &c.code } else { &c.nom }.clone())
    };
    let mut out = MaDemande {
        au: days::iso(all.extrait),
        depot: days::iso(all.depot[row]),
        anciennete: months(all.depot[row], if waits { all.extrait } else { all.fin[row] }),
        close: (!waits && all.fin[row] > 0).then(|| days::iso(all.fin[row])),
        logee: !waits && all.motif_fin[row] == HOUSED,
        communes: all.asks(row).iter().filter_map(name).collect(),
        notes: Vec::new(),
        sans_grille,
    };
    let titled: Vec<String> = grids.iter().map(|(e, ..)| title(*e)).collect();
    let work = move || {
        let noted = grids.iter().zip(titled);
        noted.map(|((e, grid, ticks), title)| my_note(&app, &all, row, *e, grid, ticks, title)).collect()
    };
    let notes: Result<Vec<MaNote>, Problem> =
        tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?;
    out.notes = notes?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    use super::*;

    const MANY: u32 = 200_000;

    /// As many demands; that of row 7 is read at a counter only.
    fn demands() -> Demands {
        let of = |k: u128| (0..u128::from(MANY)).map(|i| (i + 1) * k).collect();
        Demands { nud: of(3), preuve: of(5), ..Demands::default() }
    }

    /// Unknown number, wrong proof, counter only, first, last: number, proof, and the row that is read.
    fn questions() -> [(u128, u128, Option<usize>); 5] {
        let last = u128::from(MANY);
        [
            (1, 5, None),
            (3 * 9, 5 * 8, None),
            (3 * 8, 5 * 8, None),
            (3, 5, Some(0)),
            (3 * last, 5 * last, Some(MANY as usize - 1)),
        ]
    }

    /// Whatever is asked, one demand is judged, and it is the one that was found or the first.
    #[test]
    fn one_demand_is_judged_whether_the_number_the_proof_or_both_are_right() {
        let all = demands();
        for (nud, proof, read) in questions() {
            let judged = Cell::new(0);
            let row = readable(&all, nud, proof, |_, row| {
                judged.set(judged.get() + 1);
                row == 7
            });
            assert_eq!((row, judged.get()), (read, 1), "{nud} {proof}");
        }
    }

    /// The time to decide does not tell either. The least of many measures is that of the work alone,
    /// whatever else the machine does; a search that stopped at what it finds would be far apart.
    #[test]
    fn the_time_to_decide_tells_nothing_of_a_number() {
        let all = demands();
        let mut least = [Duration::MAX; 5];
        for _ in 0..60 {
            for (least, (nud, proof, read)) in least.iter_mut().zip(questions()) {
                let begun = Instant::now();
                let row = readable(std::hint::black_box(&all), nud, proof, |_, row| row == 7);
                *least = (*least).min(begun.elapsed());
                assert_eq!(row, read);
            }
        }
        println!("decided in {least:?}");
        let (fast, slow) = (least.iter().min().unwrap(), least.iter().max().unwrap());
        assert!(*slow < *fast * 2, "{least:?}");
    }
}
