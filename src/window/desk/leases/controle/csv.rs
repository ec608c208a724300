//! A whole commission, one line a file: lines that cannot be read are named, the others checked.

use std::collections::{BTreeMap, BTreeSet};

use ::csv::ByteRecord;

use crate::desk::csv_body;
use crate::desk::leases::controle::answer::{
    Commission, DossierControle, Effet, EffetEnsemble, ErreurLigne, VerdictRegle,
};
use crate::desk::leases::controle::asked::{
    DemandeControle, Fault, LogementDemande, MenageDemande, MutationDemande,
};
use crate::desk::leases::controle::level::{Checked, Checks};
use crate::desk::leases::controle::question::{in_qpv, quartile};
use crate::desk::problem::Problem;
use crate::french::{self, thousands};
use crate::policy::check::{Cause, Effect};
use crate::policy::counts::Niveau;
use crate::policy::mix::Score;
use crate::policy::objectifs::Target;
use crate::publish::csv_file;
use crate::reference::controle::{Verdict, registre};
use crate::registers::fields;
use crate::registers::intake::{Column, Layout};

/// Checks every line.
pub fn check(checks: &mut Checks<'_>, body: &[u8]) -> Result<Commission, Problem> {
    let (layout, lines) = csv_body::table(registre().map_err(|e| Problem::internal(&e))?, body)?;
    let columns = Columns(&layout);
    let most = checks.checker.rules.fichier.lignes_max;
    let mut out = Commission {
        version: &checks.checker.mix.version,
        version_controle: &checks.checker.rules.version,
        lignes: 0,
        controlees: 0,
        conformes: 0,
        attention: 0,
        contraires: 0,
        indeterminables: 0,
        sans_objet: 0,
        erreurs: Vec::new(),
        dossiers: Vec::new(),
        ensemble: Vec::new(),
        avertissements: Vec::new(),
    };
    let unknown = layout.unknown();
    if !unknown.is_empty() {
        out.avertissements.push(format!("Colonnes inconnues, non lues : {}.", unknown.join(", ")));
    }
    let last = checks.last_day();
    let mut together = Together::default();
    for csv_body::Line { ligne, record, whole } in lines {
        out.lignes += 1;
        if out.lignes > most {
            let most = thousands(most as u64);
            return Err(Problem::body(format!("Le fichier a plus de {most} lignes : découpez-le.")));
        }
        let dossier = columns.reference(&record);
        let read = if whole {
            line(checks, &columns, &record, last)
        } else {
            let wide = format!("{} champs au lieu de {}", record.len(), layout.width);
            Err(Fault::new("", wide, "C00", "Le nombre de champs n'est pas celui de l'en-tête."))
        };
        match read {
            Err(fault) => out.erreurs.push(ErreurLigne {
                ligne,
                dossier,
                colonne: columns.header(fault.champ),
                valeur: fault.valeur,
                regle: fault.regle.to_owned(),
                message: fault.detail,
            }),
            Ok((demande, done)) => {
                together.add(checks, &done, demande.logement.ident_rep.as_deref(), ligne);
                let (checker, siren) = (checks.checker, done.site.siren.as_str());
                out.dossiers.push(DossierControle {
                    ligne,
                    dossier,
                    commune: done.site.commune.clone(),
                    commune_nom: checker.commune_title(&done.site.commune),
                    bailleur_nom: Some(checker.parc.owner(siren).to_owned()).filter(|n| !n.is_empty()),
                    qpv: in_qpv(&done),
                    quartile: quartile(&done),
                    verdict: done.verdict,
                    regles: checks.sentences(&done),
                    demande,
                });
            }
        }
    }
    out.controlees = out.dossiers.len();
    let with = |v: Verdict| out.dossiers.iter().filter(|d| d.verdict == v).count();
    (out.conformes, out.attention, out.contraires) =
        (with(Verdict::Conforme), with(Verdict::Attention), with(Verdict::Contraire));
    (out.indeterminables, out.sans_objet) = (with(Verdict::Indeterminable), with(Verdict::SansObjet));
    let years: BTreeSet<u16> = together.years.iter().copied().filter(|y| !checks.is_loaded(*y)).collect();
    out.avertissements.extend(years.into_iter().map(|year| {
        format!(
            "Aucun bail de {year} n'est chargé : l'effet des dossiers de {year} sur les parts de l'année ne se mesure pas. \
             Importez les attributions de {year}, ou donnez un jour d'une année chargée."
        )
    }));
    out.avertissements.extend(together.warnings());
    out.ensemble = together.effects(checks);
    Ok(out)
}

