//! The years that names of files and of sheets say.

/// Years that stand in a name: four digits that begin by 20.
fn all(name: &str) -> Vec<u16> {
    let mut years: Vec<u16> = name
        .split(|c: char| !c.is_ascii_digit())
        .filter(|run| run.len() == 4 && run.starts_with("20"))
        .filter_map(|run| run.parse().ok())
        .collect();
    years.sort_unstable();
    years.dedup();
    years
}

/// The year of a name that has one only.
#[must_use]
pub fn year_in(name: &str) -> Option<u16> {
    match all(name)[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// Names that say different years, in a list that a comma parts; None if they may be of one year.
#[must_use]
pub fn different<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let named: Vec<(u16, &str)> = names.filter_map(|n| Some((year_in(n)?, n))).collect();
    let (first, _) = named.first()?;
    let differ = named.iter().any(|(year, _)| year != first);
    differ.then(|| named.iter().map(|(_, n)| format!("« {n} »")).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_of_a_name_is_four_digits_alone() {
        assert_eq!(year_in("rpls_2024.csv"), Some(2024));
        assert_eq!(year_in("rpls-2024-2024.csv"), Some(2024));
        assert_eq!(year_in("rpls_20240101.csv"), None, "a day is no year");
        assert_eq!(year_in("rpls_2022_2024.csv"), None, "two years are none");
        assert_eq!(year_in("rpls.csv"), None);
    }

    #[test]
    fn names_of_different_years_are_told() {
        let of = |names: &[&str]| different(names.iter().copied());
        assert_eq!(
            of(&["rpls_2023.csv", "rpls_2024.csv"]).as_deref(),
            Some("« rpls_2023.csv », « rpls_2024.csv »")
        );
        assert_eq!(of(&["01", "38", "rpls_2024_73"]), None);
    }
}
