//! Shares of a flow into whole dwellings: largest remainder within bounds, fractions carried over.

use crate::french::thousands;

/// One who has a share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Share of the flow, from 0 to 1.
    pub share: f64,
    /// Fraction of a dwelling that last year's rounding left (owed: positive; had too much: negative).
    pub carried: f64,
    /// Fewest dwellings.
    pub least: u32,
    /// Most dwellings; None: no bound.
    pub most: Option<u32>,
}

impl Part {
    #[must_use]
    pub fn of(share: f64) -> Self {
        Self { share, carried: 0.0, least: 0, most: None }
    }
}

/// Why bounds cannot be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    #[error(
        "les minimums demandent {} logements et il n'y en a que {}",
        thousands((*asked).into()),
        thousands((*flow).into())
    )]
    Least { asked: u32, flow: u32 },
    #[error(
        "les maximums n'admettent que {} logements sur {}",
        thousands((*admitted).into()),
        thousands((*flow).into())
    )]
    Most { admitted: u32, flow: u32 },
}

/// What rounding may lose of a number that should be whole.
const HAIR: f64 = 1e-9;

/// Dwellings of each part; they sum to `flow`.
///
/// What bounds take or leave is shared again among the others by their shares; then each has the whole part
/// of what it is due, and what is left goes to the largest fractions (ties: the larger share, then the
/// order).
///
/// # Errors
/// The bounds do not admit this flow.
pub fn share(flow: u32, parts: &[Part]) -> Result<Vec<u32>, Impossible> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let asked: u32 = parts.iter().map(|p| p.least).sum();
    if asked > flow {
        return Err(Impossible::Least { asked, flow });
    }
    if parts.iter().all(|p| p.most.is_some()) {
        let admitted: u32 = parts.iter().filter_map(|p| p.most).sum();
        if admitted < flow {
            return Err(Impossible::Most { admitted, flow });
        }
    }
    let due = due(f64::from(flow), parts);
    let most = |i: usize| parts[i].most.unwrap_or(u32::MAX);
    let mut out: Vec<u32> = due
        .iter()
        .enumerate()
        .map(|(i, d)| ((d + HAIR).floor() as u32).clamp(parts[i].least, most(i)))
        .collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let rest = |i: usize| due[i] - due[i].floor() + if due[i].fract() > 1.0 - HAIR { -1.0 } else { 0.0 };
    order.sort_by(|a, b| {
        let by =
            |x: f64, y: f64| if (x - y).abs() < HAIR { std::cmp::Ordering::Equal } else { y.total_cmp(&x) };
        by(rest(*a), rest(*b)).then(by(parts[*a].share, parts[*b].share)).then(a.cmp(b))
    });
    let mut left = i64::from(flow) - out.iter().map(|n| i64::from(*n)).sum::<i64>();
    while left != 0 {
        let mut moved = false;
        let step: Box<dyn Iterator<Item = &usize>> =
            if left > 0 { Box::new(order.iter()) } else { Box::new(order.iter().rev()) };
        for &i in step {
            if left > 0 && out[i] < most(i) {
                out[i] += 1;
                left -= 1;
                moved = true;
            } else if left < 0 && out[i] > parts[i].least {
                out[i] -= 1;
                left += 1;
                moved = true;
            }
            if left == 0 {
                break;
            }
        }
        if !moved {
            break;
        }
    }
    Ok(out)
}

/// What each part is due before rounding, bounds held: `share·flow + carried`, and the same more or less by
/// share until all of it is given.
#[must_use]
pub fn due(flow: f64, parts: &[Part]) -> Vec<f64> {
    within(flow, parts, |p| f64::from(p.least))
}

/// Fractions that go over to the next year: what rounding left of what was due within the bounds. What a
/// bound took or gave is owed to nobody; who had too much before and is due less than nothing still has.
#[must_use]
pub fn carried(flow: f64, parts: &[Part], given: &[u32]) -> Vec<f64> {
    let due = within(flow, parts, |p| if p.least == 0 { f64::NEG_INFINITY } else { f64::from(p.least) });
    due.iter().zip(given).map(|(due, n)| due - f64::from(*n)).collect()
}

