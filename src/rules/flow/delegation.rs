//! An EPCI's flow among the communes that it delegates it to, within the bounds of each.

use super::convention::DelegationFlux;
use super::share::{Impossible, Part, share};

/// Dwellings of each commune, and what the EPCI keeps for itself.
///
/// # Errors
/// The bounds of communes do not admit this flow.
pub fn delegated(flow: u32, list: &[DelegationFlux]) -> Result<(Vec<u32>, u32), Impossible> {
    let given: f64 = list.iter().map(|d| d.part / 100.0).sum();
    let mut parts: Vec<Part> = list
        .iter()
        .map(|d| Part { share: d.part / 100.0, carried: 0.0, least: d.minimum, most: d.maximum })
        .collect();
    if given < 1.0 - 1e-9 {
        parts.push(Part::of(1.0 - given));
    }
    let mut out = share(flow, &parts)?;
    let kept = out.split_off(list.len().min(out.len())).iter().sum();
    Ok((out, kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(part: f64, minimum: u32, maximum: Option<u32>) -> DelegationFlux {
        DelegationFlux { commune: String::new(), part, minimum, maximum }
    }

    #[test]
    fn twenty_dwellings_60_30_10_within_3_and_11() {
        let list = [60.0, 30.0, 10.0].map(|p| to(p, 3, Some(11)));
        assert_eq!(delegated(20, &list), Ok((vec![11, 6, 3], 0)));
        assert!(delegated(8, &list).is_err() && delegated(34, &list).is_err());
    }

    #[test]
    fn what_is_not_delegated_stays_and_nothing_is_lost() {
        assert_eq!(delegated(20, &[to(60.0, 0, None)]), Ok((vec![12], 8)));
        assert_eq!(delegated(20, &[]), Ok((Vec::new(), 20)));
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..500 {
            let flow = rng.u32(0..60);
            let list = [to(rng.f64() * 50.0, 0, Some(rng.u32(1..9))), to(rng.f64() * 49.0, 0, None)];
            let (given, kept) = delegated(flow, &list).unwrap();
            assert_eq!(given.iter().sum::<u32>() + kept, flow);
        }
    }
}
