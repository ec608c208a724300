//! `mosaique bench-geocoder`: each address of the store is asked back spoilt; recall by kind of damage, wrong
//! answers that claim to be sure, and addresses per second and core.
//!
//! What counts as found: the first answer is in the commune (its Insee code) and in the street (its name,
//! case, accents and punctuation aside) of the true address; « at its number » when it also is the true
//! number with its repetition sign. Two entries of the BAN with the same number, street and commune are the
//! same answer: the sample cannot tell them apart.

mod damage;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use self::damage::{ASKED, Damage, MORE, Truth, plain, spoil};
use super::{Failure, StoreArgs};
use crate::demo::dice::{Dice, mix};
use crate::geocode::builder::Builder;
use crate::geocode::{Geocoder, Hit, Kind, Query, shelf};
use crate::store::Store;

/// Arguments of `bench-geocoder`.
#[derive(Debug, Args)]
pub struct BenchGeocoderArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Nombre d'adresses demandées, tirées au hasard ; par défaut toutes
    #[arg(long)]
    sample: Option<usize>,
    /// Voies d'autres communes ajoutées à chaque commune, sous leur nom, avec quarante numéros : une base
    /// plus dense
    #[arg(long, default_value_t = 0, value_name = "N")]
    leurres: usize,
    /// Graine des défauts
    #[arg(long, default_value_t = 5)]
    seed: u64,
    /// Écrire les mesures en JSON
    #[arg(long)]
    json: bool,
    /// Écrire chaque question et sa réponse dans un fichier CSV
    #[arg(long, value_name = "FICHIER")]
    details: Option<PathBuf>,
}

/// What was counted for one kind of damage.
#[derive(Debug, Default, Clone)]
struct Count {
    asked: usize,
    street: usize,
    number: usize,
    sure: usize,
    wrong_sure: usize,
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.street += other.street;
        self.number += other.number;
        self.sure += other.sure;
        self.wrong_sure += other.wrong_sure;
    }

    fn json(&self) -> serde_json::Value {
        let share = |n: usize| (n as f64 / self.asked.max(1) as f64 * 1e6).round() / 1e6;
        json!({"questions": self.asked, "rang_1": share(self.street), "au_numero": share(self.number),
            "sures": share(self.sure), "fausses_sures": share(self.wrong_sure)})
    }
}

