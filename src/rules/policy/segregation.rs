//! How unevenly a group of households is spread over the units of a territory (domain §10.8 and §10.1).

/// Households of one unit (an IRIS, a commune…).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// Households of the group.
    pub group: u64,
    /// All households, the group included.
    pub total: u64,
}

impl Unit {
    /// Share of the group, between 0 and 1; None without households.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.total > 0).then(|| self.group as f64 / self.total as f64)
    }
}

/// The figures of one territory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Indices {
    /// Sum of the units.
    pub whole: Unit,
    /// `½ Σ |a_i/A − b_i/B|`: the share of the group that would have to move for every unit to be alike.
    pub dissimilarity: f64,
    /// `Σ (a_i/A)(a_i/t_i)`: the share of the group among the neighbours of a household of the group.
    pub isolation: f64,
    /// `Σ t_i (E − E_i) / (E T)`, Theil's H: 0 when every unit is as mixed as the whole, 1 when none is
    /// mixed.
    pub entropy: f64,
}

/// Figures of a territory made of these units; None when everyone, or nobody, is of the group: there is
/// nothing to spread.
#[must_use]
pub fn indices(units: &[Unit]) -> Option<Indices> {
    let sum = |of: fn(&Unit) -> u64| units.iter().map(of).sum::<u64>();
    let whole = Unit { group: sum(|u| u.group), total: sum(|u| u.total) };
    let (a, t) = (whole.group as f64, whole.total as f64);
    let b = t - a;
    if whole.group == 0 || whole.group >= whole.total {
        return None;
    }
    let e = entropy(a / t);
    let (mut dissimilarity, mut isolation, mut h) = (0.0, 0.0, 0.0);
    for u in units {
        let Some(share) = u.share() else { continue };
        let (ai, ti) = (u.group as f64, u.total as f64);
        dissimilarity += 0.5 * (ai / a - (ti - ai) / b).abs();
        isolation += ai / a * share;
        h += ti * (e - entropy(share)) / (e * t);
    }
    Some(Indices { whole, dissimilarity, isolation, entropy: h })
}

/// Entropy of two groups, in nats.
fn entropy(p: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    term(p) + term(1.0 - p)
}

/// Location quotient: the share of the group in a unit, as a multiple of its share in the whole.
#[must_use]
pub fn quotient(unit: &Unit, whole: &Unit) -> Option<f64> {
    unit.share().zip(whole.share().filter(|p| *p > 0.0)).map(|(u, w)| u / w)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(group: u64, others: u64) -> Unit {
        Unit { group, total: group + others }
    }

    #[test]
    fn the_worked_example_has_a_dissimilarity_of_0_4762() {
        let units = [unit(10, 40), unit(30, 20), unit(5, 45)];
        let all = indices(&units).unwrap();
        assert!((all.dissimilarity - 0.4762).abs() < 5e-5, "{all:?}");
        // By hand: 10/45 × 0.2 + 30/45 × 0.6 + 5/45 × 0.1.
        assert!((all.isolation - (2.0 + 18.0 + 0.5) / 45.0).abs() < 1e-12);
        assert!((quotient(&units[1], &all.whole).unwrap() - 2.0).abs() < 1e-12, "60 % against 30 %");
    }

    /// Forty territories by PySAL: `tests/oracle/segregation_vectors.py`.
    #[test]
    fn every_index_is_that_of_pysal() {
        let text = include_str!("../../../tests/fixtures/segregation/vectors.json");
        let vectors: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
        assert!(vectors.len() > 40);
        for v in &vectors {
            let read =
                |u: &serde_json::Value| Unit { group: u[0].as_u64().unwrap(), total: u[1].as_u64().unwrap() };
            let units: Vec<Unit> = v["units"].as_array().unwrap().iter().map(read).collect();
            let all = indices(&units).unwrap();
            let near = |ours: f64, theirs: &serde_json::Value| {
                let theirs = theirs.as_f64().unwrap();
                assert!((ours - theirs).abs() <= 1e-9 * theirs.abs(), "{ours} {theirs}");
            };
            near(all.dissimilarity, &v["dissimilarity"]);
            near(all.isolation, &v["isolation"]);
            near(all.entropy, &v["entropy"]);
            for (u, q) in units.iter().zip(v["quotients"].as_array().unwrap()) {
                near(quotient(u, &all.whole).unwrap(), q);
            }
        }
    }

    #[test]
    fn units_alike_are_not_segregated_and_units_apart_are_wholly() {
        let even = indices(&[unit(10, 30), unit(20, 60), unit(0, 0)]).unwrap();
        assert!(
            even.dissimilarity.abs() < 1e-12
                && even.entropy.abs() < 1e-12
                && (even.isolation - 0.25).abs() < 1e-12
        );
        let apart = indices(&[unit(10, 0), unit(0, 30)]).unwrap();
        assert!((apart.dissimilarity - 1.0).abs() < 1e-12 && (apart.entropy - 1.0).abs() < 1e-12);
        assert!((apart.isolation - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_territory_of_one_group_has_no_segregation_to_measure() {
        assert_eq!(indices(&[unit(10, 0), unit(5, 0)]), None);
        assert_eq!(indices(&[unit(0, 10)]), None);
        assert_eq!(indices(&[]), None);
    }
}