fn within(flow: f64, parts: &[Part], least: impl Fn(&Part) -> f64) -> Vec<f64> {
    let at = |extra: f64| -> Vec<f64> {
        let of = |p: &Part| {
            let high = p.most.map_or(f64::INFINITY, f64::from);
            ((flow + extra) * p.share + p.carried).clamp(least(p), high)
        };
        parts.iter().map(of).collect()
    };
    // The sum grows with `extra`: bisected, then made exact on the parts that no bound holds.
    let span = (flow + 1.0) * 4.0 + parts.iter().map(|p| p.carried.abs()).sum::<f64>();
    let smallest = parts.iter().map(|p| p.share).filter(|s| *s > 0.0).fold(1.0, f64::min);
    let (mut low, mut high) = (-span / smallest, span / smallest);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if at(middle).iter().sum::<f64>() < flow { low = middle } else { high = middle }
    }
    let mut out = at(high);
    let free: Vec<usize> = (0..parts.len())
        .filter(|&i| {
            let raw = (flow + high) * parts[i].share + parts[i].carried;
            parts[i].share > 0.0
                && raw > least(&parts[i]) - HAIR
                && parts[i].most.is_none_or(|m| raw < f64::from(m) + HAIR)
        })
        .collect();
    let gap = flow - out.iter().sum::<f64>();
    let weight: f64 = free.iter().map(|&i| parts[i].share).sum();
    for i in free {
        let high = parts[i].most.map_or(f64::INFINITY, f64::from);
        out[i] = (out[i] + gap * parts[i].share / weight).clamp(least(&parts[i]), high);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(shares: &[f64]) -> Vec<Part> {
        shares.iter().map(|s| Part::of(*s)).collect()
    }

    const FIVE: [f64; 5] = [0.30, 0.22, 0.12, 0.05, 0.31];

    #[test]
    fn the_worked_shares_of_170() {
        let mut p = parts(&FIVE);
        assert_eq!(share(170, &p).unwrap(), [51, 37, 20, 9, 53]);
        p[3].least = 10;
        assert_eq!(share(170, &p).unwrap(), [51, 37, 20, 10, 52]);
        p[3].least = 12;
        assert_eq!(share(170, &p).unwrap(), [50, 37, 20, 12, 51]);
    }

    #[test]
    fn a_legal_cap_is_a_floor_and_the_unit_goes_to_the_next_fraction() {
        let mut p = parts(&FIVE);
        p[0].most = Some(51);
        assert_eq!(share(172, &p).unwrap(), [51, 38, 21, 9, 53]);
    }

    #[test]
    fn twenty_delegated_dwellings_within_3_and_11() {
        let mut p = parts(&[0.6, 0.3, 0.1]);
        p.iter_mut().for_each(|p| (p.least, p.most) = (3, Some(11)));
        assert_eq!(share(20, &p).unwrap(), [11, 6, 3]);
    }

    #[test]
    fn bounds_that_cannot_be_held_are_told() {
        let mut p = parts(&[0.5, 0.5]);
        p[0].least = 5;
        assert_eq!(share(4, &p), Err(Impossible::Least { asked: 5, flow: 4 }));
        p.iter_mut().for_each(|p| (p.least, p.most) = (0, Some(1)));
        assert_eq!(share(4, &p), Err(Impossible::Most { admitted: 2, flow: 4 }));
    }

    #[test]
    fn fewer_dwellings_than_holders() {
        assert_eq!(share(2, &parts(&FIVE)).unwrap().iter().sum::<u32>(), 2);
        assert_eq!(share(0, &parts(&FIVE)).unwrap(), [0; 5]);
    }

    #[test]
    fn four_percent_of_12_are_a_right_every_second_year() {
        let mut p = parts(&[0.04, 0.96]);
        let mut had = Vec::new();
        for _ in 0..4 {
            let given = share(12, &p).unwrap();
            let over = carried(12.0, &p, &given);
            p.iter_mut().zip(over).for_each(|(p, c)| p.carried = c);
            had.push(given[0]);
        }
        assert_eq!(had.iter().sum::<u32>(), 2, "{had:?}");
        assert!(had.windows(2).all(|w| w[0] + w[1] == 1), "{had:?}");
    }

    /// Shares that sum to 1, bounds that admit the flow.
    fn drawn(rng: &mut fastrand::Rng) -> (u32, Vec<Part>) {
        let n = rng.usize(1..9);
        let flow = rng.u32(0..400);
        let weights: Vec<f64> = (0..n).map(|_| rng.f64() + 0.01).collect();
        let all: f64 = weights.iter().sum();
        let mut p = parts(&weights.iter().map(|w| w / all).collect::<Vec<_>>());
        let mut left = flow;
        for part in &mut p {
            if rng.bool() {
                part.least = rng.u32(0..=left / 3);
                left -= part.least;
            }
            if rng.u8(0..3) == 0 {
                part.most = Some(part.least + rng.u32(0..=flow));
            }
        }
        p[0].most = None;
        (flow, p)
    }

    #[test]
    fn parts_sum_to_the_flow_and_hold_their_bounds() {
        let mut rng = fastrand::Rng::with_seed(16);
        for _ in 0..5_000 {
            let (flow, p) = drawn(&mut rng);
            let out = share(flow, &p).unwrap();
            assert_eq!(out.iter().sum::<u32>(), flow, "{flow} {p:?}");
            for (n, p) in out.iter().zip(&p) {
                assert!(*n >= p.least && p.most.is_none_or(|m| *n <= m), "{flow} {p:?} {out:?}");
            }
        }
    }

    #[test]
    fn who_has_a_larger_share_never_has_fewer_dwellings() {
        let mut rng = fastrand::Rng::with_seed(17);
        for _ in 0..2_000 {
            let (flow, mut p) = drawn(&mut rng);
            p.iter_mut().for_each(|p| (p.least, p.most) = (0, None));
            p.sort_by(|a, b| a.share.total_cmp(&b.share));
            let out = share(flow, &p).unwrap();
            assert!(out.windows(2).all(|w| w[0] <= w[1]), "{flow} {p:?} {out:?}");
        }
    }

    #[test]
    fn ten_years_of_carrying_over_lose_nothing() {
        let mut rng = fastrand::Rng::with_seed(18);
        for _ in 0..300 {
            let (_, mut p) = drawn(&mut rng);
            p.iter_mut().for_each(|p| (p.least, p.most) = (0, None));
            let (mut due, mut had) = (vec![0.0; p.len()], vec![0u32; p.len()]);
            for _ in 0..10 {
                let flow = rng.u32(0..90);
                let given = share(flow, &p).unwrap();
                let over = carried(f64::from(flow), &p, &given);
                for i in 0..p.len() {
                    due[i] += p[i].share * f64::from(flow);
                    had[i] += given[i];
                    p[i].carried = over[i];
                }
            }
            for i in 0..p.len() {
                assert!((due[i] - f64::from(had[i]) - p[i].carried).abs() < 1e-6);
                assert!(p[i].carried.abs() < 2.0, "{} dwellings owed after ten years", p[i].carried);
            }
        }
    }
}
