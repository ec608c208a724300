//! Cubes that are brought up to date with what is kept of former builds are those of a full build, byte for
//! byte, whatever was corrected, declared, deposited, withdrawn or damaged meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::refresh::refresh;
use crate::registers::output::Output;
use crate::registers::report::Report;
use crate::registers::{ops, rpls, zones};
use crate::stock::edits::{self, HOMES, Home, POINTS, PointFix};
use crate::stock::events::{self, Effect, Happening};
use crate::stock::parts::Parts;
use crate::store::{Store, Writer};

const RPLS: &str = "IDENT_REP;SIRET;RS;DEPCOM;CODEPOSTAL;LIBCOM;NUMVOIE;INDREP;TYPVOIE;NOMVOIE;QPV;TYPECONST;NBPIECE;SURFHAB;CONSTRUCT;LOCAT;PATRIMOINE;ORIGINE;FINAN;CONV;MODE;BAIL;CUS;EPSG;X;Y;QUALITE_XY";
const OPS: &str = "vague;bailleur_siren;ident_rep;residence_code;depcom;numvoie;nomvoie;statut_logement;statut_reponse;date_entree;type_menage;nb_personnes;nb_mineurs;age_titulaire";
const SIRENS: [&str; 2] = ["775685029", "200071751"];
/// Code, postcode and name; south-west corner of its square of 6 km in Lambert-93.
const COMMUNES: [(&str, (f64, f64)); 2] = [
    ("73065;73000;CHAMBERY", (924_000.0, 6_497_000.0)),
    ("73008;73100;AIX LES BAINS", (924_000.0, 6_503_000.0)),
];
const DWELLINGS: usize = 1_200;
/// Folder of what is kept of former builds.
const KEPT: &str = "etapes";

/// A dwelling of the register: its address has eight, and one in nine has no point.
struct Filed {
    ident: String,
    siren: &'static str,
    commune: &'static str,
    number: usize,
    street: usize,
    at: Option<(f64, f64)>,
}

fn homes() -> Vec<Filed> {
    let mut rng = fastrand::Rng::with_seed(2);
    let mut at = (0.0, 0.0);
    let home = |i: usize| {
        let (commune, corner) = COMMUNES[i / 8 % 2];
        if i.is_multiple_of(8) {
            at = (corner.0 + 6_000.0 * rng.f64(), corner.1 + 6_000.0 * rng.f64());
        }
        Filed {
            ident: format!("AB{i:08}"),
            siren: SIRENS[i / 40 % 2],
            commune,
            number: 1 + i / 8 % 25,
            street: i / 200,
            at: Some(at).filter(|_| i % 72 > 7),
        }
    };
    (0..DWELLINGS).map(home).collect()
}

fn register<'a>(homes: impl Iterator<Item = &'a Filed>) -> String {
    let line = |h: &Filed| {
        let at = h.at.map_or(";;;".to_owned(), |(x, y)| format!("2154;{x:.1};{y:.1};11"));
        let (ident, siren, commune, number) = (&h.ident, h.siren, h.commune, h.number);
        format!(
            "{ident};{siren}00123;OFFICE;{commune};{number};;RUE;DES LILAS {};1;C;3;66;1985;1985;1985;1;13;1;1;03/2019;13;{at}",
            h.street
        )
    };
    std::iter::once(RPLS.to_owned()).chain(homes.map(line)).collect::<Vec<_>>().join("\n")
}

/// Most households name their dwelling, some their address only, a few neither.
fn survey(homes: &[Filed]) -> String {
    let line = |(i, h): (usize, &Filed)| {
        let (siren, commune) = (h.siren, &h.commune[..5]);
        let ident = if i % 10 < 7 { h.ident.as_str() } else { "" };
        let number = if i % 50 == 9 { 900 } else { h.number };
        let (answer, year) = (if i % 11 == 5 { "NON_REPONSE" } else { "REPONSE" }, 2005 + i % 19);
        let (persons, age) = (1 + i % 5, 25 + i % 60);
        format!(
            "2024;{siren};{ident};R{};{commune};{number};RUE DES LILAS {};OCCUPE;{answer};{year}-03;;{persons};{};{age}",
            i / 60,
            h.street,
            persons / 2
        )
    };
    let rows = homes.iter().enumerate().filter(|(i, _)| i % 6 > 0).map(line);
    std::iter::once(OPS.to_owned()).chain(rows).collect::<Vec<_>>().join("\n")
}

fn square(properties: &str, (x, y): (f64, f64), side: f64) -> String {
    let (e, n) = (x + side, y + side);
    format!(
        r#"{{"type":"Feature","properties":{{{properties}}},"geometry":{{"type":"Polygon","coordinates":[[[{x},{y}],[{e},{y}],[{e},{n}],[{x},{n}],[{x},{y}]]]}}}}"#
    )
}

