//! How lines of addresses are cut: one case of each kind.

use super::*;

fn read(text: &str) -> (Vec<String>, Vec<(u32, Option<String>)>, Vec<String>) {
    let a = question(text);
    let words = a.tokens.iter().filter(|t| t.role != Role::Number).map(|t| t.readings.join("|")).collect();
    let sign = |h: &House| {
        let signs: Vec<&str> = h.tail[..h.signs].iter().map(|t| t.0.as_str()).collect();
        (!signs.is_empty()).then(|| signs.join(" "))
    };
    let houses = a.tokens.iter().filter(|t| t.role == Role::Number).filter_map(|t| t.house.as_ref());
    (words, houses.map(|h| (h.number, sign(h))).collect(), a.codes)
}

#[test]
fn letters_and_signs_behind_a_number_are_told_from_words() {
    for (text, sign) in [
        ("2 e rue des Lilas", Some("E")),
        ("2-e rue des Lilas", Some("E")),
        ("2/E rue des Lilas", Some("E")),
        ("2 E, Les Lilas", Some("E")),
        ("42 b bis clos du Moulin", Some("B BIS")),
        ("42 bis b rue du Moulin", Some("BIS B")),
        ("42BIS", Some("BIS")),
        ("12 quinquies rue Pasteur", Some("QUINQUIES")),
        ("12 R PASTEUR", None),
        ("12 d'Italie", None),
        ("12 D ARTAGNAN", None),
    ] {
        assert_eq!(read(text).1[0].1.as_deref(), sign, "{text}");
    }
    let loose = |text: &str| question(text).tokens[0].house.as_ref().is_some_and(|h| h.loose);
    assert!(loose("12 D ARTAGNAN") && !loose("12 d'Italie") && !loose("2 e rue des Lilas"));
}

#[test]
fn roads_of_the_state_and_of_departements_are_named_in_full() {
    for text in [
        "200 RD 1006",
        "200 rd1006",
        "200 CD 1006",
        "200 route départementale 1006",
        "200 D 1006",
        "D1006",
        "200 route D 1006",
    ] {
        let words = read(text).0;
        assert!(words.contains(&"DEPARTEMENTALE".to_owned()), "{text}: {words:?}");
    }
    for text in ["12 rue RD", "12 D 73000 Chambéry", "12 rue d'11 novembre", "2 D rue Foch"] {
        assert!(!read(text).0.contains(&"DEPARTEMENTALE".to_owned()), "{text}");
    }
    assert_eq!(read("5 zone artisanale du Pré").0[0], "ZA");
    assert_eq!(
        read("12 GR 73000 chambery").0[..2],
        ["GRANDE|GDE".to_owned(), "RUE".to_owned()].map(|w| w.split('|').next().unwrap().to_owned())
    );
}

#[test]
fn two_numbers_may_be_a_range() {
    let range = |text: &str| {
        let a = question(text);
        let until = a.tokens.iter().find_map(|t| t.house.as_ref()?.until);
        (until, a.tokens.iter().filter(|t| t.ends).count())
    };
    for text in [
        "86-92 rue X",
        "86 - 92 rue X",
        "86/92 rue X",
        "86 à 92 rue X",
        "86 et 92 rue X",
        "86bis-92 rue X",
        "86, 92 rue X",
    ] {
        assert_eq!(range(text), (Some(92), 1), "{text}");
    }
    for text in [
        "86 92 rue X",
        "8 rue du 8-5-1945",
        "2 a 8 mai 1945",
        "92-86 rue X",
        "73000-86 rue X",
        "Les Pins 86, 92 rue X",
    ] {
        assert_eq!(range(text), (None, 0), "{text}");
    }
}

#[test]
fn a_number_of_five_places_is_no_postcode() {
    assert_eq!(read("rue des Lilas F-73000 Chambéry").0.join(" "), "RUE DES LILAS CHAMBERY");
    let (_, numbers, codes) = read("00012 rue des Lilas 01000");
    assert_eq!((numbers, codes), (vec![(12, None)], vec!["01000".to_owned()]));
}