/// Spelling aside.
fn folded(text: &str) -> String {
    plain(text, " ")
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn judge(truth: &Truth, hit: Option<&Hit>, count: &mut Count) {
    count.asked += 1;
    let Some(hit) = hit else { return };
    let street = hit.citycode == truth.citycode
        && hit.street.as_deref().is_some_and(|s| folded(s) == folded(&truth.street));
    let house = truth.number.map(|n| format!("{n}{}", truth.sign));
    let number = street && hit.kind == Kind::HouseNumber && hit.housenumber == house;
    let other_number = hit.kind == Kind::HouseNumber && hit.housenumber != house;
    count.street += usize::from(street);
    count.number += usize::from(number);
    count.sure += usize::from(hit.score >= 0.8);
    count.wrong_sure += usize::from(hit.score >= 0.8 && (!street || other_number));
}

fn truths(store: &Store) -> Result<Vec<Truth>, Failure> {
    let mut out = Vec::new();
    shelf::rows(store, |r| {
        out.push(Truth {
            id: r.id.to_owned(),
            number: r.numero,
            sign: r.rep.unwrap_or("").to_lowercase(),
            street: r.nom_voie.to_owned(),
            postcode: r.code_postal.unwrap_or("").to_owned(),
            citycode: r.code_insee.to_owned(),
            city: r.nom_commune.to_owned(),
            old_city: r.nom_ancienne.map(str::to_owned),
        });
    })?;
    Ok(out)
}

/// Runs the benchmark.
pub fn run(args: &BenchGeocoderArgs) -> Result<(), Failure> {
    let store = Store::open(&args.store.data)?;
    let all = truths(&store)?;
    let scratch = tempfile::tempdir()?;
    let begun = Instant::now();
    let folder = if args.leurres > 0 {
        index(&all, &decoys(&all, args.leurres, args.seed), scratch.path())?;
        scratch.path().to_owned()
    } else {
        shelf::ensure(&store)?
    };
    let built = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let geocoder = Geocoder::open(&folder)?;
    let opened = begun.elapsed().as_secs_f64();
    let neighbours: Vec<String> =
        all.iter().map(|t| t.postcode.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let chosen: Vec<usize> = match args.sample {
        Some(n) if n < all.len() => {
            let mut dice = Dice::new(args.seed, 0);
            (0..n).map(|_| dice.below(all.len())).collect()
        }
        _ => (0..all.len()).collect(),
    };

    let mut details = args.details.as_ref().map(csv::Writer::from_path).transpose()?;
    if let Some(out) = &mut details {
        out.write_record([
            "defaut",
            "id",
            "verite",
            "question",
            "score",
            "type",
            "reponse",
            "id_reponse",
            "score_suivant",
        ])?;
    }
    let (mut counts, mut total) = (BTreeMap::new(), Count::default());
    let (mut questions, mut cpu, mut wall) = (0usize, 0.0, 0.0);
    for (d, damage) in ASKED.into_iter().chain(MORE).enumerate() {
        let mut asked = Vec::new();
        let mut queries = Vec::new();
        for i in &chosen {
            let mut dice = Dice::new(mix(args.seed, *i as u64), d as u64 + 1);
            if let Some(text) = spoil(&all[*i], damage, &neighbours, &mut dice) {
                asked.push(*i);
                queries.push(Query::new(text));
            }
        }
        let (start, before) = (Instant::now(), super::bench::cpu());
        let answers = geocoder.batch(&queries);
        if ASKED.contains(&damage) {
            cpu += super::bench::cpu() - before;
            wall += start.elapsed().as_secs_f64();
            questions += queries.len();
        }
        let mut count = Count::default();
        for ((i, query), hits) in asked.iter().zip(&queries).zip(&answers) {
            let (truth, hit) = (&all[*i], hits.first());
            judge(truth, hit, &mut count);
            if let Some(out) = &mut details {
                let house = truth.number.map_or_else(String::new, |n| format!("{n}{}", truth.sign));
                let score = |s: Option<f64>| s.map_or_else(String::new, |s| format!("{s:.3}"));
                out.write_record([
                    damage.name(),
                    &truth.id,
                    &format!("{house} {} {} {}", truth.street, truth.postcode, truth.city),
                    &query.text,
                    &score(hit.map(|h| h.score)),
                    hit.map_or("", |h| h.kind.id()),
                    hit.map_or("", |h| &h.label),
                    hit.map_or("", |h| &h.id),
                    &score(hit.and_then(|h| h.score_next)),
                ])?;
            }
        }
        if ASKED.contains(&damage) {
            total.add(&count);
        }
        counts.insert((usize::from(!ASKED.contains(&damage)), d, damage.name()), count);
    }
    let absent = absent(&all, &chosen, args)?;
    report(
        args,
        &Measures {
            addresses: geocoder.addresses(),
            built,
            opened,
            counts: counts.into_iter().map(|((more, _, name), c)| (more == 1, name, c)).collect(),
            total,
            absent,
            questions,
            cpu,
            wall,
        },
    )
}

/// Streets of other communes under the names of each commune, unless it has one of that name, with numbers 1
/// to 40.
fn decoys(all: &[Truth], each: usize, seed: u64) -> Vec<Truth> {
    let mut communes: BTreeMap<&str, (&Truth, BTreeSet<String>)> = BTreeMap::new();
    for t in all {
        communes.entry(&t.citycode).or_insert_with(|| (t, BTreeSet::new())).1.insert(folded(&t.street));
    }
    let mut dice = Dice::new(seed, 77);
    let mut out = Vec::new();
    for (code, (sample, mut names)) in communes {
        for k in 0..each {
            let name = &all[dice.below(all.len())].street;
            if !names.insert(folded(name)) {
                continue;
            }
            for number in 1..=40 {
                out.push(Truth {
                    id: format!("{code}_leurre{k}_{number:05}"),
                    number: Some(number),
                    sign: String::new(),
                    street: name.clone(),
                    ..sample.clone()
                });
            }
        }
    }
    out
}

/// An index of these addresses; the benchmark needs no positions.
fn index(all: &[Truth], more: &[Truth], folder: &std::path::Path) -> Result<(), Failure> {
    let mut builder = Builder::new();
    for t in all.iter().chain(more) {
        builder.add(&crate::geocode::builder::Row {
            id: &t.id,
            numero: t.number,
            rep: Some(t.sign.as_str()).filter(|s| !s.is_empty()),
            nom_voie: &t.street,
            code_postal: Some(&t.postcode),
            code_insee: &t.citycode,
            nom_commune: &t.city,
            nom_ancienne: t.old_city.as_deref(),
            ..Default::default()
        });
    }
    Ok(builder.finish(folder)?)
}

/// Addresses whose street is not in the index at all (one street in ten is left out of a second index): any
/// answer is wrong.
fn absent(all: &[Truth], chosen: &[usize], args: &BenchGeocoderArgs) -> Result<Count, Failure> {
    let seed = args.seed;
    let left_out = |t: &Truth| {
        let hash = blake3::hash(format!("{seed} {} {}", t.citycode, folded(&t.street)).as_bytes());
        hash.as_bytes()[0] < 26
    };
    let kept: Vec<Truth> = all.iter().filter(|t| !left_out(t)).cloned().collect();
    let mut decoys = if args.leurres > 0 { decoys(all, args.leurres, seed) } else { Vec::new() };
    decoys.retain(|t| !left_out(t));
    let folder = tempfile::tempdir()?;
    index(&kept, &decoys, folder.path())?;
    let geocoder = Geocoder::open(folder.path())?;
    let gone: Vec<&Truth> = chosen.iter().map(|i| &all[*i]).filter(|t| left_out(t)).collect();
    let mut count = Count::default();
    let mut dice = Dice::new(seed, 999);
    let queries: Vec<Query> =
        gone.iter().filter_map(|t| spoil(t, Damage::None, &[], &mut dice)).map(Query::new).collect();
    for (truth, hits) in gone.iter().zip(geocoder.batch(&queries)) {
        judge(truth, hits.first(), &mut count);
    }
    Ok(count)
}

struct Measures {
    addresses: u64,
    built: f64,
    opened: f64,
    /// Whether it is beyond what is asked, name, figures.
    counts: Vec<(bool, &'static str, Count)>,
    total: Count,
    absent: Count,
    questions: usize,
    cpu: f64,
    wall: f64,
}

fn report(args: &BenchGeocoderArgs, m: &Measures) -> Result<(), Failure> {
    let per_core = m.questions as f64 / m.cpu;
    if args.json {
        let by: serde_json::Map<String, serde_json::Value> =
            m.counts.iter().map(|(_, name, c)| ((*name).to_owned(), c.json())).collect();
        println!(
            "{}",
            serde_json::to_string_pretty(&json!({
                "adresses": m.addresses, "graine": args.seed, "index_s": m.built, "ouverture_s": m.opened,
                "ensemble": m.total.json(), "par_defaut": by, "voie_absente": m.absent.json(),
                "debit": {"questions": m.questions, "cpu_s": m.cpu, "mur_s": m.wall, "par_seconde_et_coeur": per_core.round()},
            }))?
        );
        return Ok(());
    }
    println!(
        "{} adresses dans l'index (fait en {:.2} s, ouvert en {:.4} s), graine {}",
        m.addresses, m.built, m.opened, args.seed
    );
    println!(
        "{:<26}{:>10}{:>11}{:>12}{:>10}{:>16}",
        "défaut", "questions", "au rang 1", "au numéro", "≥ 0,8", "≥ 0,8 et faux"
    );
    let line = |name: &str, c: &Count| {
        let share = |n: usize| format!("{:.2} %", 100.0 * n as f64 / c.asked.max(1) as f64);
        println!(
            "{name:<26}{:>10}{:>11}{:>12}{:>10}{:>16}",
            c.asked,
            share(c.street),
            share(c.number),
            share(c.sure),
            share(c.wrong_sure)
        );
    };
    m.counts.iter().filter(|c| !c.0).for_each(|(_, name, c)| line(name, c));
    line("ensemble demandé", &m.total);
    m.counts.iter().filter(|c| c.0).for_each(|(_, name, c)| line(name, c));
    line("voie absente de l'index", &m.absent);
    println!(
        "{} questions en {:.2} s de processeur ({:.2} s d'horloge) : {per_core:.0} adresses par seconde et \
            par cœur",
        m.questions, m.cpu, m.wall
    );
    Ok(())
}