fn line<'a>(
    checks: &mut Checks<'a>,
    columns: &Columns<'_>,
    record: &ByteRecord,
    last: u32,
) -> Result<(DemandeControle, Checked<'a>), Fault> {
    let demande = columns.asked(record)?;
    let done = checks.check(&demande.read(last)?)?;
    Ok((demande, done))
}

/// Cells of a line, by the names of the register.
struct Columns<'l>(&'l Layout);

impl Columns<'_> {
    /// Name of a field as the file has it.
    fn header(&self, champ: &str) -> String {
        let name = match champ {
            "adresse" => "address",
            "date" if self.0.column("date_bail").at.is_none() => "date_caleol",
            "date" => "date_bail",
            other => other,
        };
        self.0.column(name).header
    }

    /// What the user calls the file.
    fn reference(&self, record: &ByteRecord) -> String {
        self.text("dossier", record).or_else(|| self.text("nud", record)).unwrap_or_default()
    }

    fn text(&self, name: &str, record: &ByteRecord) -> Option<String> {
        self.0.column(name).cell(record).map(|c| String::from_utf8_lossy(c).into_owned())
    }

    /// The day of a cell as `yyyy-mm-dd`, by the habit of its column; the cell itself when it is no day.
    fn day(&self, name: &str, record: &ByteRecord) -> Option<String> {
        let column = self.0.column(name);
        let cell = column.cell(record)?;
        let day = column.date(cell).ok().and_then(|(date, _)| Some((date, date.day?)));
        Some(match day {
            Some((date, day)) => format!("{:04}-{:02}-{day:02}", date.year, date.month),
            None => String::from_utf8_lossy(cell).into_owned(),
        })
    }

    fn number<T>(
        &self,
        name: &'static str,
        record: &ByteRecord,
        read: fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let column: Column = self.0.column(name);
        let Some(cell) = column.cell(record) else { return Ok(None) };
        let text = || String::from_utf8_lossy(cell).into_owned();
        read(cell)
            .map(Some)
            .ok_or_else(|| Fault::new(name, text(), "C03", "Ce n'est pas un nombre acceptable."))
    }

    fn yes(&self, name: &'static str, record: &ByteRecord) -> Result<bool, Fault> {
        let column = self.0.column(name);
        let Some(cell) = column.cell(record) else { return Ok(false) };
        let text = || String::from_utf8_lossy(cell).into_owned();
        fields::boolean(cell).map_err(|_| Fault::new(name, text(), "C07", "« oui » ou « non » est attendu."))
    }

    fn asked(&self, record: &ByteRecord) -> Result<DemandeControle, Fault> {
        let text = |name| self.text(name, record);
        let small = |cell: &[u8]| fields::integer(cell).ok().and_then(|n| u8::try_from(n).ok());
        let decimal = |cell: &[u8]| fields::decimal(cell).ok();
        let money = |cell: &[u8]| fields::money(cell).ok();
        let persons = self.number("nb_personnes", record, small)?;
        let (under, over) =
            (self.number("nb_moins14", record, small)?, self.number("nb_14plus", record, small)?);
        if let (Some(p), Some(u), Some(o)) = (persons, under, over)
            && u16::from(u) + u16::from(o) != u16::from(p)
        {
            let detail = format!("{u} de moins de 14 ans et {o} de 14 ans et plus ne font pas {p}.");
            return Err(Fault::new("nb_personnes", p.to_string(), "C06", detail));
        }
        let street = ["numvoie", "indrep", "typvoie", "nomvoie"].map(text);
        let street =
            street[3].is_some().then(|| street.iter().flatten().cloned().collect::<Vec<_>>().join(" "));
        Ok(DemandeControle {
            date: self.day("date_bail", record).or_else(|| self.day("date_caleol", record)),
            logement: LogementDemande {
                ident_rep: text("ident_rep")
                    .map(|i| String::from_utf8_lossy(&fields::ident_rep(i.as_bytes()).0).into_owned()),
                bailleur_siren: text("bailleur_siren"),
                ident_int: text("ident_int"),
                depcom: text("depcom"),
                adresse: text("address").or(street),
                lon: self.number("lon", record, decimal)?,
                lat: self.number("lat", record, decimal)?,
                qualite: self.number("qualite", record, small)?,
                typologie: text("typologie"),
                financement: text("financement"),
            },
            menage: MenageDemande {
                ressources_mensuelles: self.number("ressources_mensuelles", record, money)?,
                revenu_uc: self.number("revenu_uc", record, money)?,
                nb_personnes: persons.or_else(|| under?.checked_add(over?)),
                nb_moins14: under.or_else(|| persons?.checked_sub(over?)),
                cmi_invalidite: self.yes("cmi_invalidite", record)?,
                quartile: self.number("quartile", record, small_of_quartile)?,
                statut_dalo: text("statut_dalo"),
                accord_collectif: text("accord_collectif"),
                priorite_l441_1: text("priorite_l441_1"),
                activite: text("activite"),
                relogement: text("relogement"),
                pct_plafond: self.number("pct_plafond", record, decimal)?,
                rfr: self.number("rfr", record, |c| fields::amount(c).ok())?,
                cat_plafond: self.number("cat_plafond", record, small)?,
                typologie_souhaitee: text("typologie_souhaitee"),
                commune_souhaitee: text("commune_souhaitee"),
            },
            reservataire: text("reservataire"),
            mutation: text("mutation").map_or_else(MutationDemande::default, MutationDemande::Genre),
            premiere_mise_en_location: self.yes("premiere_mise_en_location", record)?,
        })
    }
}

