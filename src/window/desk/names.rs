//! Names of zones, to be searched as one types.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::cube::{Cube, Layer};
use crate::reference::scales::{self, Genre};

/// Lower case without accents, words parted by one space.
pub fn fold(text: &str) -> String {
    let plain: String = text
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    plain.replace('œ', "oe").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names of the zones of one cube, ready to be searched.
#[derive(Debug)]
pub struct Names {
    /// Widest scale first.
    all: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    /// Place of the layer in the cube.
    layer: u32,
    zone: u32,
    /// Place of the scale, the widest first.
    rank: usize,
    /// A space before each word.
    folded: Box<str>,
    code: Box<str>,
    dwellings: u32,
}

/// A zone that matches.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub layer: u32,
    pub zone: u32,
}

impl Names {
    /// Reads every zone that has a name or a contour; cells are named by no one, addresses are searched
    /// elsewhere.
    ///
    /// `dwellings`: how many a zone of a layer holds.
    #[must_use]
    pub fn new(cube: &Cube, dwellings: impl Fn(&Layer<'_>, u32) -> u64) -> Self {
        let rank = |id: &str| scales::scales().iter().position(|s| s.id == id).unwrap_or(usize::MAX);
        let mut layers: Vec<(u32, &str)> =
            (0..).zip(cube.meta().couches.iter().map(|l| l.id.as_str())).collect();
        layers.retain(|(_, id)| scales::scale(id).genre == Genre::Zones || *id == "residence");
        layers.sort_by_key(|(_, id)| rank(id));
        let mut all = Vec::new();
        for (at, id) in layers {
            let Some(layer) = cube.layer(id) else { continue };
            for (zone, code) in (0..).zip(layer.codes.iter()) {
                let dwellings = u32::try_from(dwellings(&layer, zone)).unwrap_or(u32::MAX);
                let folded = format!(" {}", fold(&layer.title(zone))).into();
                all.push(Name {
                    layer: at,
                    zone,
                    rank: rank(id),
                    folded,
                    code: code.to_lowercase().into(),
                    dwellings,
                });
            }
        }
        Self { all }
    }

    /// The best matches: a name that is the question, then one that begins with it, then one that has its
    /// words.
    #[must_use]
    pub fn find(&self, folded: &str, most: usize) -> Vec<Found> {
        let words: Vec<String> = folded.split(' ').map(|w| format!(" {w}")).collect();
        let mut found: Vec<(u8, u32, usize)> = Vec::new();
        for (i, name) in self.all.iter().enumerate() {
            let rank = if *name.code == *folded || name.folded[1..] == *folded {
                0
            } else if name.folded[1..].starts_with(folded) {
                1
            } else if words.iter().all(|w| name.folded.contains(w.as_str())) {
                2
            } else if name.code.starts_with(folded) {
                3
            } else {
                continue;
            };
            found.push((rank, u32::MAX - name.dwellings, i));
        }
        found.sort_unstable_by_key(|(rank, dwellings, i)| (*rank, self.all[*i].rank, *dwellings, *i));
        found.truncate(most);
        found.into_iter().map(|(.., i)| Found { layer: self.all[i].layer, zone: self.all[i].zone }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn accents_case_and_punctuation_do_not_matter() {
        assert_eq!(fold("Saint-Étienne-d’Œuvre "), "saint etienne d oeuvre");
        assert_eq!(fold("  L'Orée"), "l oree");
    }
}
