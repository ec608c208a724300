//! The demonstration of one agglomeration: every file, with its planted truth.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::reference::demo::{Demo, Genre, Part, Territoire, Territory};

use super::attributions;
use super::columns::header;
use super::contours::Collection;
use super::demands;
use super::dirt::Planted;
use super::events;
use super::exchange;
use super::flux;
use super::geometry::{Frame, Point, contains};
use super::ground::{Area, Block, Coded, Ground, Place, Town, YEARS, Zone, bailleurs, plain};
use super::ops::{self, Survey};
use super::plan::{Plan, named};
use super::rpls::Register;
use super::stock::{Builder, EstateRequest, Request};
use super::streets::Network;
use super::{DemoError, DemoOptions, DemoSummary, Progress};

/// Draws the territory and writes all its files.
pub fn write(
    data: &'static Demo,
    options: &DemoOptions,
    dir: &Path,
    progress: Progress<'_>,
) -> Result<DemoSummary, DemoError> {
    let steps = 8;
    progress("Territoire", 0, steps);
    let plan = Plan::draw(data, options.seed, options.dwellings);
    progress("Rues et adresses", 1, steps);
    let network = Network::draw(data, &plan);
    progress("Logements", 2, steps);
    let ground = ground(data, &plan, &network);
    let block = settle(&ground, &plan, network, options.dwellings);
    let mut out = Files { dir, summary: DemoSummary::new(options) };
    let mut faults = String::from(DEFECTS_HEADER);
    progress("Contours", 3, steps);
    contours(&mut out, &plan, &ground, &block)?;
    progress("RPLS", 4, steps);
    for (wave, year) in YEARS.iter().enumerate() {
        let mut register = Register::new(&ground, wave, 1.0);
        let w = register.write(&block);
        let name = format!("rpls_{year}.csv");
        list(&mut faults, &name, &w.planted, 2, &mut out.summary);
        out.summary.dwellings.insert(*year as u16, w.dwellings);
        out.save(&name, &[header(wave).as_bytes(), &w.bytes], w.rows)?;
    }
    progress("Occupation", 5, steps);
    let mut truth = Vec::from(ops::TRUTH_HEADER);
    for (wave, year) in YEARS.iter().enumerate() {
        let w = Survey::new(&ground, wave, 1.0).write(&block, Some(&mut truth));
        let name = format!("ops_{year}.csv");
        list(&mut faults, &name, &w.planted, 2, &mut out.summary);
        out.save(&name, &[ops::HEADER.as_bytes(), &w.bytes], w.rows)?;
    }
    let lines = truth.iter().filter(|b| **b == b'\n').count() as u64 - 1;
    out.save("verite/menages.csv", &[&truth], lines)?;
    progress("Attributions", 6, steps);
    let flows = attributions::flows(&ground, &block);
    for (year, lines) in by_year(options.territory, &flows.allocations) {
        let rows = lines.iter().filter(|b| **b == b'\n').count() as u64;
        out.save(&format!("attributions_{year}.csv"), &[attributions::HEADER.as_bytes(), &lines], rows)?;
    }
    let asked = demands::demands(&ground, &flows.demands, options.dwellings.into());
    out.save("demandes_2024.csv", &[demands::HEADER.as_bytes(), &asked.bytes], asked.rows)?;
    // The same, as the SNE exchanges them: in a folder of its own, for one extract is imported once.
    let exchanged = exchange::document(&asked.bytes);
    out.save("echange/demandes_2024.xml", &[exchanged.as_bytes()], asked.rows)?;
    // The waiting list as the plan of allocations asks for it.
    out.save(
        "plan/demandes_2024.csv",
        &[attributions::DEMANDS_HEADER.as_bytes(), &flows.demands],
        flows.demanded,
    )?;
    for (name, text) in demands::GRIDS {
        let text = text.replace("{EPCI}", &ground.epci[0].code);
        out.save(&format!("cotation/grille-{name}.json"), &[text.as_bytes()], 1)?;
    }
    let told = asked.truth.lines().count() as u64;
    out.save("verite/cotation.csv", &[demands::TRUTH.as_bytes(), asked.truth.as_bytes()], told)?;
    let thresholds = attributions::thresholds(&ground);
    out.save("seuils_q1.csv", &[thresholds.as_bytes()], thresholds.lines().count() as u64 - 1)?;
    progress("Adresses et vérité", 7, steps);
    addresses(&mut out, &ground, &block)?;
    dwellings_truth(&mut out, &ground, &block)?;
    // Declarations and flows are of the agglomeration: its bailleurs have one département.
    if options.territory != Territory::Agglomeration {
        let lines = faults.lines().count() as u64 - 1;
        out.save("verite/defauts.csv", &[faults.as_bytes()], lines)?;
        progress("Terminé", steps, steps);
        return Ok(out.summary);
    }
    for told in events::events(&ground, &block) {
        out.save(&format!("declares/evenements-{}.csv", told.siren), &[&told.bytes], told.rows)?;
    }
    let planted = flux::flux(&ground, &block);
    for (name, sheet) in [
        ("declares/flux/conventions.csv", &planted.conventions),
        ("declares/flux/assiettes.csv", &planted.bases),
        ("declares/flux/droits.csv", &planted.rights),
        ("declares/flux/evenements.csv", &planted.events),
        ("verite/flux.csv", &planted.truth),
    ] {
        out.save(name, &[sheet.text.as_bytes()], sheet.rows)?;
    }
    let lines = faults.lines().count() as u64 - 1;
    out.save("verite/defauts.csv", &[faults.as_bytes()], lines)?;
    progress("Terminé", steps, steps);
    Ok(out.summary)
}

