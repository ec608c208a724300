//! Classes of a map: what the page draws by and what a file's style draws by are the same.

use crate::french;

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

/// A class: from a value (in it), to a value (not in it), and its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub label: String,
}

/// The classes between breaks, in words; the unit « nombre » is not written.
#[must_use]
pub fn named(cuts: &[f64], unit: &str) -> Vec<Class> {
    let unit = if unit.is_empty() || unit == "nombre" { String::new() } else { format!(" {unit}") };
    let class = |i: usize| {
        let (low, high) = (i.checked_sub(1).map(|i| cuts[i]), cuts.get(i).copied());
        let label = match (low, high) {
            (None, None) => "Toutes valeurs".to_owned(),
            (None, Some(b)) => format!("moins de {}{unit}", french::cell(b)),
            (Some(a), None) => format!("{}{unit} et plus", french::cell(a)),
            (Some(a), Some(b)) => format!("{} à {}{unit}", french::cell(a), french::cell(b)),
        };
        Class { low, high, label }
    };
    (0..=cuts.len()).map(class).collect()
}

/// Colours of the page, from light to dark, by what more of an indicator means (`sens`); grey in five steps.
const PALETTES: [(&str, [[u8; 3]; 5]); 3] = [
    (
        "fragilite",
        [[0xfb, 0xe0, 0xbd], [0xee, 0xb9, 0x7c], [0xd9, 0x8a, 0x4f], [0xb3, 0x56, 0x2f], [0x76, 0x2a, 0x19]],
    ),
    (
        "aisance",
        [[0xc9, 0xea, 0xe2], [0x98, 0xca, 0xc3], [0x64, 0xa8, 0xa7], [0x35, 0x81, 0x88], [0x12, 0x50, 0x58]],
    ),
    (
        "neutre",
        [[0xdc, 0xd8, 0xf2], [0xbd, 0xb6, 0xdd], [0x98, 0x90, 0xc4], [0x6d, 0x64, 0xa4], [0x42, 0x3a, 0x79]],
    ),
];

/// Colours of so many classes, five at most.
#[must_use]
pub fn colours(sens: &str, classes: usize) -> Vec<[u8; 3]> {
    let palette = PALETTES.iter().find(|(id, _)| *id == sens).unwrap_or(&PALETTES[2]).1;
    let picks: &[usize] = match classes {
        0 | 1 => &[2],
        2 => &[1, 3],
        3 => &[0, 2, 4],
        4 => &[0, 1, 3, 4],
        _ => &[0, 1, 2, 3, 4],
    };
    picks.iter().map(|i| palette[*i]).collect()
}

#[cfg(test)]
mod tests {
    use super::{PALETTES, breaks, named};

    #[test]
    fn papers_have_the_colours_of_the_page() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/src/lib/classes.ts");
        let page = std::fs::read_to_string(page).unwrap();
        for (id, colours) in PALETTES {
            let list: Vec<String> =
                colours.iter().map(|[r, g, b]| format!("'#{r:02x}{g:02x}{b:02x}'")).collect();
            assert!(page.contains(&format!("{id}: [{}]", list.join(", "))), "{id}");
        }
    }

    #[test]
    fn classes_are_told_from_one_break_to_the_next() {
        let told = |cuts: &[f64], unit| named(cuts, unit).into_iter().map(|c| c.label).collect::<Vec<_>>();
        assert_eq!(told(&[10.5, 20.0], "%"), ["moins de 10,5 %", "10,5 à 20 %", "20 % et plus"]);
        assert_eq!(told(&[], "nombre"), ["Toutes valeurs"]);
    }

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
