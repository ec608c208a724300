//! Where DALO households are housed (domain §4.5, K1 to K5): in QPV, near them, beyond; against all leases.

use super::facts::Allocation;
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

    /// Share in QPV, of the leases whose place is known.
    #[must_use]
    pub fn share_inside(&self) -> Option<f64> {
        (self.placed() > 0).then(|| f64::from(self.inside) / f64::from(self.placed()))
    }
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
            self.to_justify += u32::from(a.qpv == Some(Band::Inside) && a.bail >= mix.dalo.circulaire);
        }
    }

    /// How much more often DALO households are housed in QPV than all households (K3): 1 is as often.
    #[must_use]
    pub fn exposure(&self) -> Option<f64> {
        let all = self.all.share_inside().filter(|s| *s > 0.0)?;
        Some(self.dalo.share_inside()? / all)
    }
}
