//! The demonstration of a country: millions of dwellings in thousands of communes, written block by block.
//!
//! Départements, EPCI and communes are grown one inside the other on one honeycomb. Each commune then has
//! draws of its own, so that blocks are made in parallel and written in order: same seed, same bytes.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use rayon::prelude::*;

use crate::reference::demo::{Demo, Genre};

use super::columns::header;
use super::contours::Collection;
use super::country::{OWNERS, communes};
use super::dice::{Dice, mix, noise};
use super::dirt::Planted;
use super::geometry::{Point, Polygon, contains, distance};
use super::ground::{Block, Ground, Place, Zone};
use super::lattice::Partition;
use super::local::{DEFECTS_HEADER, Files, share};
use super::ops::{self, Survey};
use super::plan::{Estate, outline};
use super::rpls::{Register, Written};
use super::stock::{Builder, EstateRequest, Request};
use super::streets::Street;
use super::{DemoError, DemoOptions, DemoSummary, Progress};

/// Dwellings made together by one thread.
const BATCH: usize = 12_000;
/// Batches made before they are written.
const WINDOW: usize = 8;

/// One commune to fill.
struct Job {
    town: usize,
    dwellings: usize,
    /// Estates with the index of their QPV of each generation.
    estates: Vec<(Estate, Option<usize>, Option<usize>)>,
    first_ident: u64,
}

/// Draws the country and writes `rpls_2024.csv`, `ops_2024.csv`, its contours and `verite/defauts.csv`.
pub fn write(
    data: &'static Demo,
    options: &DemoOptions,
    dir: &Path,
    progress: Progress<'_>,
) -> Result<DemoSummary, DemoError> {
    let total = u64::from(options.dwellings);
    progress("Communes", 0, total);
    let (mut ground, partition, of_label) = communes(data, options.seed);
    let jobs = jobs(&mut ground, options.dwellings as usize);
    let mut out = Files { dir, summary: DemoSummary::new(options) };
    progress("Contours", 0, total);
    contours(&mut out, &ground, &partition, &of_label)?;
    drop(partition);
    fill(&mut out, &ground, &jobs, progress, total)?;
    Ok(out.summary)
}

/// Shares the dwellings among communes (half of them have none), and lays out the QPV.
fn jobs(ground: &mut Ground, dwellings: usize) -> Vec<Job> {
    let country = &ground.data.country;
    let mut dice = Dice::new(ground.seed, 210);
    let mut weights: Vec<f64> = ground
        .towns
        .iter()
        .map(|t| {
            if dice.chance(0.49) {
                (1.75 * dice.normal()).exp() * country.departements[t.departement].poids
            } else {
                0.0
            }
        })
        .collect();
    // No commune holds more than 0.8 % of the country.
    for _ in 0..6 {
        let top = weights.iter().sum::<f64>() * 0.008;
        for w in &mut weights {
            *w = w.min(top);
        }
    }
    let counts = share(dwellings, &weights);
    let large: Vec<f64> = counts.iter().map(|n| if *n >= 900 { *n as f64 } else { 0.0 }).collect();
    let qpv = if large.iter().any(|w| *w > 0.0) { share(country.qpv, &large) } else { vec![0; counts.len()] };
    let mut jobs = Vec::new();
    let mut next = 0u64;
    let mut ranks = vec![(0u32, 0u32); ground.departements.len()];
    for (town, n) in counts.into_iter().enumerate().filter(|(_, n)| *n > 0) {
        let t = &mut ground.towns[town];
        t.genre = match n {
            4000.. => Genre::Ville,
            500.. => Genre::Bourg,
            _ => Genre::Village,
        };
        t.radius = 350.0 + 14.0 * (n as f64).sqrt();
        let estates = estates(ground, &mut dice, town, qpv[town], n, &mut ranks);
        jobs.push(Job { town, dwellings: n, estates, first_ident: next });
        next += n as u64;
    }
    jobs
}

