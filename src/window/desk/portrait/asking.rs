//! What a portrait is made of: the same questions as those of the page, to the same desk.

use serde_json::Value;

use super::maps::maps;
use super::words::{self, figure};
use super::{Question, Subject};
use crate::access::{self, Person};
use crate::days;
use crate::desk::cotation::pression;
use crate::desk::editions::App;
use crate::desk::figures::{self, Question as Listing};
use crate::desk::mesure::{DemandeMesure, Mesure, mesures};
use crate::desk::problem::Problem;
use crate::desk::query::{self, Asked};
use crate::desk::{fiche, geometry, situation, zones};
use crate::disclosure::figure::Figure;
use crate::publish::Row;
use crate::publish::pdf::Cells;
use crate::publish::portrait::{Edition, Part, Portrait};
use crate::reference::access::Class;
use crate::reference::indicators::Indicator;
use crate::reference::portrait::portrait as data;
use crate::reference::situation::situation as rules;
use crate::reference::{scales, zonage};
use crate::state;

/// A zone around another one.
#[derive(Debug, Clone)]
pub(super) struct Around {
    pub scale: &'static str,
    pub code: String,
    pub nom: String,
}

/// A subject, who asks, and the first answers.
pub(super) struct Asking<'a> {
    pub app: &'a App,
    pub person: &'a Person,
    pub question: &'a Question,
    pub indicators: Vec<&'static Indicator>,
    pub whole: Mesure,
    pub around: Vec<(Around, Mesure)>,
    /// Residences, largest first; why there are none.
    residences: Result<Vec<Row<'static>>, String>,
    asked: Value,
}

impl<'a> Asking<'a> {
    /// # Errors
    /// The zone does not exist, or is not open.
    pub(super) fn new(app: &'a App, person: &'a Person, question: &'a Question) -> Result<Self, Problem> {
        let mut indicators = query::indicators(app, Some(&data().indicateurs()))?;
        // What is not open to someone has not even a name on their paper.
        if !access::sees_households(person) {
            indicators.retain(|i| !app.catalogue.describes_households(i));
        }
        let (whole, asked) = ask(app, person, question, &indicators, |_| ())?;
        let mut out = Self {
            app,
            person,
            question,
            indicators,
            whole,
            around: Vec::new(),
            residences: Ok(Vec::new()),
            asked,
        };
        let places = out.places()?;
        for place in places {
            let subject = Subject::Zone(place.scale.to_owned(), place.code.clone());
            let there = Question { subject, ..question.clone() };
            if let Ok((mesure, _)) = ask(app, person, &there, &out.indicators, |_| ()) {
                out.around.push((place, mesure));
            }
        }
        out.residences = out.largest();
        Ok(out)
    }

    /// The same question with something more; None if that is not to be had.
    fn also(&self, more: impl FnOnce(&mut Asked)) -> Option<Mesure> {
        ask(self.app, self.person, self.question, &self.indicators, more).ok().map(|(mesure, _)| mesure)
    }

    pub(super) fn scale(&self) -> Option<&str> {
        match &self.question.subject {
            Subject::Zone(scale, _) => Some(scale),
            Subject::Drawn(_) => None,
        }
    }

    pub(super) fn base(&self) -> Asked {
        base(self.question)
    }