#[test]
fn numbers_in_words_are_houses_in_front_of_a_road() {
    let house = |text: &str| question(text).tokens.iter().find_map(|t| Some(t.house.as_ref()?.number));
    for (text, number) in [
        ("huit rue du Lac", Some(8)),
        ("dix-sept avenue du Lac", Some(17)),
        ("vingt et un bis rue du Lac", Some(21)),
        ("quatre-vingt-douze rue du Lac", Some(92)),
        ("soixante et onze rue du Lac", Some(71)),
        ("cent vingt-trois rue du Lac", Some(123)),
        ("deux cents rue du Lac", Some(200)),
        ("trois fontaines rue du Lac", None),
        ("rue des quatre vents", None),
    ] {
        assert_eq!(house(text), number, "{text}");
    }
    let worded = |text: &str| question(text).tokens.iter().filter_map(|t| t.worded).collect::<Vec<_>>();
    assert_eq!(worded("8 rue du dix-neuf mars"), [(19, 2)]);
}

#[test]
fn a_line_becomes_words_numbers_and_codes() {
    let (words, numbers, codes) = read("12bis av. gal Leclerc, 73000 Chambéry Cedex 9");
    assert_eq!(words, ["AV|AVENUE", "GAL|GENERAL", "LECLERC", "CHAMBERY"]);
    assert_eq!((numbers, codes), (vec![(12, Some("BIS".to_owned()))], vec!["73000".to_owned()]));
}

#[test]
fn what_is_glued_is_parted() {
    let (words, numbers, _) = read("12RUE DE LA GARE");
    assert_eq!((words.join(" "), numbers), ("RUE DE LA GARE".to_owned(), vec![(12, None)]));
    let (words, numbers, _) = read("RD1006 n°12B");
    assert_eq!(
        (words.join(" "), numbers),
        ("ROUTE DEPARTEMENTALE".to_owned(), vec![(1006, None), (12, Some("B".to_owned()))])
    );
}

#[test]
fn a_letter_behind_a_number_may_be_a_sign() {
    let a = question("12 R PASTEUR");
    assert!(a.tokens[0].house.as_ref().is_some_and(|h| h.loose && h.signs == 0));
    assert_eq!(a.tokens[1].readings, ["R", "RUE"]);
}

#[test]
fn buildings_are_left_out_and_ordinals_stay() {
    let words = read("BAT A2 ESC 3 5 RUE DU 1ER MAI").0;
    assert!(words[2].starts_with("1ER|") && words[2].contains("|PREMIER"), "{words:?}");
    assert_eq!((words.len(), words[3].as_str()), (4, "MAI"));
    assert_eq!(read("7 rue Foch 3e étage").0.join(" "), "RUE FOCH");
    assert_eq!(read("7 rue Foch appartement n° 34").1.len(), 1);
    assert_eq!(read("numéro 7 rue Foch").1, [(7, None)]);
    assert_eq!(read("7 rue JP Veyrat").0[1..], ["J", "P", "VEYRAT"]);
    assert_eq!(read("7 lieu-dit Les Granges").0, ["LES", "GRANGES"]);
    assert_eq!(read("BP 123 place Foch").0.join(" "), "PLACE FOCH");
    assert_eq!(read("2A004 Ajaccio").2, ["2A004"]);
    assert_eq!(read("Saint-Jean-de-la-Porte 67 chemin des ceps").1, [(67, None)]);
    assert_eq!(read("23e Route des Voirons").1, [(23, Some("E".to_owned()))]);
}

#[test]
fn the_country_is_left_out_unless_it_is_a_name() {
    assert_eq!(read("rue Pasteur Annecy France").0.join(" "), "RUE PASTEUR ANNECY");
    assert_eq!(read("19 avenue de France").0.join(" "), "AVENUE DE FRANCE");
}

#[test]
fn a_wrong_encoding_is_mended() {
    assert_eq!(read("rue de l'Ã‰glise").0.join(" "), "RUE DE L EGLISE");
}
