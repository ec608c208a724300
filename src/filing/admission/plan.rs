//! What an import would do to the store: what it adds, what it replaces, what would be lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use geo::InteriorPoint;
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use super::AdmissionError;
use super::cells::{Cells, Part};
use super::merge::{Kept, merge};
use crate::french::counted;
use crate::reference::magasin::{Doutes, Regle, TableRule, magasin};
use crate::registers::report::Report;
use crate::store::{By, Dataset, Piece, Store, Writer};
use crate::territory::layer::{Layer, Zone};

type Set<T> = HashSet<T, FxBuildHasher>;
type Counts = HashMap<Part, Count, FxBuildHasher>;

/// Rows of one part that are replaced, and those that replace them.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    before: u64,
    now: u64,
    /// Rows of before that the new file has too, by their identity…
    matched: u64,
    /// … and those that it has not. The others have no identity.
    gone: u64,
}

impl Count {
    /// Rows of before that nothing stands for: those that are gone, and those without an identity beyond the
    /// rows that are left to stand for them.
    fn lost(self) -> u64 {
        let unknown = self.before - self.matched - self.gone;
        self.gone + unknown.saturating_sub(self.now.saturating_sub(self.matched))
    }
}

/// One commune before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub commune: String,
    pub avant: u64,
    pub apres: u64,
}

/// What an import replaces, to be told before it does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Replacement {
    /// How the file joins what is there, in words.
    pub regle: String,
    /// What rows are.
    pub unite: String,
    /// Files that are in force now.
    pub fichiers: Vec<Piece>,
    pub lignes_avant: u64,
    pub lignes_apres: u64,
    /// Rows of before that stay beside those of the file.
    pub lignes_conservees: u64,
    /// Rows of before that the file replaces.
    pub lignes_remplacees: u64,
    /// … and of which it has nothing.
    pub lignes_perdues: u64,
    /// Those that it has under another day, in a part that it does not replace.
    #[serde(default)]
    pub lignes_deplacees: u64,
    /// What changes, the most first.
    pub communes: Vec<Change>,
}

/// What publishing a file would do.
#[derive(Debug)]
pub struct Plan {
    /// Keys of the data sets that the new one takes the place of.
    keys: Vec<String>,
    /// Key of the data set that results.
    key: String,
    former: Vec<Dataset>,
    /// Of each table: its rule, and rows of each former table that stay.
    tables: Vec<(&'static TableRule, Vec<Kept>)>,
    replacement: Option<Replacement>,
    loss: Option<AdmissionError>,
    again: bool,
}

impl Plan {
    /// Compares the result of an import, in `folder`, with what the store has. `complete`: the file adds to
    /// what is there, and replaces only what has the same values (`completer` of `data/store.toml`).
    ///
    /// # Errors
    /// A table cannot be read; `complete` where every file completes.
    pub fn new(
        store: &Store,
        report: &Report,
        folder: &Path,
        complete: bool,
    ) -> Result<Self, AdmissionError> {
        let rules = magasin()?;
        let written: Vec<&'static TableRule> = rules
            .tables(&report.registre)
            .filter(|t| folder.join(format!("{t}.parquet")).exists())
            .filter_map(|t| rules.rule(&report.registre, &report.cle, t))
            .collect::<Vec<_>>();
        let mut written = written;
        written.dedup_by(|a, b| std::ptr::eq(*a, *b));
        if complete && written.iter().any(|r| r.completer.is_empty()) {
            return Err(AdmissionError::AlwaysCompletes);
        }
        let listed = written.iter().any(|r| r.cles);
        let overlaps = |key: &str| {
            key == report.cle
                || listed && key.split(',').any(|k| report.cle.split(',').any(|asked| asked == k))
        };
        let former: Vec<Dataset> = store
            .manifest()
            .of_register(&report.registre)
            .filter(|d| overlaps(&d.rapport.cle))
            .cloned()
            .collect();
        let keys: Vec<String> = former.iter().map(|d| d.rapport.cle.clone()).collect();
        let mut key: Vec<&str> = report.cle.split(',').collect();
        key.extend(keys.iter().flat_map(|k| k.split(',')));
        key.sort_unstable();
        key.dedup();
        // Joining others changed its key, and added a remark.
        let same = |d: &Dataset| {
            let mut last = d.rapport.clone();
            last.cle.clone_from(&report.cle);
            last.remarques.truncate(report.remarques.len());
            last == *report
        };
        let mut plan = Self {
            key: if listed { key.join(",") } else { report.cle.clone() },
            again: matches!(&former[..], [one] if same(one)),
            keys,
            tables: Vec::new(),
            replacement: None,
            loss: None,
            former,
        };
        if !plan.again && !plan.former.is_empty() {
            plan.compare(store, folder, &written, complete, &rules.doutes)?;
        }
        Ok(plan)
    }