/// Allocations as one file, or one a year of their lease (else of the decision) as territories have them.
fn by_year(territory: Territory, allocations: &[u8]) -> BTreeMap<String, Vec<u8>> {
    if territory == Territory::Agglomeration {
        return BTreeMap::from([("2024".to_owned(), allocations.to_owned())]);
    }
    let mut out: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for line in allocations.split_inclusive(|b| *b == b'\n') {
        let text = String::from_utf8_lossy(line);
        let mut days = text.split(';').skip(1).take(2);
        let (decided, signed) = (days.next().unwrap_or(""), days.next().unwrap_or(""));
        let day = if signed.is_empty() { decided } else { signed };
        out.entry(day.chars().take(4).collect()).or_default().extend_from_slice(line);
    }
    out
}

/// First line of `verite/defauts.csv`. `regle` is empty when a reader should repair or the
/// address search cope. A fault may break a second rule that is not listed: a spoilt surface the rent per m²
/// (R07), a spoilt year the financing (R05).
pub const DEFECTS_HEADER: &str = "fichier;ligne;colonne;defaut;regle;niveau\n";

/// Adds what was planted in a file; `first` is the line of row 0.
pub fn list(faults: &mut String, file: &str, planted: &[Planted], first: u64, summary: &mut DemoSummary) {
    use std::fmt::Write;
    for p in planted {
        let _ = writeln!(faults, "{file};{};{};{};{};{}", p.row + first, p.column, p.code, p.rule, p.level);
        *summary.defects.entry(p.code.to_owned()).or_default() += 1;
    }
}

/// Where files go, and what was written.
pub struct Files<'a> {
    pub dir: &'a Path,
    pub summary: DemoSummary,
}

impl Files<'_> {
    /// Writes one file of `rows` data rows.
    pub fn save(&mut self, name: &str, parts: &[&[u8]], rows: u64) -> Result<(), DemoError> {
        let path = self.dir.join(name);
        let fault = |source| DemoError::Write { path: path.clone(), source };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(fault)?;
        }
        let mut file = std::fs::File::create(&path).map_err(fault)?;
        for p in parts {
            file.write_all(p).map_err(fault)?;
        }
        self.summary.files.insert(name.to_owned(), rows);
        Ok(())
    }
}

