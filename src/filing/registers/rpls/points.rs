//! The points of a block: gathered by coordinate system, projected together, given back row by row.

use rustc_hash::FxHashMap;

use super::columns::F64;
use crate::territory::crs;

/// One point a row, or none.
#[derive(Debug, Default)]
pub(super) struct Points {
    groups: Vec<Group>,
    /// Group and rank in it, a row; `None` without a point.
    rows: Vec<Option<(u32, u32)>>,
    domains: FxHashMap<u16, Option<[f64; 4]>>,
    last: Option<(String, u16)>,
}

#[derive(Debug)]
struct Group {
    epsg: u16,
    xs: Vec<f64>,
    ys: Vec<f64>,
}

impl Points {
    /// Bounds `[xmin, ymin, xmax, ymax]` of a system; `None` if it is unknown.
    pub fn domain(&mut self, epsg: u16) -> Option<[f64; 4]> {
        *self.domains.entry(epsg).or_insert_with(|| crs::sanity_box(epsg))
    }

    /// Legal system of a commune.
    pub fn default_epsg(&mut self, depcom: &str) -> u16 {
        match &self.last {
            Some((last, epsg)) if last == depcom => *epsg,
            _ => {
                let epsg = crs::default_epsg(depcom);
                self.last = Some((depcom.to_owned(), epsg));
                epsg
            }
        }
    }

    /// The next row has no point.
    pub fn skip(&mut self) {
        self.rows.push(None);
    }

    /// The next row lies here. Neighbours in the file mostly share their point: it is kept once.
    pub fn push(&mut self, epsg: u16, x: f64, y: f64) {
        let n = self.groups.iter().position(|g| g.epsg == epsg).unwrap_or_else(|| {
            self.groups.push(Group { epsg, xs: Vec::new(), ys: Vec::new() });
            self.groups.len() - 1
        });
        let group = &mut self.groups[n];
        if group.xs.last() != Some(&x) || group.ys.last() != Some(&y) {
            group.xs.push(x);
            group.ys.push(y);
        }
        // A block holds fewer than 2^32 rows.
        self.rows.push(Some((n as u32, group.xs.len() as u32 - 1)));
    }

    /// Fills `lon` and `lat`, one value a row. A point that cannot be converted becomes null.
    pub fn place(mut self, lon: &mut F64, lat: &mut F64) {
        use polars::prelude::ChunkedBuilder;
        for group in &mut self.groups {
            if crs::to_lonlat(group.epsg, &mut group.xs, &mut group.ys).is_err() {
                group.xs.fill(f64::NAN);
                group.ys.fill(f64::NAN);
            }
        }
        for row in &self.rows {
            let point = row.map(|(g, i)| {
                let group = &self.groups[g as usize];
                (group.xs[i as usize], group.ys[i as usize])
            });
            let point = point.filter(|(x, y)| x.is_finite() && y.is_finite());
            lon.append_option(point.map(|p| p.0));
            lat.append_option(point.map(|p| p.1));
        }
    }
}
