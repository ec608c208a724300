//! `GET /api/facettes`: how many dwellings each choice of each filter would keep, given the other filters and
//! a territory.
//!
//! Dwellings of the register are public, owners aside: nothing here describes a household.

use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::cube::Filter;
use crate::cube::bits::{Bits, words};
use crate::desk::counter::{Counter, Desk};
use crate::desk::editions::{App, Loaded};
use crate::desk::kept::{AnswerKey, Made};
use crate::desk::params::Params;
use crate::desk::places::Within;
use crate::desk::problem::Problem;
use crate::desk::query::{self, Asked};
use crate::reference::access::Class;
use crate::reference::indicators::Attribute;
use crate::reference::scales;
use crate::server::api::figures::catalogue::{Filtre, Modalite};
use crate::server::auth::who::Who;
use crate::server::edge::current::Current;
use crate::server::edge::kept;
use crate::server::edge::params::SharedParams;
use crate::server::edge::problem::Document;

/// Comptes de logements par modalité de chaque filtre.
#[derive(Debug, Serialize, ToSchema)]
pub struct Facettes {
    pub millesime: u16,
    /// Logements que gardent tous les filtres.
    pub logements: u64,
    /// Pour chaque modalité : logements que gardent les autres filtres et cette modalité.
    pub filtres: Vec<Filtre>,
}

/// Comptes de logements par modalité des filtres
///
/// Chaque filtre est compté sous les autres filtres, jamais sous lui-même : ses modalités restent comparables
/// quand on en choisit une.
#[utoipa::path(
    get, path = "/api/facettes", tag = "zones", operation_id = "facettes",
    params(("dans" = Option<String>, Query, description = "Territoire, `échelle:code` ; tout par défaut"),
    SharedParams),
    responses(
        (status = OK, body = Facettes),
        (status = BAD_REQUEST, body = Document, content_type = "application/problem+json"),
        (status = FORBIDDEN, body = Document, content_type = "application/problem+json"),
    )
)]
pub async fn facettes(
    Current(app): Current,
    Who(visitor): Who,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let dans = params.take("dans");
    let asked = Asked::take(&mut params, app.catalogue)?;
    params.finish()?;
    let work = move || {
        let desk = Desk::new(&app, &visitor.person, asked, Vec::new())?;
        let loaded = desk.loaded();
        let within = dans.as_deref().map(|d| Within::parse(loaded, d)).transpose()?;
        let (class, zone) = match &within {
            None => (Class::Large, loaded.everything()),
            Some(w) => (scales::scale(&w.layer.meta.id).acces, w.layer.addresses(w.zone)),
        };
        let counter = desk.counter(class)?;
        counter.opens(&zone)?;
        let key = AnswerKey {
            route: "facettes",
            cube: loaded.id.clone(),
            question: format!("{:?}", (&dans, &desk.whole.filter, &desk.whole.generation)),
            rights: desk.key(class),
        };
        let made = || {
            let starts = loaded.cube().starts();
            let rows: Vec<_> =
                zone.iter().map(|(s, e)| starts[s as usize] as usize..starts[e as usize] as usize).collect();
            let kept = Kept::new(loaded, &counter);
            let all = kept.but(None);
            Ok(Made::of(Facettes {
                millesime: loaded.meta().millesime,
                logements: rows.iter().map(|r| Bits(&all).count(r.clone())).sum(),
                filtres: filtres(&app, loaded, &kept, &rows, &|n| counter.tells_owner(&zone, n)),
            }))
        };
        kept::answer(&app.answers.get(key, made)?, class, &headers)
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::internal(&e))?
}

type Rows = std::ops::Range<usize>;

fn filtres(
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
struct Kept<'a> {
    registered: Bits<'a>,
    /// Attribute, or `bailleur` → rows.
    filters: Vec<(String, Vec<u64>)>,
    /// Rows that no question may leave: the person's own stock, where only that is open.
    own: Option<Vec<u64>>,
    /// Generation of QPV of the filters that depend on it.
    generation: String,
}

impl<'a> Kept<'a> {
    fn new(loaded: &'a Loaded, counter: &Counter<'_>) -> Self {
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
    fn but(&self, one: Option<&str>) -> Vec<u64> {
        let mut rows = self.registered.0.to_vec();
        let others = self.filters.iter().filter(|(id, _)| one != Some(id)).map(|(_, kept)| kept);
        for kept in others.chain(&self.own) {
            rows.iter_mut().zip(kept).for_each(|(r, k)| *r &= k);
        }
        rows
    }
}
