//! Estates: bars of several entrances and towers along lanes of their own.

use crate::reference::demo::Genre;

use super::dice::Dice;
use super::plan::{Estate, Plan};
use super::streets::{Lot, NameBook, Network, Street};

/// Adds the lanes and the entrances of every estate. A lane runs along the estate, bars stand beside it.
pub fn build(plan: &Plan, names: &mut NameBook<'_>, network: &mut Network) {
    for (k, estate) in plan.estates.iter().enumerate() {
        let mut dice = Dice::new(plan.seed, 5000 + k as u64);
        let lanes = if estate.half[1] > 190.0 { 3 } else { 2 };
        for lane in 0..lanes {
            let across = estate.half[1] * (2.0 * (f64::from(lane) + 0.5) / f64::from(lanes) - 1.0);
            lay_lane(plan, names, network, (k, estate), across, &mut dice);
        }
    }
}

fn lay_lane(
    plan: &Plan,
    names: &mut NameBook<'_>,
    network: &mut Network,
    (k, estate): (usize, &Estate),
    across: f64,
    dice: &mut Dice,
) {
    let a = estate.half[0];
    let bend = dice.between(-14.0, 14.0);
    let v_at = |u: f64| across + bend * (1.0 - (u / a).powi(2));
    let n = (2.0 * a / 18.0) as i32;
    let line =
        (0..=n).map(|i| -a + 2.0 * a * f64::from(i) / f64::from(n)).map(|u| estate.at(u, v_at(u))).collect();
    let (kind, name, fantoir) = names.next(estate.commune, Genre::Ville, None);
    let street = network.streets.len();
    network.streets.push(Street { kind, name, commune: estate.commune, fantoir, line, estate: Some(k) });
    for (side, odd) in [(-1.0, 1u16), (1.0, 0)] {
        let mut u = -a + dice.between(8.0, 30.0);
        let mut rank = 0u16;
        while u < a - 12.0 {
            // A bar of three to six entrances, sometimes a tower alone.
            let entrances = if dice.chance(0.22) { 1 } else { dice.int(3, 6) };
            let back = side * dice.between(24.0, 34.0);
            for _ in 0..entrances {
                if u > a - 6.0 {
                    break;
                }
                rank += 1;
                network.lots.push(Lot {
                    street,
                    commune: plan.estates[k].commune,
                    number: rank * 2 - odd,
                    suffix: "",
                    at: estate.at(u, v_at(u) + back),
                    estate: Some(k),
                });
                u += 16.0;
            }
            u += dice.between(22.0, 44.0);
        }
    }
}
