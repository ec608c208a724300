//! Action Logement's three objectives: placements, dwellings made available, share of placements in gestion
//! partenariale; and what is offered outside of the flow.

use super::convention::Decompte;
use super::count::TroisComptes;
use super::way::Way;

/// Code of this réservataire.
pub const ACTION_LOGEMENT: &str = "ACTION_LOGEMENT";

/// What was done in a year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    pub placements: u32,
    /// Of these, in gestion partenariale: only leases count there, however the convention counts.
    pub partnership: u32,
    /// Dwellings offered in the flow; one that is offered again counts again.
    pub offers: u32,
    pub out_of_flow: u32,
}

/// Counts a year of a lessor.
#[must_use]
pub fn done<'a>(ways: impl IntoIterator<Item = &'a Way>, year: u16, decompte: Decompte) -> Done {
    let mut out = Done::default();
    for w in ways {
        let own = w.offers.iter().filter(|o| o.to == ACTION_LOGEMENT);
        for o in own.filter(|o| o.offered.year() == year) {
            if o.out_of_flow {
                out.out_of_flow += 1;
            } else if !w.first_letting {
                out.offers += 1;
            }
        }
        let Some(offer) = w.imputed().filter(|o| o.to == ACTION_LOGEMENT) else { continue };
        let n = TroisComptes::of_way(w, year);
        let counted = if offer.partnership { n.bail } else { n.of(decompte) };
        out.placements += counted;
        out.partnership += if offer.partnership { counted } else { 0 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::event::GenreFlux as G;
    use super::super::way::{tests::events, ways};
    use super::*;

    #[test]
    fn in_partnership_only_leases_count_and_what_is_outside_of_the_flow_is_apart() {
        let steps = [
            ("01-05", G::Preavis, ""),
            ("01-10", G::Oriente, ACTION_LOGEMENT),
            ("01-12", G::Accepte, ""),
            ("02-01", G::Candidats, ""),
            ("02-10", G::Caleol, ""),
            ("03-01", G::Bail, ""),
        ];
        let mut list = Vec::new();
        for (name, until, change) in [("A", 6, ""), ("B", 5, "p"), ("C", 6, "p"), ("D", 6, "h"), ("E", 5, "")]
        {
            let mut e = events(name, &steps[..until]);
            (e[1].partenariat, e[1].hors_flux) = (change == "p", change == "h");
            list.extend(e);
        }
        let ways = ways(&list);
        let of = |d| done(&ways, 2024, d);
        // B has no lease yet: in partnership it does not count, E does where the commission is enough.
        let wanted = Done { placements: 3, partnership: 1, offers: 4, out_of_flow: 1 };
        assert_eq!(of(Decompte::Caleol), wanted);
        assert_eq!(of(Decompte::Bail), Done { placements: 2, ..wanted });
        assert_eq!(done(&ways, 2023, Decompte::Bail), Done::default());
        assert!(!ways[3].in_flow());
    }
}
