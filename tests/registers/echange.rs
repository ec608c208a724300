//! The exchange of the SNE: read in any order, the same table as the CSV, nothing of people kept, hostile
//! documents refused by name with nothing kept.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::common::{cell, findings, fixture, row_of, shared, table};
use mosaique::arrival::{self, Asked, What};
use mosaique::registers::attributions::{pseudonym, read_key};
use mosaique::registers::demandes::exchange::{self, day, is_exchange, is_xml};
use mosaique::registers::demandes::proof;
use mosaique::registers::kind::{self, Kind, Verdict};
use mosaique::registers::output::Output;
use mosaique::registers::report::Report;

struct Read {
    dir: tempfile::TempDir,
    key: [u8; 32],
    outcome: Result<Report, String>,
}

fn read(file: &Path, extrait: u32) -> Read {
    let keys = tempfile::tempdir().expect("folder");
    let cle = keys.path().join("cle.txt");
    std::fs::write(&cle, "une cle de test qui a plus de trente-deux octets\n").expect("key");
    let key = read_key(&cle).expect("key");
    let (dir, desk) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    let what = What::Demandes { extrait, cle };
    let asked = Asked { file, what: &what, feuille: None, forcer: false };
    let outcome = arrival::read(&asked, &Output::new(dir.path()), desk.path(), &|_, _| ());
    Read { dir, key, outcome: outcome.map(|(report, _)| report).map_err(|e| e.to_string()) }
}

fn written(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).expect("file");
    path
}

#[test]
fn an_exchange_is_read_in_any_order_with_its_namespaces() {
    let file = fixture("demandes/echange_0201.xml");
    assert!(is_xml(&file) && is_exchange(&file));
    let r = read(&file, 20_241_231);
    let report = r.outcome.expect("import");
    assert_eq!((report.lignes_lues, report.lignes_gardees), (2, 1), "the second names no commune");
    assert_eq!(report.format, "Échange XML du SNE, version 02.01");
    let t = table(r.dir.path(), "demandes");
    let nud = pseudonym(&r.key, "0730318016982G1104");
    let i = row_of(&t, "nud", &nud);
    for (column, want) in [
        ("date_depot", "20220529"),
        ("statut", "1"),
        ("depcom", "73065"),
        ("communes", "73065|73008"),
        ("elargie", "true"),
        ("typologies", "12"),
        ("depcom_actuel", "73065"),
        ("depcom_travail", "73008"),
        ("mode_logement", "10"),
        ("motifs", "4097"),
        ("statut_dalo", "2"),
        ("age", "34"),
        ("nb_personnes", "4"),
        ("nb_moins14", "2"),
        ("nb_14plus", "2"),
        ("nb_mineurs", "2"),
        ("nb_a_naitre", "0"),
        ("nb_garde_alternee", "1"),
        ("cotitulaire", "true"),
        ("ressources_mensuelles", "2520.25"),
        ("ressources_natures", "33"),
        ("activite", "1"),
        ("loyer_charges", "700.5"),
        ("surface", "45"),
        ("pieces", "2"),
        ("justificatifs", "C03|C18"),
        ("preuve", proof(&r.key, &nud, 19_900_315).as_str()),
    ] {
        assert_eq!(cell(&t, column, i), want, "{column}");
    }
    let rejected: Vec<(u64, String)> =
        findings(r.dir.path()).into_iter().filter(|f| f.3 == "rejet").map(|f| (f.0, f.2)).collect();
    assert_eq!(rejected, [(50, "S03".to_owned())], "told on the line of its element");
    let said = report.remarques.join(" ");
    assert!(said.contains("ni gardés") && said.contains("telPortable") && said.contains("mel"), "{said}");
}

#[test]
fn nothing_nominative_of_an_exchange_is_kept() {
    let r = read(&fixture("demandes/echange_0201.xml"), 20_241_231);
    let mut bytes = serde_json::to_vec(&r.outcome.expect("import")).expect("report");
    for entry in std::fs::read_dir(r.dir.path()).expect("folder") {
        bytes.extend(std::fs::read(entry.expect("entry").path()).expect("file"));
    }
    let t = table(r.dir.path(), "demandes");
    for name in t.get_column_names() {
        for i in 0..t.height() {
            bytes.extend(cell(&t, name, i).into_bytes());
        }
    }
    for secret in [
        "Zwingelstein",
        "Zwingel",
        "Cunégonde",
        "0699887766",
        "cunegonde",
        "285127306504209",
        "Zèbres",
        "0730318016982G1104",
        "19900315",
        "1990-03-15",
    ] {
        assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "« {secret} » was kept");
    }
}

