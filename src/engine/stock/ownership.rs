//! Who keeps a national number that several files of one year hold under different SIREN.
//!
//! The register that was imported for all says whose a dwelling is, until that bailleur files its stock
//! without it: who claims a rival's dwelling in a deposit of its own does not get it. Between two deposits of
//! which the register says nothing, the first by SIREN keeps it, so that figures are the same whatever came
//! first.

use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;

use super::table::Texts;

/// National number, hashed → SIREN that keeps it, of all the numbers that deposits hold.
pub type Keepers<'a> = HashMap<u64, &'a str, FxBuildHasher>;

/// A deposit: its bailleur and its national numbers, hashed; 0 is no number.
pub type Deposit<'a> = (&'a str, &'a [u64]);

/// Decides between the register (numbers and SIREN of its rows) and the deposits, the first by SIREN first.
#[must_use]
pub fn keepers<'a>(register: Option<(&[u64], &'a Texts)>, deposits: &[Deposit<'a>]) -> Keepers<'a> {
    let mut keepers = Keepers::default();
    for (siren, idents) in deposits {
        for ident in idents.iter().filter(|i| **i != 0) {
            keepers.entry(*ident).or_insert(siren);
        }
    }
    let Some((idents, sirens)) = register else { return keepers };
    let filed: HashMap<&str, HashSet<u64, FxBuildHasher>> =
        deposits.iter().map(|(s, i)| (*s, i.iter().copied().collect())).collect();
    for (row, ident) in idents.iter().enumerate() {
        let owner = sirens.get(row);
        if let Some(keeper) = keepers.get_mut(ident)
            && !owner.is_empty()
            // A bailleur that files its stock anew without the dwelling lets it go.
            && filed.get(owner).is_none_or(|own| own.contains(ident))
        {
            *keeper = owner;
        }
    }
    keepers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Texts {
        let of = (0..list.len()).map(|i| u32::try_from(i).unwrap()).collect();
        Texts { list: list.iter().map(|s| (*s).to_owned()).collect(), of }
    }

    #[test]
    fn the_register_says_whose_a_dwelling_is_until_its_owner_lets_it_go() {
        let (idents, sirens) = ([7, 8], texts(&["200", "200"]));
        let register = Some((&idents[..], &sirens));
        assert_eq!(keepers(register, &[("100", &[7])])[&7], "200", "a claim alone takes nothing");
        assert_eq!(keepers(register, &[("100", &[7]), ("200", &[7, 8])])[&7], "200");
        assert_eq!(keepers(register, &[("100", &[7]), ("200", &[8])])[&7], "100", "it was let go");
        assert_eq!(keepers(register, &[("100", &[9])])[&9], "100", "nobody had it");
    }

    #[test]
    fn between_deposits_alone_the_first_by_siren_keeps_it() {
        assert_eq!(
            keepers(None, &[("100", &[7, 0]), ("200", &[7, 0])]).into_iter().collect::<Vec<_>>(),
            [(7, "100")]
        );
    }
}