/// `Q1`, `1`.
fn small_of_quartile(cell: &[u8]) -> Option<u8> {
    let digits = cell.strip_prefix(b"Q").or_else(|| cell.strip_prefix(b"q")).unwrap_or(cell);
    fields::integer(digits).ok().and_then(|n| u8::try_from(n).ok())
}

/// All files of a commission on the targets of their EPCI.
#[derive(Default)]
struct Together<'a> {
    sums: BTreeMap<(String, u16, usize), Sum<'a>>,
    /// Years of the files.
    years: BTreeSet<u16>,
    /// First line of each dwelling: of several files for one, a single lease can come.
    dwellings: BTreeMap<String, u64>,
    /// Dwellings that come again, with their lines.
    again: BTreeMap<String, Vec<u64>>,
}

/// The widest of the levels that a person reads.
const WIDEST: [Niveau; 3] = [Niveau::Epci, Niveau::Bailleur, Niveau::Reservataire];

#[derive(Clone, Copy)]
struct Sum<'a> {
    niveau: Niveau,
    before: Option<Score>,
    target: Target<'a>,
    /// Files that the rule looks at, those that count, those of which one cannot say.
    looked: u32,
    counted: u32,
    unknown: u32,
}

impl<'a> Together<'a> {
    fn add(&mut self, checks: &Checks<'a>, done: &Checked<'a>, dwelling: Option<&str>, ligne: u64) {
        self.years.insert(done.facts.lease.year());
        if let Some(dwelling) = dwelling {
            let first = *self.dwellings.entry(dwelling.to_owned()).or_insert(ligne);
            if first != ligne {
                self.again.entry(dwelling.to_owned()).or_insert_with(|| vec![first]).push(ligne);
                return;
            }
        }
        let Some(epci) = &done.site.epci else { return };
        for f in &done.findings {
            let of = |niveau: Niveau| f.effects.iter().find(|e| e.niveau == niveau);
            let Some(effect) = WIDEST.into_iter().find_map(of) else { continue };
            let Some(at) = checks.checker.mix.rules.iter().position(|r| r.id == f.rule.id) else { continue };
            let key = (epci.clone(), done.facts.lease.year(), at);
            let before = effect.scores.map(|(before, _)| before);
            let sum = self.sums.entry(key).or_insert(Sum {
                niveau: effect.niveau,
                before,
                target: effect.target,
                looked: 0,
                counted: 0,
                unknown: 0,
            });
            sum.looked += 1;
            match f.cause {
                Cause::Income => sum.unknown += 1,
                _ => {
                    sum.counted += u32::from(
                        crate::policy::mix::counts(f.rule, &done.facts.lease)
                            == crate::policy::mix::Known::Yes,
                    )
                }
            }
        }
    }

