//! Classes of a map: what the page draws by and what a file's style draws by are the same.

/// Classes of a map.
const CLASSES: usize = 5;

/// Inner breaks between classes of equal numbers, rounded as far as the spread of the values allows.
#[must_use]
pub fn breaks(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (values.first(), values.last()) else { return Vec::new() };
    let at = |i: usize| values[i * (values.len() - 1) / CLASSES];
    let quantiles: Vec<f64> = (1..CLASSES).map(at).collect();
    // A tenth of the spread between the outer quantiles keeps them apart: 1, 2 or 5 times a power of ten.
    let spread = quantiles[CLASSES - 2] - quantiles[0];
    let target = if spread > 0.0 { spread } else { high - low } / 10.0;
    if target <= 0.0 || target.is_nan() {
        return Vec::new();
    }
    let power = 10f64.powf(target.log10().floor());
    let step = [5.0, 2.0, 1.0].into_iter().map(|m| m * power).find(|s| *s <= target).unwrap_or(power);
    // Through the inverse where it is whole, so that 0.3 is written 0.3.
    let round = |v: f64| {
        if step < 1.0 { (v / step).round() / (1.0 / step).round() } else { (v / step).round() * step }
    };
    let mut out: Vec<f64> = quantiles.into_iter().map(round).filter(|b| *b > low && *b <= high).collect();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::breaks;

    #[test]
    fn breaks_part_the_values_in_five_and_are_round() {
        let b = breaks((0..1_000).map(|i| f64::from(i) * 0.0531).collect());
        assert_eq!(b, [10.0, 22.0, 32.0, 42.0].map(|x: f64| (x / 2.0).round() * 2.0));
    }

    #[test]
    fn equal_values_have_no_classes_and_few_values_have_few() {
        assert!(breaks(vec![7.0; 12]).is_empty());
        assert!(breaks(Vec::new()).is_empty());
        let two = breaks(vec![10.0, 20.0]);
        assert!(two.len() <= 1 && two.iter().all(|b| (10.0..=20.0).contains(b)), "{two:?}");
    }

    #[test]
    fn small_numbers_keep_short_decimals() {
        for b in breaks((0..100).map(|i| 5.0 + f64::from(i) * 0.013).collect()) {
            assert!(b.to_string().len() <= 4, "{b}");
        }
    }
}