fn publish(root: &Path, import: impl FnOnce(&Output) -> Report) {
    let mut w = Writer::open(root).unwrap();
    let folder = w.temporary().unwrap();
    let report = import(&Output::new(folder.path()));
    w.publish(folder, report).unwrap();
}

fn import(root: &Path, text: &str, read: impl FnOnce(&Path, &Output) -> Report) {
    let file = root.join("fichier");
    fs::write(&file, text).unwrap();
    publish(root, |o| read(&file, o));
}

fn import_rpls(root: &Path, text: &str, register: &str, key: &str) {
    let options = rpls::RplsOptions { millesime: 2024, workers: None };
    import(root, text, |f, o| {
        let report = rpls::import(f, &options, o, &|_, _| ()).unwrap();
        Report { registre: register.into(), cle: key.into(), ..report }
    });
}

fn store(root: &Path, homes: &[Filed]) {
    fs::create_dir_all(root).unwrap();
    import_rpls(root, &register(homes.iter()), "rpls", "2024");
    import(root, &survey(homes), |f, o| {
        ops::import(f, &ops::Options { vague: 2024 }, o, &|_, _| ()).unwrap()
    });
    let commune = |(code, at): &(&str, (f64, f64))| {
        square(&format!(r#""INSEE_COM":"{}","NOM":"{}""#, &code[..5], &code[12..]), *at, 6_000.0)
    };
    let qpv = square(r#""code_qp":"QN07301M","lib_qp":"Bissy""#, (925_000.0, 6_501_000.0), 2_500.0);
    for (layer, generation, features) in
        [("commune", None, COMMUNES.iter().map(commune).collect()), ("qpv", Some("2024"), vec![qpv])]
    {
        let crs = r#""crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::2154"}}"#;
        let text = format!(r#"{{"type":"FeatureCollection",{crs},"features":[{}]}}"#, features.join(","));
        let generation = generation.map(str::to_owned);
        let options =
            zones::ZonesOptions { couche: layer.into(), generation, epsg: None, table: None, forcer: false };
        import(root, &text, |f, o| zones::import(f, &options, o, &|_, _| ()).unwrap());
    }
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() { copied(&path, &target) } else { _ = fs::copy(&path, &target).unwrap() }
    }
}

/// Bytes of each cube and book, under the edition that it is.
fn figures(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let store = Store::open(root).unwrap();
    let cubes = store.manifest().cubes.iter().map(|c| (format!("{:?}", c.edition()), store.cube_file(c).0));
    let books =
        store.manifest().carnets.iter().map(|b| (format!("carnet {}", b.vague), store.book_file(b).0));
    cubes.chain(books).map(|(name, path)| (name, fs::read(path).unwrap())).collect()
}

/// Files of what is kept.
fn kept(root: &Path) -> BTreeSet<PathBuf> {
    let inside = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    inside(root.join(KEPT)).flat_map(inside).collect()
}

fn written<T: serde::Serialize>(header: &str, rows: &[T]) -> Vec<u8> {
    let mut out = csv::WriterBuilder::new().delimiter(b';').has_headers(false).from_writer(Vec::new());
    out.write_record(header.split(' ')).unwrap();
    rows.iter().for_each(|r| out.serialize(r).unwrap());
    out.into_inner().unwrap()
}

fn put(root: &Path, register: &str, key: &str, files: &[(&str, Vec<u8>)]) {
    publish(root, |o| {
        let mut hash = blake3::Hasher::new();
        for (name, bytes) in files {
            hash.update(bytes);
            fs::write(o.dir().join(name), bytes).unwrap();
        }
        Report { empreinte: hash.finalize().to_hex().to_string(), ..Report::new(register, key, "essai") }
    });
}

/// What bailleurs told so far.
#[derive(Default)]
struct Told {
    /// Address key by national number.
    keys: BTreeMap<String, String>,
    moved: Vec<PointFix>,
    homes: Vec<Home>,
    happened: Vec<Happening>,
}

impl Told {
    fn new(root: &Path) -> Self {
        let parts = Parts::of(&Store::open(root).unwrap(), "rpls", 2024).unwrap();
        let t = parts.read(&["ident_rep", "adresse"]).unwrap();
        let (idents, keys) = (t.texts("ident_rep").unwrap(), t.texts("adresse").unwrap());
        let of = |row: usize| (idents.get(row).to_owned(), keys.get(row).to_owned());
        Self { keys: (0..t.rows()).map(of).collect(), ..Self::default() }
    }

    fn key(&self, of: &Filed) -> String {
        self.keys[&of.ident].clone()
    }

    /// An address or a dwelling is moved near by or far away, and perhaps named anew.
    fn correct(&mut self, rng: &mut fastrand::Rng, of: &Filed, other: &Filed) {
        let one = rng.u8(0..3) == 0;
        let far = rng.f64() * if rng.bool() { 0.001 } else { 0.05 };
        self.moved.push(PointFix {
            siren: of.siren.into(),
            adresse: if one { String::new() } else { self.key(of) },
            ident_rep: if one { of.ident.clone() } else { String::new() },
            des: 2024,
            lon: 5.87 + far,
            lat: 45.57 + rng.f64() * 0.09,
            qualite: rng.choice([11, 12]).unwrap(),
            cle: if rng.u8(0..3) == 0 { self.key(other) } else { String::new() },
        });
    }

    fn group(&mut self, of: &Filed) {
        let code = format!("M{}", self.homes.len() % 2);
        let libelle = format!("Résidence {code}");
        self.homes.push(Home { siren: of.siren.into(), adresse: self.key(of), code, libelle });
    }

    fn happen(&mut self, rng: &mut fastrand::Rng, of: &Filed) {
        let comes = rng.bool();
        self.happened.push(Happening {
            date: format!("2024-{:02}-01", rng.u8(2..13)),
            siren: of.siren.into(),
            effet: if comes { Effect::Entree } else { Effect::Sortie },
            autre: String::new(),
            commune: of.commune[..5].into(),
            // At an address that is there, or at a new one.
            adresse: if rng.bool() { self.key(of) } else { format!("{}:3:-:RUE NEUVE", &of.commune[..5]) },
            logements: if comes { 12 } else { 1 },
            ident_rep: if comes { String::new() } else { of.ident.clone() },
            lon: Some(5.88),
            lat: Some(45.6),
            qualite: 11,
            annee: 2024,
            financement: "PLAI".into(),
            pieces: 3,
            dpe: "A".into(),
            surface: 62,
        });
    }

    fn publish(&self, root: &Path) {
        let moved = written("siren adresse ident_rep des lon lat qualite cle", &self.moved);
        let homes = written("siren adresse code libelle", &self.homes);
        put(root, edits::REGISTER, edits::KEY, &[(POINTS, moved), (HOMES, homes)]);
        let names = "date siren effet autre commune adresse logements ident_rep lon lat qualite annee financement pieces dpe surface";
        put(root, events::REGISTER, events::KEY, &[(events::FILE, written(names, &self.happened))]);
    }
}

#[test]
fn figures_that_follow_a_change_are_those_of_a_full_build() {
    let dir = tempfile::tempdir().unwrap();
    let (root, whole) = (dir.path().join("magasin"), dir.path().join("entier"));
    let homes = homes();
    store(&root, &homes);
    refresh(&mut Writer::open(&root).unwrap(), &mut |_| ()).unwrap();
    let deposit = format!("2024-{}", SIRENS[1]);
    let mut rng = fastrand::Rng::with_seed(7);
    let (mut told, mut before, mut changes) = (Told::new(&root), figures(&root), 0);
    for round in 0..16 {
        let steps = kept(&root);
        assert_eq!(steps.len(), 2, "households and points");
        let (of, other) = (&homes[rng.usize(0..DWELLINGS)], &homes[rng.usize(0..DWELLINGS)]);
        match round {
            6 => {
                let own = homes.iter().filter(|h| h.siren == SIRENS[1]).step_by(2);
                import_rpls(&root, &register(own), "depot_rpls", &deposit);
            }
            10 => drop(Writer::open(&root).unwrap().withdraw("depot_rpls", &deposit).unwrap()),
            _ if round % 4 == 1 => told.happen(&mut rng, of),
            _ if round % 4 == 3 => told.group(of),
            _ => (0..=round % 3).for_each(|_| told.correct(&mut rng, of, other)),
        }
        told.publish(&root);
        copied(&root, &whole);
        fs::remove_dir_all(whole.join(KEPT)).unwrap();
        let damaged = round % 5 == 2;
        if damaged {
            let path = steps.iter().nth(round / 5 % 2).unwrap();
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        }
        for root in [&root, &whole] {
            refresh(&mut Writer::open(root).unwrap(), &mut |_| ()).unwrap();
        }
        let (now, expected) = (figures(&root), figures(&whole));
        assert_eq!(now.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "round {round}");
        for (name, bytes) in &now {
            assert!(*bytes == expected[name], "round {round}: {name} differs");
        }
        changes += u32::from(now != before);
        if !matches!(round, 6 | 10) && !damaged {
            assert_eq!(kept(&root).first(), steps.first(), "what was read and joined still holds");
        }
        before = now;
        fs::remove_dir_all(&whole).unwrap();
    }
    assert_eq!(before.len(), 3, "the register, the stock up to date, the book");
    assert!(changes > 10, "only {changes} rounds changed something");
}