/// Estates on a spiral around the heart of the commune, each a QPV of one or both generations.
fn estates(
    ground: &mut Ground,
    dice: &mut Dice,
    town: usize,
    wanted: usize,
    dwellings: usize,
    ranks: &mut [(u32, u32)],
) -> Vec<(Estate, Option<usize>, Option<usize>)> {
    let mut out = Vec::new();
    let (centre, dep) = (ground.towns[town].centre, ground.towns[town].departement);
    let mut k = 0.0;
    while out.len() < wanted && k < 90.0 {
        k += 1.0;
        let (r, turn) = (430.0 * f64::sqrt(k), k * 2.399_963);
        let p = [centre[0] + r * turn.cos(), centre[1] + r * turn.sin()];
        if !ground.towns[town].ground.first().is_some_and(|g| contains(g, p)) {
            continue;
        }
        let share = (0.42 * dwellings as f64 / wanted as f64).min(1800.0);
        let size = (share / 850.0).sqrt().clamp(0.6, 1.25);
        let estate = Estate {
            index: out.len() + town * 100,
            commune: town,
            centre: p,
            angle: dice.between(0.0, std::f64::consts::PI),
            half: [size * 200.0, size * 130.0],
            dwellings: share as u32,
        };
        let code = &ground.departements[dep].code;
        let (old, new) = &mut ranks[dep];
        let nom = format!("Quartier {}", dice.pick(&ground.data.names.programmes.noms));
        let old = (!dice.chance(0.05)).then(|| {
            *old += 1;
            let ring = outline(&estate, ground.seed, 20.0, 0.0);
            ground.qpv2015.push(Zone {
                code: format!("QP0{code}{old:03}"),
                nom: nom.clone(),
                town,
                ground: vec![vec![ring]],
            });
            ground.qpv2015.len() - 1
        });
        let new = (!dice.chance(0.03) && *new < 99).then(|| {
            *new += 1;
            let more = if dice.chance(0.5) { dice.between(40.0, 110.0) } else { 0.0 };
            let ring = outline(&estate, ground.seed, 22.0, more);
            ground.qpv2024.push(Zone {
                code: format!("QN0{code}{new:02}M"),
                nom,
                town,
                ground: vec![vec![ring]],
            });
            ground.qpv2024.len() - 1
        });
        out.push((estate, old, new));
    }
    out
}

/// Streets, addresses and dwellings of one commune.
fn build(ground: &Ground, job: &Job) -> Block {
    let seed = mix(ground.seed, 1_000_000 + job.town as u64);
    let mut dice = Dice::new(seed, 1);
    let mut block = Block::default();
    let in_estates: usize = job.estates.iter().map(|e| e.0.dwellings as usize).sum();
    let outside = job.dwellings.saturating_sub(in_estates);
    let wanted = ((outside as f64 * ground.data.country.adresses_par_logement) as usize).max(3);
    streets(ground, job, &mut dice, &mut block, wanted);
    let free = (0..block.places.len()).collect();
    let requests = job
        .estates
        .iter()
        .map(|(e, _, _)| EstateRequest {
            nom: format!("Cité {}", dice.pick(&ground.data.names.programmes.noms)),
            bailleur: ground.towns[job.town].departement * OWNERS + dice.weighted(&[60.0, 25.0, 15.0]),
            dwellings: e.dwellings as usize,
            places: entrances(ground, job, &mut dice, &mut block, e),
        })
        .collect();
    let first = ground.towns[job.town].departement * OWNERS;
    let mut builder = Builder {
        ground,
        dice: Dice::new(seed, 2),
        next_ident: 1_000_000_000 + job.first_ident,
        next_segment: (seed % 50_000) as u32,
        owners: (first..first + OWNERS).map(|b| (b, ground.bailleurs[b].weight)).collect(),
    };
    builder.fill(&mut block, &Request { town: job.town, free, dwellings: outside, estates: requests });
    block
}