fn ground(data: &'static Demo, plan: &Plan, network: &Network) -> Ground {
    let t = &data.names.territoire;
    let zone = |q: &super::plan::Qpv| Zone {
        code: q.code.clone(),
        nom: q.nom.clone(),
        town: q.commune,
        ground: vec![vec![q.ring.clone()]],
    };
    let heart = |p: Point| super::geometry::distance(p, plan.centre);
    let head_office = network
        .lots
        .iter()
        .map(|l| l.at)
        .min_by(|a, b| (heart(*a) - 300.0).abs().total_cmp(&(heart(*b) - 300.0).abs()))
        .unwrap_or(plan.centre);
    Ground {
        data,
        seed: plan.seed,
        departements: areas(t, plan.centre),
        epci: data.names.epci.iter().map(|e| Coded { code: e.siren.clone(), nom: e.nom.clone() }).collect(),
        towns: plan
            .communes
            .iter()
            .map(|c| Town {
                code: c.name.code.clone(),
                nom: c.name.nom.clone(),
                codepostal: c.name.codepostal.clone(),
                epci: c.name.epci,
                departement: c.name.departement,
                genre: c.name.genre,
                centre: c.centre,
                radius: c.radius,
                ground: c.ground.clone(),
                waves: [0, 1].map(|wave| {
                    let (code, nom) = named(c.name, wave);
                    (code != c.name.code).then(|| Coded { code: code.to_owned(), nom: nom.to_owned() })
                }),
                city: c.name.ville.as_ref().map(|v| Coded { code: v.code.clone(), nom: v.nom.clone() }),
            })
            .collect(),
        iris: plan
            .iris
            .iter()
            .map(|i| Zone {
                code: i.code.clone(),
                nom: i.nom.clone(),
                town: i.commune,
                ground: i.ground.clone(),
            })
            .collect(),
        qpv2015: plan.qpv2015.iter().map(zone).collect(),
        qpv2024: plan.qpv2024.iter().map(zone).collect(),
        bailleurs: bailleurs(data),
        head_office: round(head_office),
    }
}

/// The départements of a territory, each with its system.
fn areas(t: &Territoire, centre: Point) -> Vec<Area> {
    if t.departements.is_empty() {
        return vec![Area {
            code: t.departement.clone(),
            nom: t.nom_departement.clone(),
            region: t.region.clone(),
            nom_region: t.nom_region.clone(),
            frame: Frame::LAMBERT,
        }];
    }
    let of = |p: &Part| Area {
        code: p.code.clone(),
        nom: p.nom.clone(),
        region: p.region.clone(),
        nom_region: p.nom_region.clone(),
        frame: p.repere.as_ref().map_or(Frame::LAMBERT, |r| {
            let drawn = [centre[0] + r.dessin[0], centre[1] + r.dessin[1]];
            Frame::utm_south(r.epsg, r.meridien, r.centre, drawn)
        }),
    };
    t.departements.iter().map(of).collect()
}

fn round([x, y]: Point) -> Point {
    [(x * 100.0).round() / 100.0, (y * 100.0).round() / 100.0]
}

/// Shares `total` by weight with the largest remainders; the sum is exact.
#[must_use]
pub fn share(total: usize, weights: &[f64]) -> Vec<usize> {
    let sum: f64 = weights.iter().sum();
    let exact: Vec<f64> = weights.iter().map(|w| total as f64 * w / sum).collect();
    let mut out: Vec<usize> = exact.iter().map(|e| *e as usize).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| {
        (exact[b] - exact[b].floor()).total_cmp(&(exact[a] - exact[a].floor())).then(a.cmp(&b))
    });
    let missing = total - out.iter().sum::<usize>();
    for &i in order.iter().take(missing) {
        out[i] += 1;
    }
    out
}