#[test]
fn the_public_example_of_the_sne_is_read() {
    let Some(file) = shared("demande_ops/sne_interface_nuu_exemple_demande.xml") else { return };
    assert_eq!(day(&file).expect("day"), Some(20_180_315));
    let desk = tempfile::tempdir().expect("folder");
    let verdict = kind::of(&file, desk.path());
    assert!(
        matches!(verdict, Verdict::Known { kind: Kind::Demandes { extrait: 20_180_315 }, .. }),
        "{verdict:?}"
    );
    let out = desk.path().join("x.csv");
    let told = exchange::to_csv(&file, &out, 20_180_315, &|_| ()).expect("conversion");
    assert_eq!((told.version.as_str(), told.demands), ("02.00", 1));
    let mut rows = csv::ReaderBuilder::new().delimiter(b';').from_path(&out).expect("table");
    let head = rows.headers().expect("header").clone();
    let row = rows.records().next().expect("row").expect("row");
    let of = |name: &str| row[head.iter().position(|h| h == name).expect(name)].to_owned();
    // Sums by hand of the document: 4,010 and 3,165 received, 120 and 30 paid; five persons live there, as its
    // own `nombreHabitant` says.
    for (column, want) in [
        ("ressources_mensuelles", "7025"),
        ("rfr", "20000"),
        ("nb_personnes", "5"),
        ("nb_moins14", "3"),
        ("nb_14plus", "2"),
        ("nb_mineurs", "3"),
        ("nb_a_naitre", "1"),
        ("nb_garde_alternee", "1"),
        ("cotitulaire", "oui"),
        ("mode_logement", "LP"),
        ("loyer_charges", "1000"),
        ("surface", "50"),
        ("pieces", "3"),
        ("depcom_actuel", "75113"),
        ("depcom_travail", "75056"),
        ("activite", "CDI"),
        ("communes_demandees", ""),
    ] {
        assert_eq!(of(column), want, "{column}");
    }
    // It says no dwelling that is looked for: no commune, so no demand that could be scored.
    let r = read(&file, 20_180_315);
    assert_eq!(r.outcome.expect("report").lignes_gardees, 0);
    assert_eq!(findings(r.dir.path())[0].2, "S03");
}

/// One demand in a document of this head and middle.
fn document(head: &str, inner: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>{head}<n:interfaceNuu xmlns:n=\"http://nuu.application.i2/\" \
         versionInterface=\"02.01\"><n:demande><n:demandeLogement><n:numUnique>0730318016982G1104</n:numUnique>\
         <n:dateCreationDemande>2022-05-29</n:dateCreationDemande>{inner}<n:logementRecherche>\
         <n:listeLocalisationSouhaite><n:localisationSouhaite><n:commune code=\"73065\"/></n:localisationSouhaite>\
         </n:listeLocalisationSouhaite></n:logementRecherche></n:demandeLogement></n:demande></n:interfaceNuu>"
    )
}

