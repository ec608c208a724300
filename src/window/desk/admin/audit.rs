//! Lines of the audit trail as they are told.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::params::{self, Params};
use crate::desk::problem::Problem;
use crate::publish::csv_file::{self, inert};
use crate::state::audit::{Line, Wanted};

/// Une page du journal, la dernière ligne d'abord.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageJournal {
    pub lignes: Vec<Line>,
    /// À donner comme `avant` pour la page suivante ; nul à la fin.
    pub suite: Option<i64>,
}

/// Lines of a page, unless more or fewer are asked for.
pub const PAGE: i64 = 200;

/// Most lines of a CSV file; filters by day give the others.
pub const FILE: i64 = 200_000;

/// What a reader asks of the trail.
pub fn wanted(params: &mut Params, limite: i64) -> Result<Wanted, Problem> {
    let mut day = |name: &'static str, later: i64| -> Result<Option<i64>, Problem> {
        let Some(text) = params.take(name) else { return Ok(None) };
        let date = params::day(name, &text)?;
        let zone = TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC);
        let midnight =
            date.to_zoned_datetime(zone).map_err(|_| Problem::value(name, &text, params::NO_DAY))?;
        Ok(Some(midnight.timestamp().as_millisecond() + later))
    };
    let (du, au) = (day("du", 0)?, day("au", 86_400_000)?);
    Ok(Wanted {
        compte: params.take("compte"),
        organisation: params.take("organisation"),
        action: params.take("action"),
        du,
        au,
        avant: params.number("avant")?,
        limite,
    })
}

/// Lines as CSV.
pub fn written(lines: &[Line]) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv_file::writer();
    out.write_record([
        "rang",
        "quand",
        "compte",
        "organisation",
        "role",
        "action",
        "objet",
        "parametres",
        "lignes",
        "secret",
        "ip",
        "requete",
        "precedent",
        "empreinte",
    ])?;
    for l in lines {
        let mut when = String::new();
        if let Ok(t) = Timestamp::from_millisecond(l.quand) {
            // Writing to a string does not fail.
            let _ = write!(when, "{t}");
        }
        let (rank, rows, secret) = (l.rang.to_string(), l.lignes.to_string(), u8::from(l.secret).to_string());
        // Accounts, objects and parameters hold what people wrote.
        out.write_record([
            &rank,
            &when,
            &inert(&l.compte),
            &inert(&l.organisation),
            &l.role,
            &l.action,
            &inert(&l.objet),
            &inert(&l.parametres),
            &rows,
            &secret,
            &l.ip,
            &l.requete,
            &l.precedent,
            &l.empreinte,
        ])?;
    }
    csv_file::bytes(out)
}