/// Puts the dwellings on the ground.
fn settle(ground: &Ground, plan: &Plan, network: Network, dwellings: u32) -> Block {
    let zone_at =
        |zones: &[Zone], p: Point| zones.iter().position(|z| z.ground.iter().any(|g| contains(g, p)));
    let estate_of: Vec<Option<usize>> = network.lots.iter().map(|l| l.estate).collect();
    let places: Vec<Place> = network
        .lots
        .iter()
        .map(|l| {
            let at = round(l.at);
            let iris = plan.communes[l.commune]
                .iris
                .clone()
                .find(|&i| plan.iris[i].ground.iter().any(|g| contains(g, at)));
            Place {
                street: l.street,
                number: l.number,
                suffix: l.suffix,
                at,
                town: l.commune,
                iris,
                qpv2015: zone_at(&ground.qpv2015, at),
                qpv2024: zone_at(&ground.qpv2024, at),
            }
        })
        .collect();
    let mut block = Block { streets: network.streets, places, ..Block::default() };
    let total = dwellings as usize;
    let estates: Vec<usize> = plan.estates.iter().map(|e| e.dwellings as usize).collect();
    let weights: Vec<f64> = plan.communes.iter().map(|c| c.name.poids).collect();
    let shares = share(total.saturating_sub(estates.iter().sum()), &weights);
    // Leavers: dwellings sold or demolished between the two millésimes come on top.
    let mut builder = Builder {
        ground,
        dice: super::dice::Dice::new(plan.seed, 50),
        next_ident: 100_000_000,
        next_segment: 0,
        owners: ground.bailleurs.iter().enumerate().map(|(i, b)| (i, b.weight)).collect(),
    };
    for (town, dwellings) in shares.into_iter().enumerate() {
        let free = (0..block.places.len())
            .filter(|&p| block.places[p].town == town && estate_of[p].is_none())
            .collect();
        let mine = plan
            .estates
            .iter()
            .enumerate()
            .filter(|(_, e)| e.commune == town)
            .map(|(k, e)| EstateRequest {
                nom: ground.data.names.grand_ensemble[e.index].nom.clone(),
                bailleur: ground.data.names.grand_ensemble[e.index].bailleur,
                dwellings: estates[k],
                places: (0..block.places.len()).filter(|&p| estate_of[p] == Some(k)).collect(),
            })
            .collect();
        builder.fill(&mut block, &Request { town, free, dwellings, estates: mine });
    }
    leavers(ground, &mut builder, &mut block);
    block
}

/// Dwellings of 2022 that are no longer in the register of 2024, copied from their neighbours.
fn leavers(ground: &Ground, builder: &mut Builder<'_>, block: &mut Block) {
    let rate = ground.data.figures.parc.sortie_deux_ans;
    let mut kept = Vec::with_capacity(block.dwellings.len() + 64);
    for d in std::mem::take(&mut block.dwellings) {
        let gone = d.mode[0] != 0 && builder.dice.chance(rate);
        if gone {
            builder.next_ident += 1;
            let mut twin = d.clone();
            twin.ident = builder.next_ident;
            twin.door += 50;
            twin.mode[1] = 0;
            twin.lease[1] = 0;
            kept.push(d);
            kept.push(twin);
        } else {
            kept.push(d);
        }
    }
    block.dwellings = kept;
}