#[test]
fn hostile_damaged_and_foreign_documents_are_refused_by_name_with_nothing_kept() {
    let dir = tempfile::tempdir().expect("folder");
    let sound = document("", "");
    assert!(read(&written(dir.path(), "sound.xml", sound.as_bytes()), 20_241_231).outcome.is_ok());
    let mut laughs = String::from("<!DOCTYPE lolz [<!ENTITY lol \"lol\">");
    for i in 1..10 {
        let inner = format!("&lol{};", i - 1).repeat(10);
        laughs.push_str(&format!("<!ENTITY lol{i} \"{inner}\">"));
    }
    laughs.push_str("]>");
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(sound.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin = document("", "<n:nom>Zo\u{1}</n:nom>").replace('\u{1}', "é");
    let latin: Vec<u8> = encoding_rs::WINDOWS_1252.encode(&latin).0.into_owned();
    let gz = |bytes: &[u8]| {
        let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        e.write_all(bytes).expect("gzip");
        e.finish().expect("gzip")
    };
    let cut = gz(sound.as_bytes());
    let deep = format!("{}{}", "<n:a>".repeat(40), "</n:a>".repeat(40));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("laughs", document(&laughs, "<n:nom>&lol9;</n:nom>").into_bytes(), "DOCTYPE refusée"),
        ("dtd", document("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">", "").into_bytes(), "DOCTYPE refusée"),
        ("entity", document("", "<n:nom>&secret;</n:nom>").into_bytes(), "entité « &secret; » refusée"),
        (
            "in attribute",
            document("", "<n:x code=\"&secret;\"/>").into_bytes(),
            "entité « &secret; » refusée",
        ),
        ("deep", document("", &deep).into_bytes(), "plus de 32 éléments emboîtés"),
        (
            "long text",
            document("", &format!("<n:nom>{}</n:nom>", "x".repeat(200_000))).into_bytes(),
            "plus de 65536 octets",
        ),
        (
            "long tag",
            document("", &format!("<n:nom a=\"{}\"/>", "x".repeat(200_000))).into_bytes(),
            "plus de 65536 octets",
        ),
        (
            "many texts",
            document("", &format!("<n:numUnique>{}</n:numUnique>", "abc<!-- -->".repeat(40_000)))
                .into_bytes(),
            "plus de 65536 octets",
        ),
        (
            "long demand",
            document("", &"<n:numUnique>abcdefghijklmnop</n:numUnique>".repeat(4_000)).into_bytes(),
            "demande de plus de 32768 octets",
        ),
        ("cut", sound.as_bytes()[..sound.len() - 60].to_vec(), "document coupé"),
        ("cut in a tag", sound.as_bytes()[..sound.len() - 3].to_vec(), "document coupé"),
        ("cut gzip", cut[..cut.len() - 12].to_vec(), "archive gzip coupée"),
        (
            "damaged",
            sound.replace("</n:numUnique>", "</n:numero>").into_bytes(),
            "« </n:numUnique> » attendu",
        ),
        (
            "prefix",
            sound.replace("<n:logementRecherche>", "<z:x/><n:logementRecherche>").into_bytes(),
            "préfixe « z »",
        ),
        ("version", sound.replace("02.01", "03.00").into_bytes(), "version « 03.00 » de l'échange inconnue"),
        (
            "namespace",
            sound.replace("nuu.application.i2", "autre").into_bytes(),
            "l'élément racine est « interfaceNuu »",
        ),
        ("other root", b"<?xml version=\"1.0\"?><feed/>".to_vec(), "l'élément racine est « feed »"),
        (
            "two roots",
            format!("{sound}<n:interfaceNuu xmlns:n=\"http://nuu.application.i2/\"/>").into_bytes(),
            "second élément racine",
        ),
        ("after", format!("{sound}suite").into_bytes(), "texte hors de tout élément"),
        (
            "declared",
            sound.replace("?>", " encoding=\"ISO-8859-1\"?>").into_bytes(),
            "encodage « ISO-8859-1 » refusé",
        ),
        ("utf-16", utf16, "UTF-8"),
        ("latin 1", latin, "octets qui ne sont pas de l'UTF-8"),
        (
            "none",
            b"<n:interfaceNuu xmlns:n=\"http://nuu.application.i2/\" versionInterface=\"02.01\"/>".to_vec(),
            "aucune demande",
        ),
        (
            "radiation",
            sound
                .replace("<n:demande>", "<n:entete><n:typeFichier>RAD</n:typeFichier></n:entete><n:demande>")
                .into_bytes(),
            "fichier de type « RAD »",
        ),
    ];
    for (name, bytes, want) in cases {
        let r = read(&written(dir.path(), "hostile.xml", &bytes), 20_241_231);
        let told = r.outcome.expect_err(name);
        assert!(told.contains(want), "{name}: {told}");
        assert!(told.contains("ligne ") && told.contains("Rien n'a été importé"), "{name}: {told}");
        assert_eq!(std::fs::read_dir(r.dir.path()).expect("folder").count(), 0, "{name}: something was kept");
    }
}

/// Writes without end, as far as the reader takes it.
#[test]
fn a_document_that_unpacks_without_measure_is_refused() {
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("bombe.xml.gz");
    let mut e = flate2::write::GzEncoder::new(
        std::io::BufWriter::new(std::fs::File::create(&path).expect("file")),
        flate2::Compression::best(),
    );
    let (head, tail) =
        document("", "\u{1}").split_once('\u{1}').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("two");
    e.write_all(head.as_bytes()).expect("gzip");
    let blank = format!("<!--{}-->", "x".repeat(60_000));
    for _ in 0..5_400 {
        e.write_all(blank.as_bytes()).expect("gzip");
    }
    e.write_all(tail.as_bytes()).expect("gzip");
    e.finish().expect("gzip").flush().expect("gzip");
    let told = read(&path, 20_241_231).outcome.expect_err("a bomb");
    assert!(told.contains("document trop long"), "{told}");
}

#[test]
fn the_demonstration_gives_the_same_table_in_both_formats() {
    use mosaique::demo::{self, DemoOptions, Territory};
    let dir = tempfile::tempdir().expect("folder");
    let options = DemoOptions {
        dwellings: 1_500,
        seed: 20_240_101,
        national: false,
        territory: Territory::Agglomeration,
    };
    demo::write(&options, dir.path(), &|_, _, _| ()).expect("demonstration");
    let csv = read(&dir.path().join("demandes_2024.csv"), 20_241_231);
    let xml = read(&dir.path().join("echange/demandes_2024.xml"), 20_241_231);
    let (a, b) = (csv.outcome.expect("csv"), xml.outcome.expect("xml"));
    assert_eq!(a.lignes_gardees, b.lignes_gardees);
    assert!(a.lignes_gardees > 500, "{}", a.lignes_gardees);
    let (a, b) = (table(csv.dir.path(), "demandes"), table(xml.dir.path(), "demandes"));
    assert_eq!(a.get_column_names(), b.get_column_names());
    for name in a.get_column_names().iter().filter(|n| n.as_str() != "ligne") {
        for i in 0..a.height() {
            assert_eq!(cell(&a, name, i), cell(&b, name, i), "{name}, row {i}");
        }
    }
}
