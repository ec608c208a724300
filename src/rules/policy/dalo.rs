//! Where DALO households are housed (domain §4.5, K1 to K5): in QPV, near them, beyond; against all leases.

use super::facts::Allocation;
use super::mix::Score;
use crate::reference::mix::Mix;
use crate::territory::bands::{Band, limits};

/// Leases by their place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    pub inside: u32,
    /// One for each ring of `data/territory.toml`, the nearest first.
    pub rings: Vec<u32>,
    pub beyond: u32,
    pub unknown: u32,
}

impl Places {
    fn add(&mut self, place: Option<Band>) {
        self.rings.resize(limits().len(), 0);
        match place {
            None => self.unknown += 1,
            Some(Band::Inside) => self.inside += 1,
            Some(Band::Beyond) => self.beyond += 1,
            Some(Band::Within(ring)) => self.rings[usize::from(ring)] += 1,
        }
    }

    /// Leases whose place is known.
    #[must_use]
    pub fn placed(&self) -> u32 {
        self.inside + self.rings.iter().sum::<u32>() + self.beyond
    }
}

/// Whether a lease is to justify (K6): a DALO household in a precarious situation, in QPV, since the
/// circular.
#[must_use]
pub fn to_justify(mix: &Mix, a: &Allocation) -> bool {
    a.dalo && a.precarious && a.qpv == Some(Band::Inside) && a.bail >= mix.dalo.circulaire
}

/// DALO households among leases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watch {
    pub all: Places,
    pub dalo: Places,
    pub precarious: Places,
    /// DALO leases in QPV signed since the circular, in a precarious situation: those to justify (K6).
    pub to_justify: u32,
}

impl Watch {
    /// Counts a lease.
    pub fn add(&mut self, mix: &Mix, a: &Allocation) {
        self.all.add(a.qpv);
        if !a.dalo {
            return;
        }
        self.dalo.add(a.qpv);
        if a.precarious {
            self.precarious.add(a.qpv);
            self.to_justify += u32::from(to_justify(mix, a));
        }
    }
}

impl Places {
    /// Leases in QPV among those whose place is known.
    #[must_use]
    pub fn score(&self) -> Score {
        Score { numerator: self.inside, denominator: self.placed(), ..Score::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::household::Quartile;

    fn lease(qpv: Option<Band>, dalo: bool, bail: u32) -> Allocation {
        Allocation {
            bail,
            reservataire: 1,
            qpv,
            quartile: Quartile::First,
            dalo,
            precarious: dalo,
            ..Allocation::PLAIN
        }
    }

    #[test]
    fn only_leases_since_the_circular_are_to_justify_and_lost_ones_are_in_no_share() {
        let mix = Mix::embedded().unwrap();
        let mut watch = Watch::default();
        for a in [
            lease(Some(Band::Inside), true, 2023_12_17),
            lease(Some(Band::Inside), true, 2023_12_18),
            lease(Some(Band::Within(0)), true, 2024_02_01),
            lease(None, true, 2024_02_01),
            lease(Some(Band::Beyond), false, 2024_02_01),
        ] {
            watch.add(mix, &a);
        }
        assert_eq!(watch.to_justify, 1);
        assert_eq!(
            (watch.dalo.score().numerator, watch.dalo.score().denominator, watch.dalo.unknown),
            (2, 3, 1)
        );
        assert_eq!((watch.all.score().numerator, watch.all.score().denominator), (2, 4));
    }
}