fn street_name(ground: &Ground, dice: &mut Dice, genre: Genre) -> (String, String) {
    let v = &ground.data.names.voies;
    let weights = if genre == Genre::Village { &v.poids_village } else { &v.poids_ville };
    let kind = v.types[dice.weighted(weights)].clone();
    let name = if dice.chance(0.6) {
        dice.pick(&v.noms).clone()
    } else {
        format!("{} {}", dice.pick(&v.prenoms), dice.pick(&v.patronymes))
    };
    (kind, name)
}

fn place(ground: &Ground, job: &Job, street: usize, number: u16, at: Point) -> Place {
    let at = [(at[0] * 100.0).round() / 100.0, (at[1] * 100.0).round() / 100.0];
    let within =
        |zones: &[Zone], i: Option<usize>| i.filter(|&i| zones[i].ground.iter().any(|g| contains(g, at)));
    let near = job.estates.iter().filter(|e| distance(e.0.centre, at) < 900.0);
    let (mut old, mut new) = (None, None);
    for (_, o, n) in near {
        old = old.or(within(&ground.qpv2015, *o));
        new = new.or(within(&ground.qpv2024, *n));
    }
    Place { street, number, suffix: "", at, town: job.town, iris: None, qpv2015: old, qpv2024: new }
}

/// Short streets laid on a spiral around the heart, until there are enough addresses.
fn streets(ground: &Ground, job: &Job, dice: &mut Dice, block: &mut Block, wanted: usize) {
    let town = &ground.towns[job.town];
    let main: &[Polygon] = &town.ground[..town.ground.len().min(1)];
    let mut k = 0.0;
    while block.places.len() < wanted {
        k += 1.0;
        // A commune too small for its dwellings starts again from its heart.
        let (r, turn) = (62.0 * f64::sqrt(k % 3500.0), k * 2.399_963);
        let p = [town.centre[0] + r * turn.cos(), town.centre[1] + r * turn.sin()];
        let heading = 0.9 * noise(ground.seed, p[0] / 900.0, p[1] / 900.0) * std::f64::consts::PI
            + if dice.chance(0.5) { std::f64::consts::FRAC_PI_2 } else { 0.0 };
        let lots = dice.int(5, 9) as usize;
        let (s, c) = heading.sin_cos();
        let bend = dice.between(-0.002, 0.002);
        let axis = |i: f64| {
            let (u, v) = (22.0 * i, bend * (22.0 * i).powi(2));
            [p[0] + u * c - v * s, p[1] + u * s + v * c]
        };
        let (kind, name) = street_name(ground, dice, town.genre);
        let street = block.streets.len();
        let before = block.places.len();
        for side in [-1.0, 1.0] {
            for i in 0..lots {
                let a = axis(i as f64);
                let at = [a[0] - side * 13.0 * s, a[1] + side * 13.0 * c];
                let inside = main.iter().any(|g| contains(g, at)) || k > 7000.0;
                if inside && block.places.len() < wanted {
                    block.places.push(place(
                        ground,
                        job,
                        street,
                        (i * 2 + if side < 0.0 { 1 } else { 2 }) as u16,
                        at,
                    ));
                }
            }
        }
        if block.places.len() > before {
            let line = (0..lots).map(|i| axis(i as f64)).collect();
            let fantoir = ((street + 1) % 999 * 10) as u16;
            block.streets.push(Street { kind, name, commune: job.town, fantoir, line, estate: None });
        }
    }
}