fn contours(out: &mut Files<'_>, plan: &Plan, ground: &Ground, block: &Block) -> Result<(), DemoError> {
    let t = &ground.data.names.territoire;
    let mut save = |name: &str, c: Collection| {
        let (text, n) = c.finish();
        out.save(name, &[text.as_bytes()], n)
    };
    // Communes that merged or were split are those of two years.
    let changed = ground.towns.iter().any(|t| t.waves.iter().any(Option::is_some));
    for (wave, year) in YEARS.iter().enumerate() {
        if !changed && wave == 0 {
            continue;
        }
        let mut c = Collection::new("communes");
        for whole in &plan.wholes[wave] {
            let town = &ground.towns[whole.first];
            let area = &ground.departements[town.departement];
            let p = [
                ("INSEE_COM", whole.code),
                ("NOM", whole.nom),
                ("INSEE_DEP", &area.code),
                ("INSEE_REG", &area.region),
                ("SIREN_EPCI", &ground.epci[town.epci].code),
            ];
            c.frame = area.frame;
            c.area(&p, &whole.ground);
        }
        save(&if changed { format!("communes_{year}.geojson") } else { "communes.geojson".to_owned() }, c)?;
    }
    let mut c = Collection::new("epci");
    for (i, (e, parts)) in ground.epci.iter().zip(&plan.epci).enumerate() {
        let town = ground.towns.iter().find(|t| t.epci == i);
        c.frame = town.map_or(Frame::LAMBERT, |t| ground.departements[t.departement].frame);
        let kind =
            if e.nom.starts_with("CA ") { "Communauté d'agglomération" } else { "Communauté de communes" };
        c.area(&[("CODE_SIREN", &e.code), ("NOM", &e.nom), ("NATURE", kind)], parts);
    }
    save("epci.geojson", c)?;
    let mut c = Collection::new("departement");
    if plan.departements.is_empty() {
        c.area(
            &[("INSEE_DEP", &t.departement), ("NOM", &t.nom_departement), ("INSEE_REG", &t.region)],
            &plan.departement,
        );
    }
    for (area, parts) in ground.departements.iter().zip(&plan.departements) {
        c.frame = area.frame;
        c.area(&[("INSEE_DEP", &area.code), ("NOM", &area.nom), ("INSEE_REG", &area.region)], parts);
    }
    save("departement.geojson", c)?;
    let mut c = Collection::new("iris");
    for (i, z) in plan.iris.iter().enumerate() {
        let town = &ground.towns[z.commune];
        let kind = z.kind.to_string();
        let p = [
            ("CODE_IRIS", ground.iris[i].code.as_str()),
            ("NOM_IRIS", &z.nom),
            ("INSEE_COM", &town.code),
            ("NOM_COM", &town.nom),
            ("IRIS", &z.code[5..]),
            ("TYP_IRIS", &kind),
        ];
        c.frame = ground.departements[town.departement].frame;
        c.area(&p, &z.ground);
    }
    save("iris.geojson", c)?;
    let mut c = Collection::new("qpv2015");
    for z in &ground.qpv2015 {
        c.frame = ground.departements[ground.towns[z.town].departement].frame;
        c.area(
            &[("CODE_QP", &z.code), ("NOM_QP", &z.nom), ("COMMUNE_QP", &ground.towns[z.town].nom)],
            &z.ground,
        );
    }
    save("qpv2015.geojson", c)?;
    let mut c = Collection::new("qpv2024");
    for z in &ground.qpv2024 {
        let town = &ground.towns[z.town];
        let area = &ground.departements[town.departement];
        let p = [
            ("code_qp", z.code.as_str()),
            ("lib_qp", &z.nom),
            ("insee_reg", &area.region),
            ("lib_reg", &area.nom_region),
            ("insee_dep", &area.code),
            ("lib_dep", &area.nom),
            ("insee_com", town.now().0),
            ("lib_com", town.now().1),
            ("siren_epci", &ground.epci[town.epci].code),
        ];
        c.frame = area.frame;
        c.area(&p, &z.ground);
    }
    save("qpv2024.geojson", c)?;
    // A background to draw the rest on.
    let mut c = Collection::new("voies");
    for s in &block.streets {
        let name = format!("{} {}", s.kind, s.name);
        let kind = if s.kind == "Avenue" || s.kind == "Route" || s.kind == "Boulevard" {
            "principale"
        } else {
            "rue"
        };
        c.frame = ground.departements[ground.towns[s.commune].departement].frame;
        c.line(&[("nom", &name), ("nature", kind), ("insee_com", &ground.towns[s.commune].code)], &s.line);
    }
    save("fond/voies.geojson", c)?;
    let mut c = Collection::new("riviere");
    c.frame = ground.departements[0].frame;
    c.line(&[("nom", "La Sereine")], &plan.river_line());
    save("fond/riviere.geojson", c)?;
    for (wave, year) in YEARS.iter().enumerate() {
        if !changed && wave == 0 {
            continue;
        }
        let mut text = String::from("commune;epci;nom\n");
        for whole in &plan.wholes[wave] {
            let e = &ground.epci[ground.towns[whole.first].epci];
            text += &format!("{};{};{}\n", whole.code, e.code, e.nom);
        }
        let rows = plan.wholes[wave].len() as u64;
        out.save(&format!("appartenance_{year}.csv"), &[text.as_bytes()], rows)?;
    }
    Ok(())
}

