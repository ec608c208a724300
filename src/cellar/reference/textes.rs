//! `data/textes/*.md`: what a public service has to say of itself, until the organisation says it better.

/// Names of the texts, as their pages and files have them, and the texts that the program brings.
const TEXTS: [(&str, &str); 3] = [
    ("accessibilite", include_str!("../../../data/textes/accessibilite.md")),
    ("mentions-legales", include_str!("../../../data/textes/mentions-legales.md")),
    ("donnees-personnelles", include_str!("../../../data/textes/donnees-personnelles.md")),
];

/// The text that the program brings under a name; None for a name that is none.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(n, _)| *n == name).map(|(_, text)| *text)
}

/// The names.
#[must_use]
pub fn names() -> Vec<&'static str> {
    TEXTS.iter().map(|(name, _)| *name).collect()
}
