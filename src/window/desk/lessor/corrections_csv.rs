//! The corrected dwellings as CSV, for the bailleur's own system.

use crate::publish::csv_file::{self, inert};
use crate::state::Correction;
use crate::stock::StockError;
use crate::stock::parts::Parts;
use crate::stock::places::label;
use crate::store::Store;
use crate::territory::crs;

/// Why the file cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Csv(#[from] csv::Error),
    #[error(transparent)]
    Crs(#[from] crs::CrsError),
}

/// The dwellings that corrections moved: their number, and the file.
pub fn written(
    store: &Store,
    millesime: u16,
    siren: &str,
    list: &[Correction],
) -> Result<(usize, Vec<u8>), ExportError> {
    let mut out = csv_file::writer();
    out.write_record([
        "IDENT_REP",
        "IDENT_INT",
        "DEPCOM",
        "ADRESSE_DEPOSEE",
        "ADRESSE_CORRIGEE",
        "ID_BAN",
        "LON",
        "LAT",
        "X",
        "Y",
        "EPSG",
        "QUALITE_XY",
        "METHODE",
        "DEPUIS_MILLESIME",
        "DATE",
        "AUTEUR",
        "COMMENTAIRE",
    ])?;
    let mut n = 0;
    if let Some(parts) = Parts::of(store, "rpls", millesime) {
        let t = parts.read(&["siren", "depcom", "adresse", "ident_rep", "ident_int"])?;
        let (owner, depcom, address) = (t.texts("siren")?, t.texts("depcom")?, t.texts("adresse")?);
        let (ident, own) = (t.texts("ident_rep")?, t.texts("ident_int")?);
        for row in (0..t.rows()).filter(|r| owner.get(*r) == siren) {
            // The last made for this millésime or before; one dwelling's own goes before its address's.
            let of = |c: &&Correction| {
                c.des <= millesime
                    && if c.ident_rep.is_empty() {
                        c.adresse == address.get(row)
                    } else {
                        c.ident_rep == ident.get(row)
                    }
            };
            let Some(c) = list.iter().filter(of).max_by_key(|c| (!c.ident_rep.is_empty(), c.des)) else {
                continue;
            };
            let (Some(lon), Some(lat)) = (c.apres.lon, c.apres.lat) else { continue };
            let epsg = crs::default_epsg(depcom.get(row));
            let (mut x, mut y) = ([lon], [lat]);
            crs::from_lonlat(epsg, &mut x, &mut y)?;
            out.write_record([
                ident.get(row),
                &inert(own.get(row)),
                depcom.get(row),
                &inert(&label(address.get(row))),
                &inert(&c.apres.libelle),
                &inert(&c.apres.ban),
                &format!("{lon:.7}"),
                &format!("{lat:.7}"),
                &format!("{:.2}", x[0]),
                &format!("{:.2}", y[0]),
                &epsg.to_string(),
                &c.apres.qualite.to_string(),
                &c.methode,
                &c.des.to_string(),
                &crate::state::day(c.quand),
                &inert(&c.qui),
                &inert(&c.commentaire),
            ])?;
            n += 1;
        }
    }
    Ok((n, csv_file::bytes(out)?))
}
