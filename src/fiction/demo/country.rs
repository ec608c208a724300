//! The country of the national demonstration: communes grown in EPCI and départements, names, bailleurs.

use crate::reference::demo::{Demo, Genre, OpsKey};

use super::dice::{Dice, noise};
use super::geometry::{Frame, Point, distance, ring_contains};
use super::ground::{Area, Bailleur, Coded, Ground, Town, luhn_key, plain};
use super::lattice::{Lattice, Partition, VOID};
use super::local::share;

/// Bailleurs of one département: its office and three companies.
pub const OWNERS: usize = 4;

/// Cells spread evenly: random order, none within `rings` cells of another, until `wanted`.
fn spread(lattice: &Lattice, order: &[usize], wanted: usize, first: &[usize]) -> Vec<usize> {
    let mut out = first.to_vec();
    let mut taken = vec![0u8; lattice.cells()];
    let block = |cell: usize, taken: &mut Vec<u8>| {
        let near: Vec<usize> = (0..6).filter_map(|d| lattice.neighbour(cell, d)).collect();
        for &n in &near {
            for d in 0..6 {
                if let Some(far) = lattice.neighbour(n, d) {
                    taken[far] = taken[far].max(1);
                }
            }
        }
        for n in near {
            taken[n] = 2;
        }
        taken[cell] = 3;
    };
    for &c in first {
        block(c, &mut taken);
    }
    // First two cells apart, then one, then anywhere.
    for limit in [0, 1, 2] {
        for &c in order {
            if out.len() >= wanted {
                return out;
            }
            if taken[c] <= limit {
                out.push(c);
                block(c, &mut taken);
            }
        }
    }
    out
}

/// The partition and, for each of its labels, the town.
pub fn communes(data: &'static Demo, seed: u64) -> (Ground, Partition, Vec<usize>) {
    let country = &data.country;
    let shape: Vec<Point> = country.points.iter().map(|p| [p[0] * 1000.0, p[1] * 1000.0]).collect();
    let lattice = Lattice::new(super::geometry::bounds(&shape), country.rayon_maille);
    let mut dice = Dice::new(seed, 200);
    // The coast trembles a little.
    let inside: Vec<bool> = (0..lattice.cells())
        .map(|c| {
            let p = lattice.center(c);
            let (a, b) =
                (noise(seed, p[0] / 9000.0, p[1] / 9000.0), noise(seed ^ 9, p[0] / 9000.0, p[1] / 9000.0));
            ring_contains(&shape, [p[0] + 3500.0 * a, p[1] + 3500.0 * b])
        })
        .collect();
    let cost = |c: usize| {
        let p = lattice.center(c);
        1.0 + 0.55 * noise(seed ^ 3, p[0] / 4500.0, p[1] / 4500.0)
    };
    let far = f64::INFINITY;
    let seeds: Vec<_> = country
        .departements
        .iter()
        .enumerate()
        .map(|(i, d)| (lattice.cell_at([d.x * 1000.0, d.y * 1000.0]), i as u32, 0.0))
        .collect();
    let dep = lattice.grow(&seeds, &|_, c| inside[c], &cost, far);
    let mut order: Vec<usize> = (0..lattice.cells()).filter(|&c| dep[c] != VOID).collect();
    dice.shuffle(&mut order);
    // EPCI in their département: as many as its ground asks for, one at least.
    let mut cells = vec![0.0; country.departements.len()];
    for &c in &order {
        cells[dep[c] as usize] += 1.0;
    }
    let counts = share(country.epci - cells.len(), &cells);
    let mut wanted: Vec<usize> = counts.iter().map(|n| n + 1).collect();
    let mut epci_seeds: Vec<(usize, u32, f64)> = Vec::new();
    let gap = (order.len() as f64 / country.epci as f64).sqrt() * country.rayon_maille * 1.1;
    for tolerance in [gap, gap / 2.0, 0.0] {
        for &c in &order {
            let d = dep[c] as usize;
            if wanted[d] == 0 {
                continue;
            }
            let p = lattice.center(c);
            if epci_seeds.iter().all(|s| distance(lattice.center(s.0), p) > tolerance) {
                wanted[d] -= 1;
                epci_seeds.push((c, epci_seeds.len() as u32, 0.0));
            }
        }
        if wanted.iter().all(|w| *w == 0) {
            break;
        }
    }
    let epci = lattice.grow(&epci_seeds, &|from, to| dep[from] == dep[to] && dep[to] != VOID, &cost, far);
    let first: Vec<usize> = epci_seeds.iter().map(|s| s.0).collect();
    let starts = spread(&lattice, &order, country.communes, &first);
    let seeds: Vec<_> = starts.iter().enumerate().map(|(i, c)| (*c, i as u32, 0.0)).collect();
    let town = lattice.grow(&seeds, &|from, to| epci[from] == epci[to] && epci[to] != VOID, &cost, far);
    // Fully closed communes that no seed of their EPCI reached do not exist: every EPCI holds a seed.
    let partition = Partition::trace(&lattice, &town, 1, country.rayon_maille * 0.25);
    let grounds = partition.polygons(&Some);

    // Towns in the order of their codes: by département, then as drawn.
    let mut labels: Vec<usize> = (0..starts.len()).collect();
    labels.sort_by_key(|&l| (dep[starts[l]], l));
    let mut towns = Vec::with_capacity(labels.len());
    let mut of_label = vec![0; labels.len()];
    let mut rank = 0;
    let mut last = VOID;
    for l in labels {
        let cell = starts[l];
        rank = if dep[cell] == last { rank + 1 } else { 1 };
        last = dep[cell];
        let area = &country.departements[dep[cell] as usize];
        of_label[l] = towns.len();
        towns.push(Town {
            // The first codes of Paris are its postcodes.
            code: format!("{}{:03}", area.code, if area.code == "75" { 200 + rank } else { rank }),
            nom: String::new(),
            codepostal: format!("{}{:02}0", area.code, rank % 100),
            epci: epci[cell] as usize,
            departement: dep[cell] as usize,
            genre: Genre::Village,
            centre: lattice.center(cell),
            radius: 600.0,
            ground: grounds.get(&(l as u32)).cloned().unwrap_or_default(),
            waves: [None, None],
            city: None,
        });
    }
    name_towns(data, &mut dice, &mut towns);
    let ground = country_ground(data, seed, towns, epci_seeds.len(), &mut dice);
    (ground, partition, of_label)
}