    pub(super) fn indicator(&self, id: &str) -> Option<&'static Indicator> {
        self.indicators.iter().copied().find(|i| i.id == id)
    }

    /// Figures that the person's rights name and that tell something of this zone.
    fn known(&self, ids: &'a [String]) -> Vec<&'static Indicator> {
        let scale = self.scale().unwrap_or_default();
        ids.iter().filter(|id| data().tells(id, scale)).filter_map(|id| self.indicator(id)).collect()
    }

    pub(super) fn years(&self) -> [Option<u16>; 2] {
        [Some(self.whole.millesime), self.whole.vague.filter(|_| self.households())]
    }

    pub(super) fn as_asked(&self) -> Value {
        self.asked.clone()
    }

    /// Zones that the paper has figures of.
    pub(super) fn rows(&self) -> usize {
        1 + self.residences.as_ref().map_or(0, Vec::len)
    }

    pub(super) fn withheld(&self) -> bool {
        self.whole.chiffres.iter().any(|f| f.secret)
    }

    fn households(&self) -> bool {
        self.indicators.iter().any(|i| self.app.catalogue.describes_households(i))
    }

    /// Commune, EPCI and département around the middle of the subject, the nearest first.
    fn places(&self) -> Result<Vec<Around>, Problem> {
        let wanted: &[&'static str] = match self.scale() {
            Some("departement") => &[],
            Some("epci") => &["departement"],
            Some("commune") => &["epci", "departement"],
            _ => &["commune", "epci", "departement"],
        };
        let loaded = self.base().resolve(self.app)?.loaded;
        let middle = match &self.question.subject {
            Subject::Zone(scale, code) => zones::centre(&loaded, scale, code),
            Subject::Drawn(zone) => match (&zone.geometrie, zone.codes.as_deref()) {
                (Some(shape), _) => {
                    let limits = zonage::limits();
                    let areas = geometry::areas("geometrie", shape, limits, &geometry::effort(limits))?;
                    areas.first().and_then(zones::inside).map(|p| p.to_vec())
                }
                (None, Some([first, ..])) => zones::centre(&loaded, &first.echelle, &first.code),
                _ => None,
            },
        };
        let Some([lon, lat]) = middle.as_deref() else { return Ok(Vec::new()) };
        let there = situation::locate(&loaded, rules(), [*lon, *lat], None, None);
        let of = |scale: &'static str| {
            let found = match scale {
                "commune" => there.commune.as_ref(),
                "epci" => there.epci.as_ref(),
                _ => there.departement.as_ref(),
            };
            found.map(|l| Around { scale, code: l.code.clone(), nom: l.nom.clone() })
        };
        Ok(wanted.iter().filter_map(|s| of(s)).collect())
    }

    /// The largest residences of a zone of a scale.
    fn largest(&self) -> Result<Vec<Row<'static>>, String> {
        let Subject::Zone(scale, code) = &self.question.subject else { return Ok(Vec::new()) };
        if scales::scale(scale).acces == Class::Fine || self.question.edition == Edition::Publique {
            return Ok(Vec::new());
        }
        let listing = Listing {
            echelle: "residence".to_owned(),
            dans: Some(format!("{scale}:{code}")),
            asked: self.base(),
            indicateurs: Some(data().residences.clone()),
            places: false,
        };
        let found = figures::read(self.app, self.person, &listing, |reading| {
            let mut zones = reading.zones.clone();
            zones.sort_by_key(|z| std::cmp::Reverse(reading.dwellings(*z)));
            zones.truncate(data().residences_max);
            Ok(reading.rows(&zones)?.into_iter().map(Row::owned).collect::<Vec<_>>())
        });
        let found = found.map_err(|problem| problem.detail)?;
        if found.is_empty() {
            let none = if self.whole.couverture.residences > 0 {
                "Les résidences de cette zone ne sont pas ouvertes à votre organisme."
            } else {
                "Aucune résidence n’est repérée dans cette zone."
            };
            return Err(none.to_owned());
        }
        Ok(found)
    }

    /// The whole portrait.
    ///
    /// # Errors
    /// Contours cannot be read.
    pub(super) fn gather(&self) -> Result<Portrait, Problem> {
        let whole = &self.whole;
        let recents = self.also(|a| a.population = Some("RECENTS".to_owned()));
        let mut parties = vec![
            [self.resources(recents.as_ref()), self.quarters()].into_iter().flatten().collect::<Vec<_>>(),
            self.stock(),
        ];
        parties
            .extend([self.waves(), self.demand(), self.residences()].into_iter().flatten().map(|p| vec![p]));
        let source = words::source(whole, self.households());
        Ok(Portrait {
            edition: self.question.edition,
            organisme: String::new(),
            genre: self.kind(),
            nom: whole.zone.nom.clone(),
            dans: self.around.iter().map(|(a, _)| a.nom.clone()).collect(),
            jour: state::day(state::now()),
            demonstration: self.app.demonstration,
            faits: words::facts(whole, self.households()),
            avertissements: whole.avertissements.clone(),
            saillant: words::salient(self, &self.known(&data().cles)),
            cles: self.keys(),
            cartes: maps(self)?,
            parties: parties.into_iter().filter(|p| !p.is_empty()).collect(),
            methode: words::method(self, &source),
            secret: format!("Secret statistique : {}", words::secrecy(self.app.secrecy.k)),
            source,
        })
    }

    fn kind(&self) -> String {
        match &self.question.subject {
            Subject::Drawn(_) => "Portrait de zone".to_owned(),
            Subject::Zone(scale, code) => {
                let known = scales::scale(scale);
                let label = if known.id == "*" { scale } else { &known.libelle };
                match (known.acces, scale.as_str()) {
                    (Class::Fine, "residence") => "Portrait de résidence".to_owned(),
                    (Class::Fine, _) => format!("Portrait · {label}"),
                    _ => format!("Portrait de territoire · {label} {code}"),
                }
            }
        }
    }

    fn keys(&self) -> Part {
        let columns = std::iter::once("Ici".to_owned()).chain(self.around.iter().map(|(a, _)| a.nom.clone()));
        let all = || std::iter::once(&self.whole).chain(self.around.iter().map(|(_, m)| m));
        let row = |i: &&Indicator| {
            (i.libelle.clone(), all().map(|m| words::cell(figure(m, &i.id))).collect::<Vec<_>>())
        };
        Part {
            title: "Chiffres clés".to_owned(),
            cells: Some(Cells {
                first: "Indicateur".to_owned(),
                columns: columns.collect(),
                rows: self.known(&data().cles).iter().map(row).collect(),
                strong: true,
                ..Cells::default()
            }),
            notes: Vec::new(),
        }
    }

    fn resources(&self, recents: Option<&Mesure>) -> Option<Part> {
        if !self.households() {
            return None;
        }
        let title = "Ressources, en % des plafonds PLUS".to_owned();
        let known = |m: &Mesure| {
            let said = |f: &&Figure| !f.secret && f.valeur.is_some();
            data().ressources.iter().filter_map(|r| figure(m, &r.indicateur)).filter(said).count()
        };
        // Nothing at all where fewer than half of the classes can be shown.
        let enough = |m: &&Mesure| known(m) * 2 >= data().ressources.len();
        let shown: Vec<(&str, &Mesure, [u8; 3])> = [
            ("Tous les ménages", Some(&self.whole), [138, 169, 184]),
            ("Emménagés récents", recents, [200, 105, 44]),
        ]
        .into_iter()
        .filter_map(|(name, m, color)| Some((name, m.filter(enough)?, color)))
        .collect();
        if shown.is_empty() {
            let why = "Trop peu de ménages ont répondu pour montrer leurs ressources par classe.";
            return Some(Part { title, cells: None, notes: vec![why.to_owned()] });
        }
        let value = |m: &Mesure, id: &str| figure(m, id).and_then(|f| f.valeur.filter(|_| !f.secret));
        let classes = &data().ressources;
        let most = classes.iter().flat_map(|r| shown.iter().filter_map(|(_, m, _)| value(m, &r.indicateur)));
        let most = most.fold(1.0, f64::max);
        let rows = classes.iter().map(|r| {
            let cells = shown.iter().map(|(_, m, _)| words::cell(figure(m, &r.indicateur)));
            (r.libelle.clone(), cells.collect::<Vec<_>>())
        });
        let bars = classes.iter().map(|r| {
            shown.iter().map(|(_, m, _)| value(m, &r.indicateur).map(|v| (v / most) as f32)).collect()
        });
        let cells = Cells {
            first: "Classe".to_owned(),
            columns: shown.iter().map(|(name, ..)| (*name).to_owned()).collect(),
            rows: rows.collect(),
            bars: bars.collect(),
            colors: shown.iter().map(|(.., color)| *color).collect(),
            ..Cells::default()
        };
        Some(Part { title, cells: Some(cells), notes: Vec::new() })
    }

    /// In priority districts and outside.
    fn quarters(&self) -> Option<Part> {
        if self.scale() == Some("qpv2024") {
            return None;
        }
        let side = |code: &str| {
            self.also(|a| _ = a.filtres.insert("qpv".to_owned(), vec![code.to_owned()]))
                .filter(|m| m.couverture.logements > 0)
        };
        let title = "En QPV 2024 et hors QPV".to_owned();
        let (inside, outside) = (side("DANS"), side("HORS"));
        let (Some(inside), Some(outside)) = (&inside, &outside) else {
            let why = if inside.is_some() {
                "Tout le parc de cette zone est en quartier prioritaire."
            } else {
                "Aucun logement de cette zone n’est en quartier prioritaire."
            };
            return Some(Part { title, cells: None, notes: vec![why.to_owned()] });
        };
        let sides = [inside, outside];
        // What neither side gives is said once, not line by line.
        let withheld = |i: &&&Indicator| {
            sides.iter().all(|m| figure(m, &i.id).is_some_and(|f| f.secret && f.source.is_empty()))
        };
        let known = self.known(&data().qpv);
        let mut rows = vec![(
            "Logements".to_owned(),
            sides.iter().map(|m| words::count(m.couverture.logements)).collect::<Vec<_>>(),
        )];
        rows.extend(known.iter().filter(|i| !withheld(i)).map(|i| {
            (i.libelle.clone(), sides.iter().map(|m| words::cell(figure(m, &i.id))).collect::<Vec<_>>())
        }));
        let mut notes: Vec<String> = known
            .iter()
            .find(|i| withheld(i) && self.question.edition == Edition::Restreinte)
            .and_then(|i| figure(inside, &i.id)?.motif.clone())
            .into_iter()
            .collect();
        notes.extend(words::unplaced(self.whole.couverture.logements_sans_point));
        let columns = ["En QPV", "Hors QPV"].map(str::to_owned).to_vec();
        let cells = Cells { first: "Indicateur".to_owned(), columns, rows, ..Cells::default() };
        Some(Part { title, cells: Some(cells), notes })
    }

    /// What the dwellings are.
    fn stock(&self) -> Vec<Part> {
        let mut columns = vec!["Ici".to_owned()];
        columns.extend(self.around.first().map(|(a, _)| a.nom.clone()));
        let all = || std::iter::once(&self.whole).chain(self.around.first().map(|(_, m)| m));
        let part = |table: &'static crate::reference::portrait::Stock| Part {
            title: table.titre.clone(),
            cells: Some(Cells {
                first: "Part des logements".to_owned(),
                columns: columns.clone(),
                rows: self
                    .known(&table.indicateurs)
                    .iter()
                    .map(|i| {
                        (words::share(&i.libelle), all().map(|m| words::cell(figure(m, &i.id))).collect())
                    })
                    .collect(),
                strong: true,
                ..Cells::default()
            }),
            notes: Vec::new(),
        };
        data().parc.iter().map(part).collect()
    }

    /// From one wave of the survey to the next.
    fn waves(&self) -> Option<Part> {
        let waves: Vec<u16> = self.app.millesimes.iter().filter_map(|l| l.meta().vague).collect();
        let known = self.known(&data().evolution);
        if waves.len() < 2 || known.is_empty() {
            return None;
        }
        let asked = waves.into_iter().map(|wave| {
            let mesure = self.also(|a| (a.vague, a.millesime) = (Some(wave), None))?;
            Some((wave, mesure))
        });
        let mut series: Vec<(u16, Mesure)> = asked.flatten().collect();
        series.sort_by_key(|(wave, _)| *wave);
        let said = |i: &&&Indicator| {
            series.iter().any(|(_, m)| figure(m, &i.id).is_some_and(|f| !f.secret && f.valeur.is_some()))
        };
        let rows: Vec<_> = known
            .iter()
            .filter(said)
            .map(|i| {
                let cells = series.iter().map(|(_, m)| words::cell(figure(m, &i.id)));
                (i.libelle.clone(), cells.collect::<Vec<_>>())
            })
            .collect();
        if series.len() < 2 || rows.is_empty() {
            return None;
        }
        let columns = series.iter().map(|(wave, _)| format!("OPS {wave}")).collect();
        let cells = Cells { first: "Indicateur".to_owned(), columns, rows, ..Cells::default() };
        let title = "Évolution d’une enquête à l’autre".to_owned();
        Some(Part { title, cells: Some(cells), notes: Vec::new() })
    }

    /// The pressure of demand on a commune or an EPCI, which is not public.
    fn demand(&self) -> Option<Part> {
        let Subject::Zone(scale, code) = &self.question.subject else { return None };
        if self.question.edition == Edition::Publique || !matches!(scale.as_str(), "commune" | "epci") {
            return None;
        }
        let within = (scale == "epci").then_some(code.as_str());
        let found = pression::answer(self.app, scale.clone(), within).ok()?;
        let line = found.lignes.iter().find(|l| l.code == *code)?;
        let title = format!("Demande de logement social au {}", days::long(&found.au));
        let cells = Cells {
            first: "Demande".to_owned(),
            columns: ["Avec les mutations", "Hors mutations"].map(str::to_owned).to_vec(),
            rows: words::demand(line, found.annee),
            ..Cells::default()
        };
        Some(Part { title, cells: Some(cells), notes: words::waiting(line, found.delai_mois) })
    }

    fn residences(&self) -> Option<Part> {
        let title = "Les plus grandes résidences".to_owned();
        let list = match &self.residences {
            Err(why) => return Some(Part { title, cells: None, notes: vec![why.clone()] }),
            Ok(list) if list.is_empty() => return None,
            Ok(list) => list,
        };
        // A column of secrets alone tells nothing that one line does not tell as well.
        let known = data().residences.iter().filter_map(|id| self.indicator(id));
        let said = |place: &usize| list.iter().any(|r| r.figures.get(*place).is_some_and(|f| !f.secret));
        let (shown, hidden): (Vec<usize>, Vec<usize>) = (0..known.clone().count()).partition(said);
        let labels: Vec<&str> = known.map(|i| i.libelle.as_str()).collect();
        let columns = std::iter::once("Logements".to_owned())
            .chain(shown.iter().map(|place| labels[*place].to_owned()));
        let row = |r: &Row<'_>| {
            let figures = shown.iter().map(|place| words::cell(r.figures.get(*place)));
            let cells = std::iter::once(words::count(r.logements)).chain(figures);
            (r.nom.clone(), cells.collect::<Vec<_>>())
        };
        let notes: Vec<String> = match hidden.as_slice() {
            [] => Vec::new(),
            hidden => {
                let names: Vec<&str> = hidden.iter().map(|place| labels[*place]).collect();
                vec![format!("Secret dans chacune de ces résidences : {}.", names.join(", "))]
            }
        };
        let cells = Cells {
            first: "Résidence".to_owned(),
            columns: columns.collect(),
            rows: list.iter().map(row).collect(),
            ..Cells::default()
        };
        Some(Part { title, cells: Some(cells), notes })
    }
}