    /// The very same file was the last one: there is nothing to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.again
    }

    /// What is replaced; None if nothing was there.
    #[must_use]
    pub fn replacement(&self) -> Option<&Replacement> {
        self.replacement.as_ref()
    }

    /// Refuses what would lose much.
    ///
    /// # Errors
    /// The loss, and how to accept it.
    pub fn refuse_loss(&mut self) -> Result<(), AdmissionError> {
        self.loss.take().map_or(Ok(()), Err)
    }

    /// Adds what stays of before to the tables in `folder`, and publishes them.
    ///
    /// # Errors
    /// A table cannot be read or written; the store is then as before.
    pub fn carry_out(
        self,
        writer: &mut Writer,
        folder: tempfile::TempDir,
        mut report: Report,
        by: &By,
    ) -> Result<(), AdmissionError> {
        let mut pieces: Vec<Piece> = self.former.iter().flat_map(pieces_of).collect();
        pieces.push(Piece {
            fichier: report.fichier.clone(),
            empreinte: report.empreinte.clone(),
            le: by.le,
            par: by.par.clone(),
            lignes: report.lignes_gardees,
        });
        let mut merged = false;
        for (rule, kept) in &self.tables {
            if kept.iter().any(|k| k.rows > 0) {
                merge(folder.path(), rule, kept, &mut pieces)?;
                merged = true;
            }
        }
        if merged {
            for dataset in &self.former {
                findings(&writer.store().folder(dataset), folder.path(), &dataset.rapport.empreinte)?;
            }
            report.remarques.extend(self.replacement.as_ref().map(joined));
        } else {
            pieces = pieces.split_off(pieces.len() - 1);
        }
        report.cle.clone_from(&self.key);
        Ok(writer.admit(folder, report, pieces, &self.keys, by)?)
    }

