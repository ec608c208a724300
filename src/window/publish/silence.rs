//! What a secret figure stands on is in the bytes of no file, whatever its format.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;
use polars_parquet::parquet::compression::DecompressionContext;
use polars_parquet::parquet::page::Page;
use polars_parquet::parquet::read::{decompress, get_page_iterator, read_metadata};

use super::table::{Described, Place, Row, Table};
use super::{Format, PublishError};
use crate::disclosure::figure::Figure;
use crate::french;
use crate::reference::indicators::{Catalogue, Indicator};

/// A count and a rate that nothing else in a file could be.
const COUNT: u64 = 777_333_111;
const RATE: f64 = 0.777_333_111;
/// A figure that is said, to see that it would be found.
const SAID: f64 = 612_345.25;

fn figure(i: &'static Indicator, secret: bool) -> Figure {
    Figure {
        indicateur: &i.id,
        valeur: (!secret).then_some(SAID),
        unite: &i.unite,
        decimales: 2,
        numerateur: None,
        denominateur: secret.then_some(COUNT),
        repondants: secret.then_some(COUNT),
        taux_reponse: secret.then_some(RATE),
        badge: Some('A'),
        secret,
        motif: Some("secret statistique".into()),
        approximatif: false,
        incertitude: None,
        logements_ecartes: secret.then_some(COUNT),
        source: "OPS 2024".into(),
    }
}

fn table(indicators: &[&'static Indicator], at: fn() -> Place<'static>) -> Table<'static> {
    let row = |code: &str| Row {
        code: code.to_owned(),
        nom: format!("Zone {code}"),
        parents: [None, None, None],
        logements: 40,
        repondants: None,
        taux_reponse: None,
        fiabilite: None,
        logements_ecartes: 0,
        figures: indicators.iter().enumerate().map(|(n, i)| figure(i, n > 0)).collect(),
        avertissements: Vec::new(),
        place: Some(at()),
    };
    let described = |i: &&'static Indicator| Described {
        indicator: i,
        domaine: "occupation",
        numerateur: String::new(),
        denominateur: None,
        margin: true,
    };
    Table {
        echelle: ("iris".into(), "IRIS".into()),
        dans: None,
        millesime: 2024,
        vague: Some(2024),
        parc: "RPLS au 1er janvier 2024".into(),
        population: ("TOUS".into(), "Tous les ménages".into()),
        filtres: Vec::new(),
        jour: "2026-11-29".into(),
        indicators: indicators.iter().map(described).collect(),
        zones: 2,
        rows: vec![row("730010101"), row("730010102")],
        demonstration: false,
    }
}

/// All that a file holds once nothing in it is compressed.
fn plain(format: Format, bytes: Vec<u8>) -> Vec<u8> {
    let mut out = bytes.clone();
    match format {
        Format::Xlsx | Format::Package => {
            let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
            for i in 0..zip.len() {
                zip.by_index(i).unwrap().read_to_end(&mut out).unwrap();
            }
        }
        Format::PmTiles => {
            for at in 0..bytes.len().saturating_sub(2) {
                if bytes[at..at + 3] == [0x1f, 0x8b, 8] {
                    // What follows the last tile of a run of members is no gzip: what was read until then
                    // counts.
                    let _ = MultiGzDecoder::new(&bytes[at..]).read_to_end(&mut out);
                }
            }
        }
        Format::GeoParquet => {
            let told = read_metadata(&mut Cursor::new(&bytes)).unwrap();
            for column in told.row_groups.iter().flat_map(|g| g.parquet_columns()) {
                let file = Cursor::new(bytes.clone().into());
                for page in get_page_iterator(column, file, Vec::new(), usize::MAX).unwrap() {
                    let (mut to, mut how) = (Vec::new(), DecompressionContext::Unset);
                    match decompress(page.unwrap(), &mut to, &mut how).unwrap() {
                        Page::Data(page) => out.extend(page.buffer()),
                        Page::Dict(page) => out.extend(page.buffer.iter()),
                    }
                }
            }
        }
        Format::Csv | Format::GeoJson | Format::GeoPackage | Format::FlatGeobuf => {}
    }
    out
}

fn holds(all: &[u8], what: &[u8]) -> bool {
    all.windows(what.len()).any(|w| w == what)
}

/// Ways in which a number may lie in a file.
fn written(n: f64) -> Vec<Vec<u8>> {
    let comma = french::cell(n).into_bytes();
    vec![n.to_string().into_bytes(), comma, n.to_le_bytes().to_vec(), n.to_be_bytes().to_vec()]
}

#[test]
fn no_format_holds_what_a_secret_stands_on() -> Result<(), PublishError> {
    let catalogue = Catalogue::embedded().unwrap();
    let indicators: Vec<&'static Indicator> = catalogue.indicators.iter().take(3).collect();
    let area = || {
        let square = geo::Rect::new((5.9, 45.5), (5.91, 45.51)).to_polygon();
        Place::Area(std::borrow::Cow::Owned(geo::MultiPolygon(vec![square])))
    };
    for table in [table(&indicators, || Place::Point([5.9, 45.5])), table(&indicators, area)] {
        for (id, format) in Format::ALL {
            let all = plain(format, format.write(&table)?);
            assert!(written(SAID).iter().any(|w| holds(&all, w)), "{id}: what is said is found");
            assert!(holds(&all, b"secret"), "{id}: that it is secret is said");
            let hidden =
                [COUNT.to_string().into_bytes(), COUNT.to_le_bytes().to_vec(), COUNT.to_be_bytes().to_vec()];
            let short = u32::try_from(COUNT).unwrap().to_be_bytes().to_vec();
            for what in hidden.into_iter().chain([short]).chain(written(COUNT as f64)).chain(written(RATE)) {
                assert!(!holds(&all, &what), "{id}: {what:?}");
            }
        }
    }
    Ok(())
}