    /// Dwellings that several files ask for.
    fn warnings(&self) -> Vec<String> {
        let told = |(dwelling, lines): (&String, &Vec<u64>)| {
            let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
            format!(
                "Le logement {dwelling} est proposé aux lignes {} : une seule attribution peut en naître, l'effet d'ensemble \
                 compte celle de la première.",
                lines.join(", ")
            )
        };
        self.again.iter().map(told).collect()
    }

    fn effects(self, checks: &Checks<'a>) -> Vec<EffetEnsemble> {
        let rules = &checks.checker.mix.rules;
        self.sums
            .into_iter()
            .map(|((epci, annee, at), sum)| {
                let rule = &rules[at];
                let scores = sum.before.map(|b| {
                    let after = Score {
                        numerator: b.numerator + sum.counted,
                        denominator: b.denominator + sum.looked,
                        unknown: b.unknown + sum.unknown,
                        ..b
                    };
                    (b, after)
                });
                let title = checks.checker.epci_title(&epci);
                EffetEnsemble {
                    epci_nom: match sum.niveau {
                        Niveau::Epci => title,
                        Niveau::Reservataire => format!("Votre contingent : {title}"),
                        _ => format!("Vos baux : {title}"),
                    },
                    epci,
                    annee,
                    regle: &rule.id,
                    libelle: &rule.libelle,
                    dossiers: sum.looked,
                    comptent: sum.counted,
                    effet: Effet::new(rule, &Effect { niveau: sum.niveau, target: sum.target, scores }),
                }
            })
            .collect()
    }
}

const LEVELS: [(Niveau, &str); 4] = [
    (Niveau::Epci, "epci"),
    (Niveau::Commune, "commune"),
    (Niveau::Bailleur, "bailleur"),
    (Niveau::Reservataire, "reservataire"),
];

/// The commission as a CSV: a line a file and rule, then a line for each file that could not be checked.
pub fn written(found: &Commission) -> ::csv::Result<Vec<u8>> {
    let mut w = csv_file::writer();
    let mut header: Vec<String> = [
        "ligne", "dossier", "commune", "bailleur", "qpv", "regle", "libelle", "article", "version",
        "verdict", "pourquoi",
    ]
    .map(str::to_owned)
    .to_vec();
    for (_, name) in LEVELS {
        header.extend(
            ["part_avant", "part_apres", "ecart_avant", "ecart_apres"].map(|c| format!("{name}_{c}")),
        );
    }
    w.write_record(&header)?;
    for d in &found.dossiers {
        for r in &d.regles {
            w.write_record(row(d, r))?;
        }
    }
    for e in &found.erreurs {
        let mut record = vec![
            e.ligne.to_string(),
            csv_file::inert(&e.dossier),
            String::new(),
            String::new(),
            String::new(),
            e.regle.clone(),
        ];
        record.extend([String::new(), String::new(), String::new(), "ligne non contrôlée".to_owned()]);
        record.push(csv_file::inert(&format!("{} « {} » : {}", e.colonne, e.valeur, e.message)));
        record.resize(header.len(), String::new());
        w.write_record(record)?;
    }
    csv_file::bytes(w)
}

fn row(d: &DossierControle, r: &VerdictRegle) -> Vec<String> {
    let verdict =
        serde_json::to_value(r.verdict).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    let decimal = |v: Option<f64>| v.map_or_else(String::new, french::cell);
    let mut out = vec![
        d.ligne.to_string(),
        csv_file::inert(&d.dossier),
        d.commune_nom.clone(),
        d.bailleur_nom.clone().unwrap_or_default(),
        d.qpv.word().to_owned(),
        r.regle.to_owned(),
        r.libelle.to_owned(),
        r.article.to_owned(),
        r.version.to_owned(),
        verdict,
        r.pourquoi.clone(),
    ];
    for (level, _) in LEVELS {
        let effect = r.effets.iter().find(|e| e.niveau == level);
        let (before, after) = (effect.and_then(|e| e.avant), effect.and_then(|e| e.apres));
        out.extend([decimal(before.and_then(|c| c.part)), decimal(after.and_then(|c| c.part))]);
        out.extend([before, after].map(|c| c.map_or_else(String::new, |c| c.ecart.to_string())));
    }
    out
}