fn name_towns(data: &Demo, dice: &mut Dice, towns: &mut [Town]) {
    let heads = [
        "Saint-",
        "Sainte-",
        "Villers-",
        "Mont-",
        "Bourg-",
        "Val-",
        "Pont-",
        "Roche-",
        "Fontaine-",
        "Château-",
    ];
    let tails = [
        "-sur-Orme",
        "-la-Forêt",
        "-les-Bois",
        "-le-Vieux",
        "-en-Plaine",
        "-sous-Bois",
        "-le-Grand",
        "-l'Abbaye",
        "-la-Vallée",
        "",
    ];
    let v = &data.names.voies;
    for t in towns {
        let middle = if dice.chance(0.5) { dice.pick(&v.prenoms) } else { dice.pick(&v.patronymes) };
        t.nom = format!("{}{middle}{}", dice.pick(&heads), dice.pick(&tails));
    }
}

fn country_ground(data: &'static Demo, seed: u64, towns: Vec<Town>, epci: usize, dice: &mut Dice) -> Ground {
    let country = &data.country;
    let region =
        |code: &str| country.regions.iter().find(|r| r.code == code).map_or(String::new(), |r| r.nom.clone());
    let departements: Vec<Area> = country
        .departements
        .iter()
        .map(|d| Area {
            code: d.code.clone(),
            nom: d.nom.clone(),
            region: d.region.clone(),
            nom_region: region(&d.region),
            frame: Frame::LAMBERT,
        })
        .collect();
    let mut seat = vec![usize::MAX; epci];
    for (i, t) in towns.iter().enumerate() {
        if seat[t.epci] == usize::MAX {
            seat[t.epci] = i;
        }
    }
    let epci = (0..epci)
        .map(|i| {
            let body = format!("2009{i:04}");
            let nom = seat.get(i).and_then(|s| towns.get(*s)).map_or("", |t| &t.nom);
            Coded { code: format!("{body}{}", luhn_key(&body)), nom: format!("CC de {nom}") }
        })
        .collect();
    let kinds = [
        ("OPH", "OFFICE PUBLIC DE L'HABITAT"),
        ("ESH", "SOCIETE HLM"),
        ("ESH", "LOGIS"),
        ("COOP", "COOPERATIVE HLM"),
    ];
    let mut bailleurs = Vec::new();
    for (i, d) in departements.iter().enumerate() {
        for (k, (category, name)) in kinds.iter().enumerate() {
            let body = format!("{}{:05}", if k % 2 == 0 { "007" } else { "998" }, i * OWNERS + k);
            let siren = format!("{body}{}", luhn_key(&body));
            let seat = format!("{siren}0001");
            bailleurs.push(Bailleur {
                siret: format!("{seat}{}", luhn_key(&seat)),
                siren,
                nom: format!("{name} {}", plain(&d.nom)),
                categorie: (*category).to_owned(),
                weight: [45.0, 25.0, 20.0, 10.0][k],
                effect: dice.between(-0.12, 0.12),
                response: dice.between(0.82, 0.93),
                key: match bailleurs.len() % 8 {
                    4 => OpsKey::IdentInt,
                    5 => OpsKey::Adresse,
                    _ => OpsKey::IdentRep,
                },
                prefix: format!("{}{}", d.code, ["OPH", "SA", "LG", "CO"][k]),
            });
        }
    }
    let head_office = towns.first().map_or([0.0, 0.0], |t| t.centre);
    Ground {
        data,
        seed,
        departements,
        epci,
        towns,
        iris: Vec::new(),
        qpv2015: Vec::new(),
        qpv2024: Vec::new(),
        bailleurs,
        head_office: [head_office[0].round(), head_office[1].round()],
    }
}
