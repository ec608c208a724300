//! Residences listed as « à enjeu prioritaire de mixité sociale » (CCH L.441-1-6), as a check needs them: who
//! is refused a dwelling there on that ground must be offered the first suitable vacant one outside of all of
//! them (L.441-2-2).

use std::collections::BTreeMap;

use crate::desk::editions::Loaded;
use crate::desk::leases::rpems;
use crate::policy::parc::{Home, Parc};
use crate::state::rpems::File;
use crate::stock::facts::NONE;
use crate::stock::places::address_code;

/// The list in force on a day; there is none while nobody has validated a residence.
pub struct Listed<'a> {
    loaded: &'a Loaded,
    /// Zone of the layer of residences → day on which its term ends.
    ends: BTreeMap<u32, &'a str>,
}

impl<'a> Listed<'a> {
    /// Of all files, those on the list on `day` (`YYYY-MM-DD`) whose residence this cube has.
    pub fn on(day: &str, files: &'a [File], loaded: &'a Loaded) -> Option<Self> {
        let layer = loaded.cube().layer("residence")?;
        let in_force = files.iter().filter(|f| rpems::in_force(f, day));
        let ends: BTreeMap<u32, &str> =
            in_force.filter_map(|f| Some((layer.zone(&f.residence)?, f.fin.as_str()))).collect();
        (!ends.is_empty()).then_some(Self { loaded, ends })
    }

    /// Until when the residence of a dwelling is on the list, if it is.
    pub fn until(&self, home: &Home<'_>) -> Option<&'a str> {
        self.ends.get(&residence_of(self.loaded, home)?).copied()
    }

    /// Whether the dwelling of a row of the register is in one of them.
    pub fn holds(&self, parc: &Parc, row: u32) -> bool {
        self.until(&parc.home(row)).is_some()
    }
}

/// The residence of a dwelling, as a zone of the cube's layer.
pub fn residence_of(loaded: &Loaded, home: &Home<'_>) -> Option<u32> {
    let (addresses, residences) = (loaded.cube().layer("adresse")?, loaded.cube().layer("residence")?);
    let [lon, lat] = home.point?;
    let address = addresses.zone(&address_code(home.adresse, lon, lat))?;
    let (start, _) = addresses.runs_of(address).next()?;
    Some(residences.of[start as usize]).filter(|z| *z != NONE)
}
