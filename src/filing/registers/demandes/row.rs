//! One row of a file of demands: cells to codes, bits and amounts.

use csv::ByteRecord;

use super::exchange::age as age_on;
use super::{Batch, proof};
use crate::reference::demandes::Demandes;
use crate::reference::registre::{Liste, Registre};
use crate::registers::attributions::{consumption_units, mutation, pseudonym};
use crate::registers::checks::{self, Coded, ascii, hashed, text};
use crate::registers::fields;
use crate::registers::intake::{Column, Fate, Intake, Layout, Notes, Repeated};

const ACTIVE: u8 = 1;
const CLOSED: u8 = 2;

pub(super) struct Rows<'r> {
    reference: &'r Demandes,
    extrait: u32,
    key: [u8; 32],
    nud: Column,
    depot: Column,
    renouvellement: Column,
    radiation: Column,
    entree: Column,
    refus_le: Column,
    communes: Column,
    actuel: Column,
    travail: Column,
    siren: Column,
    statut: Coded<'r>,
    motif_radiation: Coded<'r>,
    mode: Coded<'r>,
    employeur: Coded<'r>,
    motifs: Coded<'r>,
    natures: Coded<'r>,
    typologies: Coded<'r>,
    priorites: Coded<'r>,
    mutation: Coded<'r>,
    dalo: Coded<'r>,
    accord: Coded<'r>,
    relogement: Coded<'r>,
    activite: Coded<'r>,
    age: Column,
    birth: Column,
    persons: [Column; 3],
    minors: [Column; 3],
    flags: [Column; 4],
    ressources: Column,
    loyer: Column,
    rfr: Column,
    categorie: Column,
    surface: Column,
    pieces: Column,
    refus: Column,
    tokens: [Column; 2],
}

impl<'r> Rows<'r> {
    pub(super) fn new(
        reference: &'r Demandes,
        shared: &'r Registre,
        layout: &Layout,
        extrait: u32,
        key: [u8; 32],
    ) -> Self {
        let column = |n: &str| layout.column(n);
        let own = |n: &str| Coded::new(&reference.registre, layout, n);
        // Lists that allocations have too are theirs.
        let theirs = |n: &str, list: &str| Coded { column: layout.column(n), list: shared.liste(list) };
        Self {
            reference,
            extrait,
            key,
            nud: column("nud"),
            depot: column("date_depot"),
            renouvellement: column("date_renouvellement"),
            radiation: column("date_radiation"),
            entree: column("date_entree_logement"),
            refus_le: column("date_dernier_refus"),
            communes: column("communes_demandees"),
            actuel: column("depcom_actuel"),
            travail: column("depcom_travail"),
            siren: column("bailleur_origine_siren"),
            statut: own("statut"),
            motif_radiation: own("motif_radiation"),
            mode: own("mode_logement"),
            employeur: own("employeur"),
            motifs: own("motifs"),
            natures: own("ressources_natures"),
            typologies: theirs("typologies", "typologie"),
            priorites: theirs("priorite_l441_1", "priorite_l441_1"),
            mutation: theirs("mutation", "mutation"),
            dalo: theirs("statut_dalo", "statut_dalo"),
            accord: theirs("accord_collectif", "accord_collectif"),
            relogement: theirs("relogement", "relogement"),
            activite: theirs("activite", "activite"),
            age: column("age"),
            birth: column("date_naissance"),
            persons: ["nb_personnes", "nb_moins14", "nb_14plus"].map(column),
            minors: ["nb_mineurs", "nb_a_naitre", "nb_garde_alternee"].map(column),
            flags: ["demande_elargie", "cotitulaire", "qpv_actuel", "handicap"].map(column),
            ressources: column("ressources_mensuelles"),
            loyer: column("loyer_charges"),
            rfr: column("rfr"),
            categorie: column("cat_plafond"),
            surface: column("surface"),
            pieces: column("pieces"),
            refus: column("nb_refus"),
            tokens: ["justificatifs", "criteres_locaux"].map(column),
        }
    }

