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
    /// Words of all names, one after the other in one text, and each with its place there and its name;
    /// sorted by word.
    words: Vec<Word>,
    /// Codes in the order of the alphabet.
    codes: Vec<u32>,
}

/// A word of a name: where the rest of the name begins with it.
#[derive(Debug, Clone, Copy)]
struct Word {
    name: u32,
    /// Place in the folded name.
    at: u16,
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
        Self::of(all)
    }

    fn of(all: Vec<Name>) -> Self {
        let mut words: Vec<Word> = (0..)
            .zip(&all)
            .flat_map(|(name, n)| {
                // A name of more than 65,000 letters is found by its first ones.
                let places = n.folded.match_indices(' ').filter_map(|(i, _)| u16::try_from(i + 1).ok());
                places.map(move |at| Word { name, at }).collect::<Vec<_>>()
            })
            .collect();
        words.sort_by(|a, b| rest(&all, *a).cmp(rest(&all, *b)).then(a.name.cmp(&b.name)));
        let mut codes: Vec<u32> = (0..).zip(&all).map(|(i, _)| i).collect();
        codes.sort_by(|a, b| all[*a as usize].code.cmp(&all[*b as usize].code));
        Self { all, words, codes }
    }

    /// Names that have a word which begins so, once or more.
    fn beginning(&self, word: &str) -> impl Iterator<Item = u32> + '_ {
        let text = |w: &Word| rest(&self.all, *w);
        let first = self.words.partition_point(|w| text(w) < word);
        let count = self.words[first..].partition_point(|w| text(w).starts_with(word));
        self.words[first..first + count].iter().map(|w| w.name)
    }

    /// Names whose code begins so.
    fn coded(&self, code: &str) -> &[u32] {
        let text = |i: &u32| &*self.all[*i as usize].code;
        let first = self.codes.partition_point(|i| text(i) < code);
        let count = self.codes[first..].partition_point(|i| text(i).starts_with(code));
        &self.codes[first..first + count]
    }

    /// The best matches: a name that is the question, then one that begins with it, then one that has its
    /// words.
    #[must_use]
    pub fn find(&self, folded: &str, most: usize) -> Vec<Found> {
        let words: Vec<String> = folded.split(' ').map(|w| format!(" {w}")).collect();
        // Every answer has the rarest word, or the code: only those are looked at.
        let rarest = folded.split(' ').min_by_key(|w| self.beginning(w).count()).unwrap_or_default();
        let mut likely: Vec<u32> = self.beginning(rarest).chain(self.coded(folded).iter().copied()).collect();
        likely.sort_unstable();
        likely.dedup();
        let mut found: Vec<(u8, u32, usize)> = Vec::new();
        for (i, name) in likely.into_iter().map(|i| (i as usize, &self.all[i as usize])) {
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
        let key = |(rank, dwellings, i): &(u8, u32, usize)| (*rank, self.all[*i].rank, *dwellings, *i);
        if found.len() > most {
            found.select_nth_unstable_by_key(most, key);
            found.truncate(most);
        }
        found.sort_unstable_by_key(key);
        found.into_iter().map(|(.., i)| Found { layer: self.all[i].layer, zone: self.all[i].zone }).collect()
    }
}

/// A name from a word on.
fn rest(all: &[Name], word: Word) -> &str {
    &all[word.name as usize].folded[usize::from(word.at)..]
}

#[cfg(test)]
mod tests {
    use super::{Name, Names, fold};

    /// The search as it reads: every name is looked at.
    fn naive(names: &Names, folded: &str, most: usize) -> Vec<u32> {
        let words: Vec<String> = folded.split(' ').map(|w| format!(" {w}")).collect();
        let mut found: Vec<_> = names
            .all
            .iter()
            .enumerate()
            .filter_map(|(i, name)| {
                let rank = if *name.code == *folded || name.folded[1..] == *folded {
                    0
                } else if name.folded[1..].starts_with(folded) {
                    1
                } else if words.iter().all(|w| name.folded.contains(w.as_str())) {
                    2
                } else if name.code.starts_with(folded) {
                    3
                } else {
                    return None;
                };
                Some((rank, name.rank, u32::MAX - name.dwellings, i))
            })
            .collect();
        found.sort_unstable();
        found.into_iter().take(most).map(|(.., i)| names.all[i].zone).collect()
    }

    #[test]
    fn the_index_finds_what_looking_at_every_name_finds() {
        let mut rng = fastrand::Rng::with_seed(21);
        let parts =
            ["saint", "sainte", "sa", "étienne", "les", "ulis", "l", "12", "mont", "montreuil", "œuvre"];
        let all = (0..3_000)
            .map(|zone| {
                let words: Vec<&str> =
                    (0..rng.usize(1..5)).map(|_| parts[rng.usize(..parts.len())]).collect();
                Name {
                    layer: 0,
                    zone,
                    rank: rng.usize(..3),
                    folded: format!(" {}", fold(&words.join("-"))).into(),
                    code: format!("{:05}", rng.u32(..12_500)).into(),
                    dwellings: rng.u32(..40),
                }
            })
            .collect();
        let names = Names::of(all);
        let asked = [
            "sa",
            "sain",
            "saint e",
            "les ulis",
            "ulis les",
            "12",
            "123",
            "l",
            "mont",
            "zz",
            "oeuvre sa",
            "saint saint",
        ];
        for folded in asked {
            for most in [1, 10, 400, 5_000] {
                let found: Vec<u32> = names.find(folded, most).into_iter().map(|f| f.zone).collect();
                assert_eq!(found, naive(&names, folded, most), "{folded}, {most}");
            }
        }
    }

    #[test]
    fn accents_case_and_punctuation_do_not_matter() {
        assert_eq!(fold("Saint-Étienne-d’Œuvre "), "saint etienne d oeuvre");
        assert_eq!(fold("  L'Orée"), "l oree");
    }
}