    fn compare(
        &mut self,
        store: &Store,
        folder: &Path,
        written: &[&'static TableRule],
        complete: bool,
        doubts: &Doutes,
    ) -> Result<(), AdmissionError> {
        let mut sums = Sums::default();
        for rule in written {
            let new = folder.join(format!("{}.parquet", rule.fichier));
            let mut first = 0;
            let mut old = Vec::new();
            for d in &self.former {
                old.extend(store.table(d, &rule.fichier).map(|path| (path, first)));
                first += pieces_of(d).len();
            }
            let kept = compare_table(rule, &new, &old, complete, &mut sums, doubts)?;
            self.tables.push((rule, kept));
        }
        // Tables that the new file does not have at all: households where aggregates come.
        for name in magasin()?.tables(&self.former[0].rapport.registre) {
            if written.iter().all(|r| r.fichier != name) {
                for path in self.former.iter().filter_map(|d| store.table(d, name)) {
                    let rows = Cells::read(&path, &[])?.rows() as u64;
                    sums.before += rows;
                    sums.replaced += rows;
                    sums.lost += rows;
                }
            }
        }
        let Some(rule) = written.first() else { return Ok(()) };
        let mut communes: Vec<Change> = sums
            .communes
            .iter()
            .filter(|(_, [before, after])| before != after)
            .map(|(c, [avant, apres])| Change { commune: c.clone(), avant: *avant, apres: *apres })
            .collect();
        communes.sort_by_key(|c| (std::cmp::Reverse(c.avant.abs_diff(c.apres)), c.commune.clone()));
        let known: Vec<Piece> = self.former.iter().flat_map(files_of).collect();
        self.replacement = Some(Replacement {
            regle: said(rule, complete),
            unite: rule.unite.clone(),
            fichiers: known,
            lignes_avant: sums.before,
            lignes_apres: sums.before - sums.replaced + sums.new,
            lignes_conservees: sums.before - sums.replaced,
            lignes_remplacees: sums.replaced,
            lignes_perdues: sums.lost,
            lignes_deplacees: sums.moved,
            communes,
        });
        self.loss = sums.too_much(rule, complete, doubts).or(sums.emptied.take());
        Ok(())
    }
}

/// What is told of the comparison of all tables.
#[derive(Default)]
struct Sums {
    before: u64,
    new: u64,
    replaced: u64,
    moved: u64,
    lost: u64,
    /// The part that loses most beyond what is tolerated: its name, lost, before.
    worst: Option<(String, u64, u64)>,
    communes: BTreeMap<String, [u64; 2]>,
    /// The first column that the new file empties.
    emptied: Option<AdmissionError>,
}

impl Sums {
    fn too_much(&self, rule: &TableRule, complete: bool, doubts: &Doutes) -> Option<AdmissionError> {
        let (lost, before, place) = match &self.worst {
            _ if beyond(self.lost, self.replaced, doubts) => (self.lost, self.replaced, String::new()),
            Some((part, lost, before)) => {
                let word = if rule.regle == Regle::Departement { " dans le département" } else { " pour" };
                (*lost, *before, format!("{word} {part}"))
            }
            None => return None,
        };
        let complete = if complete || rule.completer.is_empty() {
            String::new()
        } else {
            format!(
                " ; si le fichier complète celui qui est en place : --completer (seules {} sont remplacées)",
                rule.completer_dit
            )
        };
        Some(AdmissionError::Loss {
            lost,
            before,
            // What is not all of it is not 100 %.
            share: ((lost * 200 + before) / (2 * before.max(1))).min(if lost < before { 99 } else { 100 }),
            unit: rule.unite.clone(),
            place,
            complete,
        })
    }
}

fn beyond(lost: u64, before: u64, doubts: &Doutes) -> bool {
    lost > 0 && lost as f64 >= doubts.perte_max * before as f64
}

/// Rows of former tables that stay, and what the comparison tells.
fn compare_table(
    rule: &'static TableRule,
    new: &Path,
    old: &[(PathBuf, usize)],
    complete: bool,
    sums: &mut Sums,
    doubts: &Doutes,
) -> Result<Vec<Kept>, AdmissionError> {
    let mut columns: Vec<&str> = rule.parties.iter().flat_map(|p| &p.colonnes).map(String::as_str).collect();
    let others = rule.identite.iter().chain(&rule.unique).chain(&rule.completer).chain(&rule.commune);
    columns.extend(others.map(String::as_str));
    columns.extend(rule.remplies.iter().map(|r| r.colonne.as_str()));
    let cells = Cells::read(new, &columns)?;
    let parts = cells.parts(&rule.parties)?;
    let held: Set<&Part> = parts.iter().collect();
    let completes: Set<u64> = cells.identities(&rule.completer, 1)?.into_iter().flatten().collect();
    let alone = |cells: &Cells| cells.identities(&rule.unique, rule.unique.len().max(1));
    let named: Set<u64> = alone(&cells)?.into_iter().flatten().collect();
    let identities = cells.identities(&rule.identite, rule.identite_min)?;
    let known: Set<u64> = identities.iter().copied().flatten().collect();
    sums.new += cells.rows() as u64;
    count_communes(rule, &cells, |_| true, 1, sums)?;
    let mut counts = Counts::default();
    for part in &parts {
        counts.entry(part.clone()).or_default().now += 1;
    }
    let mut out = Vec::new();
    let (mut gone, mut had) = (Set::default(), vec![0; rule.remplies.len()]);
    for (path, first) in old {
        let before = Cells::read(path, &columns)?;
        let (parts, ids) =
            (before.parts(&rule.parties)?, before.identities(&rule.identite, rule.identite_min)?);
        let mut stays: Vec<bool> = if complete {
            let same = before.identities(&rule.completer, 1)?;
            same.iter().map(|id| id.is_none_or(|id| !completes.contains(&id))).collect()
        } else {
            parts.iter().map(|p| !held.contains(p)).collect()
        };
        if rule.pavage {
            swallowed(new, path, &mut stays)?;
        }
        // Put right elsewhere: replaced, and nothing is lost.
        let ones = alone(&before)?;
        let moved = |row: usize| ones[row].is_some_and(|id| named.contains(&id));
        let right: Vec<bool> = stays.iter().enumerate().map(|(row, stays)| *stays && moved(row)).collect();
        sums.moved += right.iter().filter(|r| **r).count() as u64;
        for ((part, id), _) in parts.iter().zip(&ids).zip(&stays).filter(|(_, stays)| !**stays) {
            let n = counts.entry(part.clone()).or_default();
            n.before += 1;
            match id {
                Some(id) if known.contains(id) => n.matched += 1,
                Some(_) => n.gone += 1,
                None => {}
            }
        }
        stays.iter_mut().zip(&right).for_each(|(stays, right)| *stays &= !right);
        for (n, filled) in had.iter_mut().zip(&rule.remplies) {
            *n += before.filled(&filled.colonne, |row| !stays[row]);
        }
        gone.extend(parts.iter().zip(&stays).filter(|(_, stays)| !**stays).map(|(p, _)| p.clone()));
        sums.before += before.rows() as u64;
        sums.replaced += stays.iter().filter(|s| !**s).count() as u64;
        count_communes(rule, &before, |_| true, 0, sums)?;
        count_communes(rule, &before, |row| stays[row], 1, sums)?;
        out.push(Kept {
            path: path.clone(),
            first: *first,
            rows: stays.iter().filter(|s| **s).count(),
            stays,
        });
    }
    // What was filled and no longer is, where the file takes the place of another.
    for (filled, before) in rule.remplies.iter().zip(had).filter(|_| !complete) {
        let after = cells.filled(&filled.colonne, |row| gone.contains(&parts[row]));
        let lost = before.saturating_sub(after);
        if sums.emptied.is_none() && before >= doubts.perte_effectif_min && beyond(lost, before, doubts) {
            let (what, unit) = (filled.dit.clone(), rule.unite.clone());
            sums.emptied = Some(AdmissionError::Emptied { what, before, after, unit });
        }
    }
    if rule.regle != Regle::Cle {
        for (part, count) in &counts {
            let (lost, before) = (count.lost(), count.before);
            sums.lost += lost;
            let worse = sums.worst.as_ref().is_none_or(|(_, most, _)| lost > *most);
            if worse && before >= doubts.perte_effectif_min && beyond(lost, before, doubts) {
                sums.worst = Some((part.0.clone(), lost, before));
            }
        }
    }
    Ok(out)
}

/// Former zones whose inside lies in a new zone of another code are merged with it: they go.
fn swallowed(new: &Path, old: &Path, stays: &mut [bool]) -> Result<(), AdmissionError> {
    if !stays.contains(&true) {
        return Ok(());
    }
    let (new, old) = (Layer::from_parquet("nouvelle", new)?, Layer::from_parquet("ancienne", old)?);
    let gone = |zone: &Zone| {
        let point = zone.geometry.interior_point();
        point.is_some_and(|p| new.locate(p.x(), p.y()).is_some())
    };
    for (stays, zone) in stays.iter_mut().zip(&old.zones).filter(|(s, _)| **s) {
        *stays = !gone(zone);
    }
    Ok(())
}

/// Adds rows to the communes, before (0) or after (1).
fn count_communes(
    rule: &TableRule,
    cells: &Cells,
    which: impl Fn(usize) -> bool,
    when: usize,
    sums: &mut Sums,
) -> Result<(), AdmissionError> {
    let Some(column) = &rule.commune else { return Ok(()) };
    for (row, commune) in cells.strings(column)?.into_iter().enumerate() {
        if which(row) {
            sums.communes.entry(commune).or_default()[when] += 1;
        }
    }
    Ok(())
}

/// The rule in a sentence.
fn said(rule: &TableRule, complete: bool) -> String {
    if complete {
        return format!(
            "le fichier complète ce qui est en place : seules {} sont remplacées",
            rule.completer_dit
        );
    }
    match rule.regle {
        Regle::Tout => "le fichier remplace tout ce qui était en place",
        Regle::Departement => "les départements du fichier sont remplacés, les autres restent",
        Regle::Cle => "ce que le fichier contient est ajouté ou remplacé, le reste demeure",
        Regle::Periode => "les mois et les départements du fichier sont remplacés, les autres restent",
    }
    .to_owned()
}

/// What a report says of a file that joined others.
fn joined(r: &Replacement) -> String {
    let files: Vec<String> = r.fichiers.iter().map(|p| format!("« {} »", p.fichier)).collect();
    let mut out = format!(
        "S'ajoute à {} : {} {} d'avant restent ({}).",
        files.join(", "),
        r.lignes_conservees,
        r.unite,
        r.regle
    );
    if r.lignes_deplacees > 0 {
        out += &format!(
            " {} d'avant, du même ménage dans le même logement à un autre jour, {} par celui du fichier.",
            counted(r.lignes_deplacees, "ligne", "lignes"),
            if r.lignes_deplacees > 1 { "sont remplacées" } else { "est remplacée" }
        );
    }
    out
}

/// Files of which a data set still has rows.
#[must_use]
pub fn files_of(d: &Dataset) -> Vec<Piece> {
    let mut all = pieces_of(d);
    all.retain(|p| p.lignes > 0);
    all
}

/// Files that a data set is made from, in the order that the column `piece` counts; of one that was imported
/// before they were noted, its last.
fn pieces_of(d: &Dataset) -> Vec<Piece> {
    if !d.pieces.is_empty() {
        return d.pieces.clone();
    }
    vec![Piece {
        fichier: d.rapport.fichier.clone(),
        empreinte: d.rapport.empreinte.clone(),
        le: 0,
        par: String::new(),
        lignes: d.rapport.lignes_gardees,
    }]
}

/// Copies the findings of former files beside those of the new one.
fn findings(from: &Path, to: &Path, mark: &str) -> Result<(), AdmissionError> {
    let io = |source| AdmissionError::Io { path: from.to_owned(), source };
    for entry in std::fs::read_dir(from).map_err(io)? {
        let name = entry.map_err(io)?.file_name().to_string_lossy().into_owned();
        if name.starts_with("constats") {
            let own = name == "constats.csv";
            let target =
                if own { format!("constats-{}.csv", mark.get(..8).unwrap_or(mark)) } else { name.clone() };
            std::fs::copy(from.join(&name), to.join(target)).map_err(io)?;
        }
    }
    Ok(())
}