    fn day(column: &Column, record: &ByteRecord, notes: &mut Notes<'_>) -> Option<u32> {
        let cell = column.cell(record)?;
        let day = checks::date(column, cell, "S04", "aaaa-mm-jj", notes)?.yyyymmdd();
        if day.is_none() {
            notes.note("S04", column, cell, "Date sans jour (attendu : aaaa-mm-jj) ; elle est ignorée.");
        }
        day
    }

    /// Communes asked for, in their order, each once: `73901|73902`.
    fn asked(&self, record: &ByteRecord, notes: &mut Notes<'_>) -> Option<(String, String)> {
        let cell = self.communes.cell(record)?;
        let mut list: Vec<String> = Vec::new();
        for word in words(cell) {
            // « Chambéry (73065) », « 73065 73008 », « ["73065" »: the codes that stand there.
            let pieces = word.split(|c: char| !c.is_alphanumeric()).filter(|p| !p.is_empty());
            let codes: Vec<String> = std::iter::once(word)
                .chain(pieces)
                .filter_map(|p| fields::commune(p.as_bytes()).ok())
                .map(|(code, _)| String::from_utf8_lossy(&code).into_owned())
                .collect();
            if codes.is_empty() {
                let message = format!("« {word} » n'est pas un code commune de l'Insee ; il est ignoré.");
                notes.note("S06", &self.communes, cell, message);
            }
            for code in codes {
                if !list.contains(&code) {
                    list.push(code);
                }
            }
        }
        Some((list.first()?.clone(), list.join("|")))
    }

    /// A sum from 0 to `max` €.
    fn sum(column: &Column, record: &ByteRecord, max: f64, notes: &mut Notes<'_>) -> Option<f64> {
        let cell = column.cell(record)?;
        let v = checks::money(column, cell, "S09", notes)?;
        if v > 0.0 && column.looks_annual() {
            notes.note("S12", column, cell, checks::ANNUAL);
            return None;
        }
        if (0.0..=max).contains(&v) {
            return Some(v);
        }
        let message = format!("Attendu de 0 à {max} € par mois ; la valeur est ignorée (montant annuel ?).");
        notes.note("S12", column, cell, message);
        None
    }

    /// Codes of criteria, `C03|L01`: anything else is not kept, for a free text may name someone.
    fn tokens(column: &Column, record: &ByteRecord, notes: &mut Notes<'_>) -> Option<String> {
        let cell = column.cell(record)?;
        let mut list: Vec<&str> = Vec::new();
        for word in words(cell) {
            let (letter, rest) = word.split_at_checked(1).unwrap_or((word, ""));
            let sound = matches!(letter, "C" | "L")
                && (2..=3).contains(&rest.len())
                && rest.bytes().all(|b| b.is_ascii_digit());
            if !sound {
                let message = "Un code de critère est attendu (C01, L02…) ; la valeur est ignorée.";
                notes.note("S08", column, b"", message);
            } else if !list.contains(&word) {
                list.push(word);
            }
        }
        (!list.is_empty()).then(|| list.join("|"))
    }

    /// Birth date of who asks. It is never quoted: with the number it opens the applicant's page.
    fn birth(&self, record: &ByteRecord, notes: &mut Notes<'_>) -> Option<u32> {
        let cell = self.birth.cell(record)?;
        let day = self.birth.date(cell).ok().and_then(|(date, _)| date.yyyymmdd());
        let [low, high] = self.reference.seuils.age;
        let sound = day.filter(|b| {
            age_on(*b, self.extrait).is_some_and(|a| (u32::from(low)..=u32::from(high)).contains(&a))
        });
        if sound.is_none() {
            let message =
                "Date de naissance illisible ou hors bornes (attendu : aaaa-mm-jj) ; elle est ignorée.";
            notes.note("S17", &self.birth, b"", message);
        }
        sound
    }

