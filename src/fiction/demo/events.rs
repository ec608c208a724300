//! `declares/evenements-{SIREN}.csv`: what happened to the stock of the largest bailleur since the register
//! of 2024, as it would tell it, and what the bailleur that it sold to says of it.

use std::collections::BTreeMap;
use std::io::Write;

use super::ground::{Block, Dwelling, Ground};

/// A file of events.
#[derive(Debug)]
pub struct Events {
    /// Whose stock it is about.
    pub siren: String,
    pub bytes: Vec<u8>,
    pub rows: u64,
}

const HEADER: &str =
    "genre;date;commune;adresse;qpv;logements;ident_rep;autre;commentaire;financement;pieces;dpe;surface\n";

/// A demolition in a QPV, a transfer to another bailleur, a sale, two deliveries outside QPV, a sale that
/// does not say which dwelling it is about, and two tenants who gave notice; each only if the territory has a
/// place for it. The other bailleur declares the transfer too: it counts when both did.
#[must_use]
pub fn events(ground: &Ground, block: &Block) -> Vec<Events> {
    let owner = |d: &Dwelling| block.residences[d.residence].bailleur;
    let stock = || block.dwellings.iter().filter(|d| d.mode[1] != 0);
    let mut counts = vec![0usize; ground.bailleurs.len()];
    stock().for_each(|d| counts[owner(d)] += 1);
    let largest = (0..counts.len()).max_by_key(|b| (counts[*b], std::cmp::Reverse(*b))).unwrap_or(0);
    let other = (0..counts.len()).filter(|b| *b != largest).max_by_key(|b| counts[*b]).unwrap_or(0);
    // Addresses of the bailleur alone, with their dwellings.
    let mut at: BTreeMap<usize, Vec<&Dwelling>> = BTreeMap::new();
    stock().for_each(|d| at.entry(d.place).or_default().push(d));
    let mut alone = at.iter().filter(|(_, list)| list.iter().all(|d| owner(d) == largest));
    let mut found = |in_qpv: bool, size: std::ops::RangeInclusive<usize>| {
        alone
            .by_ref()
            .find(|(p, list)| block.places[**p].qpv2024.is_some() == in_qpv && size.contains(&list.len()))
    };
    let (razed, given, sold) = (found(true, 8..=40), found(false, 6..=30), found(false, 2..=4));
    // Deliveries at addresses where there was nothing, far apart.
    let free: Vec<usize> = (0..block.places.len())
        .filter(|p| block.places[*p].qpv2024.is_none() && !at.contains_key(p))
        .collect();
    let built = [free.get(free.len() / 3), free.get(2 * free.len() / 3)];

    let [mut out, mut buyer] = [largest, other].map(|b| Events {
        siren: ground.bailleurs[b].siren.clone(),
        bytes: Vec::from(HEADER),
        rows: 0,
    });
    let write =
        |out: &mut Events, genre: &str, date: &str, place: usize, n: usize, idents: &str, rest: &str| {
            let p = &block.places[place];
            let street = &block.streets[p.street];
            let qpv = p.qpv2024.map_or("", |q| ground.qpv2024[q].code.as_str());
            let address = format!("{}{} {} {}", p.number, p.suffix, street.kind, street.name);
            let commune = &ground.towns[p.town].code;
            let _ = writeln!(out.bytes, "{genre};{date};{commune};{address};{qpv};{n};{idents};{rest}");
            out.rows += 1;
        };
    let mut row = |genre: &str, date: &str, place: usize, n: usize, idents: &str, rest: &str| {
        write(&mut out, genre, date, place, n, idents, rest);
    };
    let idents =
        |list: &[&Dwelling]| list.iter().map(|d| format!("{:010}", d.ident)).collect::<Vec<_>>().join(" ");
    if let Some((place, list)) = razed {
        row("demolition", "2024-10-15", *place, list.len(), &idents(list), ";Renouvellement urbain;;;;");
    }
    if let Some((place, list)) = sold {
        row("vente", "2025-02-03", *place, list.len(), &idents(list), ";Ventes aux locataires;;;;");
    }
    if let Some((place, list)) = given {
        let [from, to] = [largest, other].map(|b| format!("{};;;;;", ground.bailleurs[b].siren));
        row("cession", "2025-04-01", *place, list.len(), &idents(list), &to);
        write(&mut buyer, "acquisition", "2025-04-01", *place, list.len(), &idents(list), &from);
    }
    for (place, (date, n, what)) in built
        .into_iter()
        .flatten()
        .zip([("2025-06-30", 24, ";;PLUS;3;B;64"), ("2025-09-15", 8, ";;PLAI;2;A;47")])
    {
        row("mise_en_service", date, *place, n, "", what);
    }
    if let Some((place, list)) = found(false, 5..=30) {
        row("vente", "2025-10-01", *place, 1, "", ";Numéro à retrouver;;;;");
        let let_out: Vec<&Dwelling> = list.iter().copied().filter(|d| d.mode[1] == 1).take(2).collect();
        row("conge", "2025-01-20", *place, let_out.len(), &idents(&let_out), ";;;;;");
    }
    [out, buyer].into_iter().filter(|e| e.rows > 0).collect()
}
