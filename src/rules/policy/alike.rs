//! Territories alike: a standardised distance over a few measures of their stock
//! (`data/rules/comparables.toml`).

/// What a measure is centred on and divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub mean: f64,
    /// Of the zones themselves, which are all there are: divided by their number.
    pub deviation: f64,
}

/// A zone and how far it is from the one that is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// Its place among the rows.
    pub row: usize,
    /// Square root of the mean of squared gaps, in standard deviations.
    pub distance: f64,
    /// Its standard value minus that of the subject, by measure; None where one of both has none, or where
    /// all zones have the same.
    pub gaps: Vec<Option<f64>>,
}

/// Mean and standard deviation of each measure over all rows that have it; None where nothing varies.
#[must_use]
pub fn spreads(rows: &[Vec<Option<f64>>], measures: usize) -> Vec<Option<Spread>> {
    (0..measures)
        .map(|m| {
            let known: Vec<f64> = rows.iter().filter_map(|r| r[m]).collect();
            let n = known.len() as f64;
            let mean = known.iter().sum::<f64>() / n;
            let deviation = (known.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
            // A sum of equal numbers may miss them by its last digit.
            (known.len() > 1 && deviation > 1e-9 * mean.abs().max(1.0)).then_some(Spread { mean, deviation })
        })
        .collect()
}

/// The other rows, the nearest first; equally near ones in their order. Those that share fewer than `least`
/// measures with the subject are left out.
#[must_use]
pub fn nearest(
    rows: &[Vec<Option<f64>>],
    spreads: &[Option<Spread>],
    subject: usize,
    (z_max, least): (f64, usize),
) -> Vec<Near> {
    let standard = |row: &[Option<f64>]| -> Vec<Option<f64>> {
        row.iter()
            .zip(spreads)
            .map(|(v, s)| v.zip(*s).map(|(v, s)| ((v - s.mean) / s.deviation).clamp(-z_max, z_max)))
            .collect()
    };
    let mine = standard(&rows[subject]);
    let mut out: Vec<Near> = rows
        .iter()
        .enumerate()
        .filter(|(row, _)| *row != subject)
        .filter_map(|(row, values)| {
            let gaps: Vec<Option<f64>> =
                standard(values).into_iter().zip(&mine).map(|(a, b)| a.zip(*b).map(|(a, b)| a - b)).collect();
            let shared = gaps.iter().flatten().count();
            let squares: f64 = gaps.iter().flatten().map(|g| g * g).sum();
            (shared >= least.max(1)).then(|| Near { row, distance: (squares / shared as f64).sqrt(), gaps })
        })
        .collect();
    out.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[[f64; 2]]) -> Vec<Vec<Option<f64>>> {
        values.iter().map(|r| r.iter().map(|v| Some(*v)).collect()).collect()
    }

    #[test]
    fn the_worked_example_is_found_by_hand() {
        // First measure: mean 4, deviation √5; second: mean 20, deviation √200.
        let rows = rows(&[[1.0, 0.0], [3.0, 20.0], [5.0, 20.0], [7.0, 40.0]]);
        let spreads = spreads(&rows, 2);
        assert_eq!(spreads[0], Some(Spread { mean: 4.0, deviation: 5_f64.sqrt() }));
        assert_eq!(spreads[1], Some(Spread { mean: 20.0, deviation: 200_f64.sqrt() }));
        let near = nearest(&rows, &spreads, 1, (3.0, 2));
        assert_eq!(near.iter().map(|n| n.row).collect::<Vec<_>>(), [2, 0, 3]);
        // √((2²/5 + 0) / 2)
        assert!((near[0].distance - 0.4_f64.sqrt()).abs() < 1e-12);
        // √((2²/5 + 20²/200) / 2) = √1.4
        assert!((near[1].distance - 1.4_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_measure_that_does_not_vary_or_is_not_known_takes_no_part() {
        let mut rows = rows(&[[1.0, 100.0], [2.0, 100.0], [3.0, 100.0], [9.0, 100.0]]);
        rows[3][0] = None;
        let spreads = spreads(&rows, 2);
        assert!(spreads[0].is_some() && spreads[1].is_none());
        let near = nearest(&rows, &spreads, 0, (3.0, 1));
        assert_eq!(near.iter().map(|n| n.row).collect::<Vec<_>>(), [1, 2], "the last shares no measure");
        assert_eq!(near[0].gaps[1], None);
    }

    #[test]
    fn one_extreme_figure_is_held() {
        let mut rows = rows(&[[0.0, 0.0]; 30]);
        rows[29] = vec![Some(1000.0), Some(1.0)];
        let near = nearest(&rows, &spreads(&rows, 2), 0, (3.0, 2));
        let far = near.last().unwrap();
        assert_eq!(far.row, 29);
        assert!(far.gaps[0].unwrap() < 3.2, "{far:?}");
    }
}
