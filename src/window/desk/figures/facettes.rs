//! Dwellings by class of each filter, under the other filters.

use serde::Serialize;
use utoipa::ToSchema;

use crate::cube::Filter;
use crate::cube::bits::{Bits, words};
use crate::desk::counter::Counter;
use crate::desk::editions::{App, Loaded};
use crate::desk::figures::catalogue::{Filtre, Modalite};
use crate::desk::query;
use crate::reference::indicators::Attribute;

/// Comptes de logements par modalité de chaque filtre.
#[derive(Debug, Serialize, ToSchema)]
pub struct Facettes {
    pub millesime: u16,
    /// Logements que gardent tous les filtres.
    pub logements: u64,
    /// Pour chaque modalité : logements que gardent les autres filtres et cette modalité.
    pub filtres: Vec<Filtre>,
}

type Rows = std::ops::Range<usize>;

pub fn filtres(
    app: &App,
    loaded: &Loaded,
    kept: &Kept<'_>,
    rows: &[Rows],
    tells: &dyn Fn(u64) -> bool,
) -> Vec<Filtre> {
    let cube = loaded.cube();
    let count = |base: &[u64], a: &str, class: u8| -> u64 {
        let column = cube.class(a, class);
        // A class that nobody has, has no column.
        if column.0.is_empty() {
            0
        } else {
            rows.iter().map(|r| Bits(base).count_and(column, r.clone())).sum()
        }
    };
    let of = |id: &str, a: &Attribute, unknown: bool| {
        let base = kept.but(Some(&a.id));
        let known = a.classes.iter().zip(1..).map(|(c, n)| (c.code.as_str(), c.libelle.as_str(), n));
        let none = (unknown && !cube.class(&a.id, 0).0.iter().all(|w| *w == 0)).then_some((
            query::UNKNOWN,
            "Non connu",
            0,
        ));
        let modalites = known
            .chain(none)
            .map(|(code, libelle, n)| Modalite {
                code: code.into(),
                libelle: libelle.into(),
                logements: count(&base, &a.id, n),
            })
            .collect();
        Filtre { id: id.into(), libelle: a.libelle.clone(), modalites }
    };
    let mut out: Vec<Filtre> = query::filters(app.catalogue).map(|a| of(&a.id, a, true)).collect();
    for (name, libelle) in query::BY_GENERATION {
        let known = app
            .catalogue
            .attribute(&format!("{name}{}", kept.generation))
            .filter(|a| !cube.attribute(&a.id).is_empty());
        if let Some(a) = known {
            out.push(Filtre { libelle: libelle.into(), ..of(name, a, name != "qpv") });
        }
    }
    out.push(bailleurs(loaded, kept, rows, tells));
    out
}

/// Bailleurs are too many for a bit column each: their dwellings are counted one by one.
fn bailleurs(loaded: &Loaded, kept: &Kept<'_>, rows: &[Rows], tells: &dyn Fn(u64) -> bool) -> Filtre {
    let cube = loaded.cube();
    let (known, owner) = (cube.bailleurs(), cube.bailleur_of());
    let mut counts = vec![0u64; known.len()];
    let base = kept.but(Some("bailleur"));
    for r in rows {
        Bits(&base).each(r.clone(), |row| {
            if let Some(n) = counts.get_mut(owner[row] as usize) {
                *n += 1;
            }
        });
    }
    let modalites = known
        .iter()
        .zip(counts)
        .filter(|(_, logements)| tells(*logements))
        .map(|((code, nom), logements)| Modalite { code: (*code).into(), libelle: (*nom).into(), logements })
        .collect();
    Filtre { id: "bailleur".into(), libelle: "Bailleur".into(), modalites }
}

/// What each filter keeps, apart, so that any of them can be left out.
pub struct Kept<'a> {
    registered: Bits<'a>,
    /// Attribute, or `bailleur` → rows.
    filters: Vec<(String, Vec<u64>)>,
    /// Rows that no question may leave: the person's own stock, where only that is open.
    own: Option<Vec<u64>>,
    /// Generation of QPV of the filters that depend on it.
    pub generation: String,
}

impl<'a> Kept<'a> {
    pub fn new(loaded: &'a Loaded, counter: &Counter<'_>) -> Self {
        let (cube, filter) = (loaded.cube(), &counter.selection.filter);
        let mut filters: Vec<(String, Vec<u64>)> = Vec::new();
        for (id, classes) in &filter.classes {
            let mut any = vec![0u64; words(cube.meta().logements)];
            for class in classes {
                any.iter_mut().zip(cube.class(id, *class).0).for_each(|(a, b)| *a |= b);
            }
            filters.push((id.clone(), any));
        }
        let owned = (!filter.bailleurs.is_empty()).then(|| {
            loaded.mask(&Filter { bailleurs: filter.bailleurs.clone(), ..Filter::default() }).to_vec()
        });
        let mut own = None;
        match owned {
            Some(rows) if counter.limited() => own = Some(rows),
            Some(rows) => filters.push(("bailleur".to_owned(), rows)),
            None => {}
        }
        Self {
            registered: loaded.registered(),
            filters,
            own,
            generation: counter.selection.generation.clone(),
        }
    }

    /// Dwellings that all filters keep but one.
    pub fn but(&self, one: Option<&str>) -> Vec<u64> {
        let mut rows = self.registered.0.to_vec();
        let others = self.filters.iter().filter(|(id, _)| one != Some(id)).map(|(_, kept)| kept);
        for kept in others.chain(&self.own) {
            rows.iter_mut().zip(kept).for_each(|(r, k)| *r &= k);
        }
        rows
    }
}