    /// The pseudonym of the unique number; None rejects the row.
    fn number(&self, record: &ByteRecord, notes: &mut Notes<'_>) -> Option<String> {
        let Some(cell) = self.nud.cell(record) else {
            notes.note("S01", &self.nud, b"", "Le numéro unique est nécessaire.");
            return None;
        };
        Some(pseudonym(&self.key, &checks::nud(&self.nud, cell, "S15", notes)?))
    }
}

/// Words of a cell that holds several.
fn words(cell: &[u8]) -> impl Iterator<Item = &str> {
    text(Some(cell)).split([',', '|', '/', '+', ';', '\n', '\r']).map(str::trim).filter(|w| !w.is_empty())
}

/// Codes of one word: as the list has it, without its spaces (« T 3 »), with its label behind (« 03 -
/// Logement non décent »), or several with nothing but spaces between (« T3 ou T4 »).
fn codes(list: &Liste, word: &str) -> Option<Vec<u8>> {
    let one = |w: &str| list.code(w.as_bytes());
    let head = word.split([':', '–']).next().and_then(|w| w.split(" - ").next()).unwrap_or(word).trim();
    if let Some(code) = one(word).or_else(|| one(&word.replace(' ', ""))).or_else(|| one(head)) {
        return Some(vec![code]);
    }
    let several = word.split_whitespace().filter(|w| !matches!(*w, "ou" | "et" | "OU" | "ET"));
    several.map(one).collect()
}

/// Codes of a cell as bits; unknown words are noted and left out.
fn bits(c: &Coded<'_>, record: &ByteRecord, notes: &mut Notes<'_>) -> Option<u32> {
    let cell = c.column.cell(record)?;
    let list: &Liste = c.list?;
    // « T1 bis » is one word; « k, a » are two.
    if let Some(code) = list.code(cell) {
        return Some(1 << (code - 1));
    }
    let mut out = 0;
    for word in words(cell) {
        match codes(list, word) {
            Some(codes) => codes.into_iter().for_each(|code| out |= 1 << (code - 1)),
            None => {
                let message = format!("« {word} » est inconnu, ignoré ; valeurs admises : {}.", list.admis());
                notes.misfit("S08", &c.column, cell, message);
            }
        }
    }
    (out != 0).then_some(out)
}

fn yes_no(column: &Column, record: &ByteRecord, notes: &mut Notes<'_>) -> Option<bool> {
    let cell = column.cell(record)?;
    let v = fields::boolean(cell).ok();
    if v.is_none() {
        notes.misfit("S13", column, cell, "« oui » ou « non » est attendu ; la valeur est ignorée.");
    }
    v
}

/// A commune of one cell, as text.
fn commune(column: &Column, record: &ByteRecord, notes: &mut Notes<'_>) -> Option<[u8; 5]> {
    checks::commune(column, record, "S06", notes)
}