/// Entrances of an estate: three lanes, bars on both sides.
fn entrances(ground: &Ground, job: &Job, dice: &mut Dice, block: &mut Block, estate: &Estate) -> Vec<usize> {
    let wanted = (estate.dwellings as usize / 11).max(1);
    let [a, b] = estate.half;
    let mut out = Vec::new();
    for lane in 0..3 {
        let across = b * (2.0 * (f64::from(lane) + 0.5) / 3.0 - 1.0);
        let (kind, name) = street_name(ground, dice, Genre::Ville);
        let street = block.streets.len();
        let line = (0..=8).map(|i| estate.at(a * (f64::from(i) / 4.0 - 1.0), across)).collect();
        let fantoir = ((street + 1) % 999 * 10) as u16;
        block.streets.push(Street { kind, name, commune: job.town, fantoir, line, estate: None });
        for (side, odd) in [(-1.0, 1u16), (1.0, 0)] {
            let mut u = -a + 10.0;
            let mut rank = 0;
            while u < a - 6.0 && out.len() < wanted {
                rank += 1;
                out.push(block.places.len());
                let at = estate.at(u, across + side * 22.0);
                block.places.push(place(ground, job, street, rank * 2 - odd, at));
                u += if rank % 5 == 0 { 45.0 } else { 16.0 };
            }
        }
    }
    out
}

fn fill(
    out: &mut Files<'_>,
    ground: &Ground,
    jobs: &[Job],
    progress: Progress<'_>,
    total: u64,
) -> Result<(), DemoError> {
    // Batches of whole communes.
    let mut batches: Vec<&[Job]> = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (i, j) in jobs.iter().enumerate() {
        size += j.dwellings;
        if size >= BATCH || i + 1 == jobs.len() {
            batches.push(&jobs[start..=i]);
            (start, size) = (i + 1, 0);
        }
    }
    let create = |name: &str| {
        let path = out.dir.join(name);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| File::create(&path));
        made.map(|f| BufWriter::with_capacity(1 << 20, f)).map_err(|source| DemoError::Write { path, source })
    };
    let (mut stock, mut survey, mut faults) =
        (create("rpls_2024.csv")?, create("ops_2024.csv")?, create("verite/defauts.csv")?);
    let fault = |name: &str| {
        let path = out.dir.join(name);
        move |source| DemoError::Write { path: path.clone(), source }
    };
    let (bad_stock, bad_survey, bad_faults) =
        (fault("rpls_2024.csv"), fault("ops_2024.csv"), fault("verite/defauts.csv"));
    stock.write_all(header(1).as_bytes()).map_err(&bad_stock)?;
    survey.write_all(ops::HEADER.as_bytes()).map_err(&bad_survey)?;
    faults.write_all(DEFECTS_HEADER.as_bytes()).map_err(&bad_faults)?;
    let (mut rows, mut asked, mut done, mut spoilt) = (0, 0, 0, 0);
    let mut text = String::new();
    for window in batches.chunks(WINDOW) {
        let made: Vec<(Written, Written, u64)> = window.par_iter().map(|jobs| make(ground, jobs)).collect();
        for (r, s, places) in made {
            stock.write_all(&r.bytes).map_err(&bad_stock)?;
            survey.write_all(&s.bytes).map_err(&bad_survey)?;
            text.clear();
            for (file, planted, first) in
                [("rpls_2024.csv", &r.planted, rows + 2), ("ops_2024.csv", &s.planted, asked + 2)]
            {
                for p in planted {
                    let _ = writeln!(
                        text,
                        "{file};{};{};{};{};{}",
                        p.row + first,
                        p.column,
                        p.code,
                        p.rule,
                        p.level
                    );
                    *out.summary.defects.entry(p.code.to_owned()).or_default() += 1;
                    spoilt += 1;
                }
            }
            faults.write_all(text.as_bytes()).map_err(&bad_faults)?;
            rows += r.rows;
            asked += s.rows;
            done += r.dwellings;
            out.summary.addresses += places;
        }
        progress("Logements et ménages", done, total);
    }
    stock.flush().map_err(&bad_stock)?;
    survey.flush().map_err(&bad_survey)?;
    faults.flush().map_err(&bad_faults)?;
    out.summary.dwellings.insert(2024, done);
    for (name, n) in [("rpls_2024.csv", rows), ("ops_2024.csv", asked), ("verite/defauts.csv", spoilt)] {
        out.summary.files.insert(name.to_owned(), n);
    }
    Ok(())
}