fn ban_id(town: &Town, fantoir: u16, place: &Place) -> String {
    let rep = if place.suffix.is_empty() { String::new() } else { format!("_{}", place.suffix) };
    format!("{}_{fantoir:04}_{:05}{rep}", town.code, place.number)
}

/// `adresses-01.csv`, the BAN of each département: every true address.
fn addresses(out: &mut Files<'_>, ground: &Ground, block: &Block) -> Result<(), DemoError> {
    out.summary.addresses = block.places.len() as u64;
    for (i, area) in ground.departements.iter().enumerate() {
        let here = block.places.iter().filter(|p| ground.towns[p.town].departement == i);
        let (bytes, rows) = addresses_of(ground, block, area, here);
        out.save(&format!("adresses-{}.csv", area.code), &[&bytes], rows)?;
    }
    Ok(())
}

fn addresses_of<'a>(
    ground: &Ground,
    block: &Block,
    area: &Area,
    places: impl Iterator<Item = &'a Place>,
) -> (Vec<u8>, u64) {
    let mut rows = 0;
    let mut w = Vec::from(
        "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;code_insee_ancienne_commune;nom_ancienne_commune;x;y;lon;lat;type_position;alias;nom_ld;libelle_acheminement;nom_afnor;source_position;source_nom_voie;certification_commune;cad_parcelles\n",
    );
    for p in places {
        rows += 1;
        let town = &ground.towns[p.town];
        let s = &block.streets[p.street];
        let ([lon, lat], [x, y]) = (area.frame.degrees(p.at), area.frame.place(p.at));
        let ((code, nom), former) = (town.now(), &town.waves[1]);
        // A commune that merged is named as the one of before.
        let (old_code, old_name) =
            former.as_ref().map_or(("", ""), |_| (town.code.as_str(), town.nom.as_str()));
        let name = format!("{} {}", s.kind, s.name);
        let certified = u8::from(town.genre == Genre::Ville);
        let _ = writeln!(
            w,
            "{};{}_{:04};{};{};{name};{};{};{};{old_code};{old_name};{:.2};{:.2};{lon:.7};{lat:.7};entrée;;;{};{};commune;commune;{certified};",
            ban_id(town, s.fantoir, p),
            town.code,
            s.fantoir,
            p.number,
            p.suffix,
            town.codepostal,
            code,
            nom,
            x,
            y,
            plain(nom),
            plain(&name),
        );
    }
    (w, rows)
}

fn dwellings_truth(out: &mut Files<'_>, ground: &Ground, block: &Block) -> Result<(), DemoError> {
    let mut w = Vec::from(
        "ident_rep;siren;residence;id_ban;lon;lat;commune;iris;qpv2015;qpv2024;mode_2022;mode_2024\n",
    );
    let code = |zones: &[Zone], i: Option<usize>| i.map_or("", |i| zones[i].code.as_str()).to_owned();
    for d in &block.dwellings {
        let p = &block.places[d.place];
        let r = &block.residences[d.residence];
        let town = &ground.towns[p.town];
        let [lon, lat] = ground.departements[town.departement].frame.degrees(p.at);
        let mode = d.mode.map(|m| if m == 0 { String::new() } else { m.to_string() });
        let _ = writeln!(
            w,
            "{:010};{};R{:05};{};{lon:.7};{lat:.7};{};{};{};{};{};{}",
            d.ident,
            ground.bailleurs[r.bailleur].siren,
            r.segment,
            ban_id(town, block.streets[p.street].fantoir, p),
            town.code,
            code(&ground.iris, p.iris),
            code(&ground.qpv2015, p.qpv2015),
            code(&ground.qpv2024, p.qpv2024),
            mode[0],
            mode[1],
        );
    }
    out.save("verite/logements.csv", &[&w], block.dwellings.len() as u64)
}