impl Intake for Rows<'_> {
    type Batch = Batch;
    type State = ();

    fn registre(&self) -> &Registre {
        &self.reference.registre
    }

    fn schema(&self) -> polars::prelude::Schema {
        Batch::schema()
    }

    fn state(&self) {}

    fn batch(&self) -> Batch {
        Batch::new(10_000)
    }

    fn columns(&self, batch: Batch) -> Vec<polars::prelude::Column> {
        batch.done()
    }

    fn repeated(&self) -> Option<Repeated> {
        Some(Repeated {
            rule: "S02",
            header: self.nud.header.clone(),
            // The pseudonym of the table, never the number of the file.
            column: "nud",
            message: "Cette demande figure déjà plus haut dans le fichier ; la première ligne est gardée.",
        })
    }

    fn row(&self, record: &ByteRecord, (): &mut (), b: &mut Batch, notes: &mut Notes<'_>) -> Fate {
        let Some(nud) = self.number(record, notes) else { return Fate::Rejected };
        let Some(depot) = Self::day(&self.depot, record, notes) else {
            let cell = self.depot.cell(record).unwrap_or(b"");
            let message = match cell {
                [] => "La date de dépôt est nécessaire.",
                _ => "La date de dépôt ne peut être lue : écrivez-la aaaa-mm-jj ou jj/mm/aaaa.",
            };
            notes.note("S01", &self.depot, cell, message);
            return Fate::Rejected;
        };
        let first = self.reference.seuils.annee_min;
        if depot / 10_000 < u32::from(first) {
            let cell = self.depot.cell(record).unwrap_or(b"");
            notes.note("S01", &self.depot, cell, format!("Aucune demande n'est d'avant {first}."));
            return Fate::Rejected;
        }
        let Some((depcom, communes)) = self.asked(record, notes) else {
            let cell = self.communes.cell(record).unwrap_or(b"");
            let message = match cell {
                [] => "Une commune demandée au moins est nécessaire.",
                _ => "Aucun code commune de l'Insee ne se lit ici ; il en faut un au moins (73065, 2A004).",
            };
            notes.note("S03", &self.communes, cell, message);
            return Fate::Rejected;
        };
        if depot > self.extrait {
            notes.note("S16", &self.depot, b"", "Cette demande est plus récente que l'extraction.");
        }
        let s = &self.reference.seuils;
        let [renewed, closed, entered, refused] =
            [&self.renouvellement, &self.radiation, &self.entree, &self.refus_le]
                .map(|c| Self::day(c, record, notes));
        if renewed.is_some_and(|r| r < depot) {
            let cell = self.renouvellement.cell(record).unwrap_or(b"");
            notes.note("S04", &self.renouvellement, cell, "Le renouvellement précède le dépôt.");
        }
        if closed.is_some_and(|c| c < depot) {
            let cell = self.radiation.cell(record).unwrap_or(b"");
            notes.note("S05", &self.radiation, cell, "La radiation précède le dépôt.");
        }
        let statut = checks::coded(&self.statut, record, "S08", notes);
        let why = checks::coded(&self.motif_radiation, record, "S08", notes);
        if (statut == Some(ACTIVE) && closed.is_some()) || (statut == Some(CLOSED) && closed.is_none()) {
            notes.note("S14", &self.statut.column, b"", "La date de radiation et le statut se contredisent.");
        }
        // A word that nobody knows is no active demand: it would wait for ever.
        let unknown = statut.is_none() && self.statut.column.cell(record).is_some();
        let statut = match closed {
            Some(_) => statut.or(Some(CLOSED)),
            None if unknown => None,
            None => statut.or(Some(ACTIVE)),
        };
        let [mode, employer, dalo, agreement, relocation, work] =
            [&self.mode, &self.employeur, &self.dalo, &self.accord, &self.relogement, &self.activite]
                .map(|c| checks::coded(c, record, "S08", notes));
        let [motives, kinds, sizes, priorities] =
            [&self.motifs, &self.natures, &self.typologies, &self.priorites].map(|c| bits(c, record, notes));
        let origin = self.siren.cell(record).and_then(|_| checks::siren(&self.siren, record, "S07", notes));
        // Without the bailleur of the new dwelling, a mutation is what the file says it is.
        let transfer = mutation(checks::coded(&self.mutation, record, "S08", notes), None, None);
        let birth = self.birth(record, notes);
        let counted = birth.and_then(|b| u8::try_from(age_on(b, self.extrait)?).ok());
        let age = checks::within(&self.age, record, s.age, "S10", "S09", notes).or(counted);
        let persons = checks::within(&self.persons[0], record, s.nb_personnes, "S10", "S09", notes);
        let [under, over] =
            [&self.persons[1], &self.persons[2]].map(|c| checks::count(c, record, "S09", notes));
        if let (Some(p), Some(u), Some(o)) = (persons, under, over)
            && u16::from(u) + u16::from(o) != u16::from(p)
        {
            let message = format!("{u} de moins de 14 ans et {o} de 14 ans et plus ne font pas {p}.");
            notes.note("S11", &self.persons[0], b"", message);
        }
        let [minors, unborn, shared] = [&self.minors[0], &self.minors[1], &self.minors[2]]
            .map(|c| checks::count(c, record, "S09", notes));
        let [wide, second, qpv, disabled] = [&self.flags[0], &self.flags[1], &self.flags[2], &self.flags[3]]
            .map(|c| yes_no(c, record, notes));
        let resources = Self::sum(&self.ressources, record, s.ressources_mensuelles_max, notes);
        let rent = Self::sum(&self.loyer, record, s.loyer_max, notes);
        let older = over.or_else(|| persons?.checked_sub(under?)).filter(|o| *o > 0);
        let younger = under.or_else(|| persons?.checked_sub(over?));
        let units = older.zip(younger).map(|(o, u)| consumption_units(o, u));
        let per_unit = resources.zip(units).map(|(r, units)| 12.0 * r / units);
        let rfr = checks::amount(&self.rfr, record, s.rfr_max, "S12", "S09", notes);
        let category = checks::within(&self.categorie, record, [1, 6], "S10", "S09", notes);
        let surface = self.surface.cell(record).and_then(|cell| {
            let read = checks::money(&self.surface, cell, "S09", notes)?.round();
            let sound = (f64::from(s.surface[0])..=f64::from(s.surface[1])).contains(&read);
            if !sound {
                notes.note("S10", &self.surface, cell, "Surface hors bornes ; la valeur est ignorée.");
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            sound.then_some(read as u16)
        });
        let [rooms, refusals] = [&self.pieces, &self.refus].map(|c| checks::count(c, record, "S09", notes));
        let [proofs, local] = [&self.tokens[0], &self.tokens[1]].map(|c| Self::tokens(c, record, notes));
        let (here, works) = (commune(&self.actuel, record, notes), commune(&self.travail, record, notes));

        b.ligne.push(Some(notes.line()));
        b.extrait.push(Some(self.extrait));
        b.nud.push(Some(&nud));
        b.date_depot.push(Some(depot));
        b.date_renouvellement.push(renewed);
        b.statut.push(statut);
        b.date_radiation.push(closed);
        b.motif_radiation.push(why);
        b.depcom.push(Some(&depcom));
        b.communes.push(Some(&communes));
        b.elargie.push(wide);
        b.typologies.push(sizes);
        b.depcom_actuel.push(ascii(&here));
        b.depcom_travail.push(ascii(&works));
        b.mode_logement.push(mode);
        b.motifs.push(motives);
        b.mutation_genre.push(transfer);
        b.bailleur_origine_siren.push(ascii(&origin));
        b.statut_dalo.push(dalo);
        b.accord_collectif.push(agreement);
        b.priorites.push(priorities);
        b.relogement.push(relocation);
        b.age.push(age);
        b.nb_personnes.push(persons);
        b.nb_moins14.push(under);
        b.nb_14plus.push(over);
        b.nb_mineurs.push(minors);
        b.nb_a_naitre.push(unborn);
        b.nb_garde_alternee.push(shared);
        b.cotitulaire.push(second);
        b.ressources_mensuelles.push(resources);
        b.ressources_natures.push(kinds);
        b.uc.push(units);
        b.revenu_uc.push(per_unit);
        b.rfr.push(rfr);
        b.cat_plafond.push(category);
        b.activite.push(work);
        b.employeur.push(employer);
        b.loyer_charges.push(rent);
        b.surface.push(surface);
        b.pieces.push(rooms);
        b.date_entree_logement.push(entered);
        b.qpv_actuel.push(qpv);
        b.handicap.push(disabled);
        b.nb_refus.push(refusals);
        b.date_dernier_refus.push(refused);
        b.justificatifs.push(proofs.as_deref());
        b.criteres_locaux.push(local.as_deref());
        let shown = birth.map(|day| proof(&self.key, &nud, day));
        b.preuve.push(shown.as_deref());
        b.drapeaux.push(Some(notes.flags()));
        Fate::Kept { key: Some(hashed(nud.as_bytes())) }
    }
}