fn base(question: &Question) -> Asked {
    Asked {
        vague: question.vague,
        millesime: question.millesime,
        parc: question.parc.clone(),
        ..Asked::default()
    }
}

/// The figures of the subject, and what was asked.
fn ask(
    app: &App,
    person: &Person,
    question: &Question,
    indicators: &[&'static Indicator],
    more: impl FnOnce(&mut Asked),
) -> Result<(Mesure, Value), Problem> {
    let mut asked = base(question);
    more(&mut asked);
    match &question.subject {
        Subject::Zone(scale, code) => fiche::sheet(app, person, asked, indicators.to_vec(), (scale, code)),
        Subject::Drawn(zone) => {
            let whole = asked.clone().resolve(app)?.as_asked();
            let demand = DemandeMesure {
                zones: vec![(**zone).clone()],
                millesime: asked.millesime,
                vague: asked.vague,
                parc: asked.parc,
                population: asked.population,
                filtres: asked.filtres,
                indicateurs: Some(indicators.iter().map(|i| i.id.clone()).collect()),
                ..DemandeMesure::default()
            };
            let (_, answer) = mesures(app, person, demand)?;
            let first = answer.mesures.into_iter().next();
            let mesure = first.ok_or_else(|| Problem::internal(&"une zone mesurée attendue"))?;
            Ok((mesure, whole))
        }
    }
}