/// Rows of some communes, one after the other.
fn make(ground: &Ground, jobs: &[Job]) -> (Written, Written, u64) {
    let scale = ground.data.country.salete;
    let mut register = Register::new(ground, 1, scale).of_a_part();
    let survey = Survey::new(ground, 1, scale);
    let (mut stock, mut asked, mut places) = (Written::default(), Written::default(), 0);
    for job in jobs {
        let block = build(ground, job);
        places += block.places.len() as u64;
        append(&mut stock, register.write(&block));
        append(&mut asked, survey.write(&block, None));
    }
    (stock, asked, places)
}

fn append(to: &mut Written, more: Written) {
    let first = to.rows;
    to.bytes.extend_from_slice(&more.bytes);
    to.planted.extend(more.planted.into_iter().map(|p| Planted { row: p.row + first, ..p }));
    to.rows += more.rows;
    to.dwellings += more.dwellings;
}

fn contours(
    out: &mut Files<'_>,
    ground: &Ground,
    partition: &Partition,
    of_label: &[usize],
) -> Result<(), DemoError> {
    let mut save = |name: &str, c: Collection| {
        let (text, n) = c.finish();
        out.save(name, &[text.as_bytes()], n)
    };
    let mut c = Collection::new("communes");
    for t in &ground.towns {
        let area = &ground.departements[t.departement];
        let p = [
            ("INSEE_COM", t.code.as_str()),
            ("NOM", &t.nom),
            ("INSEE_DEP", &area.code),
            ("INSEE_REG", &area.region),
            ("SIREN_EPCI", &ground.epci[t.epci].code),
        ];
        c.area(&p, &t.ground);
    }
    save("communes.geojson", c)?;
    let town = |l: u32| of_label.get(l as usize).map(|t| &ground.towns[*t]);
    let mut c = Collection::new("epci");
    for (e, parts) in partition.polygons(&|l| town(l).map(|t| t.epci as u32)) {
        let e = &ground.epci[e as usize];
        c.area(&[("CODE_SIREN", &e.code), ("NOM", &e.nom), ("NATURE", "Communauté de communes")], &parts);
    }
    save("epci.geojson", c)?;
    let mut c = Collection::new("departement");
    for (d, parts) in partition.polygons(&|l| town(l).map(|t| t.departement as u32)) {
        let d = &ground.departements[d as usize];
        c.area(&[("INSEE_DEP", &d.code), ("NOM", &d.nom), ("INSEE_REG", &d.region)], &parts);
    }
    save("departement.geojson", c)?;
    let mut c = Collection::new("qpv2015");
    for z in &ground.qpv2015 {
        c.area(
            &[("CODE_QP", &z.code), ("NOM_QP", &z.nom), ("COMMUNE_QP", &ground.towns[z.town].nom)],
            &z.ground,
        );
    }
    save("qpv2015.geojson", c)?;
    let mut c = Collection::new("qpv2024");
    for z in &ground.qpv2024 {
        let t = &ground.towns[z.town];
        let area = &ground.departements[t.departement];
        let p = [
            ("code_qp", z.code.as_str()),
            ("lib_qp", &z.nom),
            ("insee_reg", &area.region),
            ("lib_reg", &area.nom_region),
            ("insee_dep", &area.code),
            ("lib_dep", &area.nom),
            ("insee_com", &t.code),
            ("lib_com", &t.nom),
            ("siren_epci", &ground.epci[t.epci].code),
        ];
        c.area(&p, &z.ground);
    }
    save("qpv2024.geojson", c)?;
    let mut text = String::from("commune;epci;nom\n");
    for t in &ground.towns {
        let e = &ground.epci[t.epci];
        let _ = writeln!(text, "{};{};{}", t.code, e.code, e.nom);
    }
    out.save("appartenance_2024.csv", &[text.as_bytes()], ground.towns.len() as u64)
}
