//! The spellings of real files lead to one key.

use super::*;

fn of(depcom: &str, num: &str, rep: &str, typ: &str, nom: &str, compl: &str) -> String {
    key(depcom, num, rep, typ, nom, compl).key
}

#[test]
fn spellings_of_one_address_give_one_key() {
    let expected = "06029:175:-:AVENUE MICHEL JOURDAN";
    assert_eq!(of("06029", "175", "", "AVENUE", "MICHEL JOURDAN", ""), expected);
    assert_eq!(of("06029", "0175", "", "AV.", "Michel-Jourdan", ""), expected);
    assert_eq!(of("06029", "", "", "", "175 AVENUE MICHEL JOURDAN", ""), expected);
    assert_eq!(of("06029", "175", "", "AVENUE", "AV MICHEL JOURDAN BAT A ENTR", ""), expected);
    assert_eq!(of("06029", "", "", "", "LES ORANGERS BAT A2", "175 avenue Michel Jourdan"), expected);
    assert_eq!(of("06029", "175", "", "", "175 AV MICHEL JOURDAN (PARCELLE AB 12)", ""), expected);
}

#[test]
fn repetition_signs_are_found_wherever_they_stand() {
    let expected = "73065:3:BIS:RUE SAINT REAL";
    assert_eq!(of("73065", "3", "bis", "RUE", "ST REAL", ""), expected);
    assert_eq!(of("73065", "3BIS", "", "R", "SAINT-RÉAL", ""), expected);
    assert_eq!(of("73065", "3", "", "", "BIS  RUE SAINT REAL", ""), expected);
    assert_eq!(of("73065", "", "", "", "3 bis rue Saint Réal", ""), expected);
}

#[test]
fn a_missing_number_is_zero_whatever_stands_for_it() {
    for num in ["", "0", "SN", "9999", "S/N", "NC"] {
        assert_eq!(of("73065", num, "", "RUE", "CROIX D’OR", ""), "73065:0:-:RUE CROIX D OR", "{num}");
    }
}

#[test]
fn several_numbers_keep_the_first_and_remember_all() {
    let a = key("06029", "8/10", "", "AVENUE", "DU PONT ROMAIN", "");
    assert_eq!((a.number, a.numbers.as_slice(), a.origin), (Some(8), &[8, 10][..], Origin::Own));
    let a = key("06029", "", "", "", "", "53.55 avenue Michel Jourdan");
    assert_eq!((a.number, a.numbers.as_slice(), a.origin), (Some(53), &[53, 55][..], Origin::Complement));
    assert_eq!(a.street, "AVENUE MICHEL JOURDAN");
}

#[test]
fn numbers_that_belong_to_a_name_stay_there() {
    assert_eq!(of("69381", "5", "", "RUE", "8 MAI 1945", ""), "69381:5:-:RUE 8 MAI 1945");
    assert_eq!(of("69381", "", "", "RUE", "4 VENTS", ""), "69381:0:-:RUE 4 VENTS");
    assert_eq!(of("69381", "2", "", "RUE", "1ER MAI", ""), "69381:2:-:RUE 1ER MAI");
}

#[test]
fn words_that_look_like_abbreviations_are_left_inside_names() {
    assert_eq!(of("73065", "1", "", "RUE", "DES PRES", ""), "73065:1:-:RUE DES PRES");
    assert_eq!(
        of("73065", "1", "", "RUE", "DE LA PORTE DE FRANCE", ""),
        "73065:1:-:RUE DE LA PORTE DE FRANCE"
    );
    assert_eq!(of("73065", "1", "", "RUE", "CORNICHE", ""), "73065:1:-:RUE CORNICHE");
}

#[test]
fn a_complement_cut_at_an_accent_gives_way_to_the_full_name() {
    let a = key("06029", "", "", "AVENUE", "FRANCIS TONNER", "24 avenue Fran");
    assert_eq!(a.key, "06029:24:-:AVENUE FRANCIS TONNER");
    let a = key("06029", "", "", "", "LES FLEURS", "BAT 01 ESC 01");
    assert_eq!((a.number, a.origin), (None, Origin::Nowhere));
}

#[test]
fn a_lost_letter_stays_visible() {
    assert_eq!(of("06029", "", "", "", "BVD P?RIER", ""), "06029:0:-:BOULEVARD P?RIER");
    assert_eq!(of("06029", "", "", "", "BVD P\u{fffd}RIER", ""), "06029:0:-:BOULEVARD P?RIER");
}

#[test]
fn a_normalizer_answers_like_a_fresh_one() {
    let rows = [
        ("06029", "1", "", "RUE", "X", ""),
        ("06029", "", "", "RUE", "X", ""),
        ("06029", "1", "", "RUE", "X", ""),
        ("06029", "", "", "", "1 RUE X", "2 rue Y"),
    ];
    let mut many = Normalizer::new();
    for (d, n, i, t, v, c) in rows {
        assert_eq!(*many.key(d, n, i, t, v, c), key(d, n, i, t, v, c));
    }
}

#[test]
fn a_number_is_read_behind_its_mark_its_building_or_in_words() {
    let of = |numvoie: &str| key("73065", numvoie, "", "RUE", "DES LILAS", "").key;
    for written in ["N°12", "n° 12", "Nº 12", "No 12", "№12", "bât A 12", "douze", "１２", "12.0", "N°. 12"]
    {
        assert_eq!(of(written), "73065:12:-:RUE DES LILAS", "{written}");
    }
    assert_eq!(of("douze bis"), "73065:12:BIS:RUE DES LILAS");
    assert_eq!(of("quatre-vingt-douze"), "73065:92:-:RUE DES LILAS");
    for none in ["sans", "N", "NO", "BAT A", "lot deux"] {
        assert_eq!(of(none), "73065:0:-:RUE DES LILAS", "{none}");
    }
}

#[test]
fn a_number_that_stands_in_the_street_leaves_its_name() {
    let of = |street: &str| key("73065", "", "", "", street, "").key;
    for street in [
        "N°12 RUE DES LILAS",
        "BAT A 12 RUE DES LILAS",
        "RUE DES LILAS N°12",
        "RUE DES LILAS, 12",
        "rue des lilas , n° 12",
    ] {
        assert_eq!(of(street), "73065:12:-:RUE DES LILAS", "{street}");
    }
    for (street, name) in [
        ("RUE DU 8 MAI 1945", "RUE DU 8 MAI 1945"),
        ("ROUTE NATIONALE 7", "ROUTE NATIONALE 7"),
        ("N 12", "N 12"),
        ("PLACE DU 14 JUILLET", "PLACE DU 14 JUILLET"),
    ] {
        assert_eq!(of(street), format!("73065:0:-:{name}"), "{street}");
    }
    assert_eq!(key("73065", "", "", "RUE", "des chê\u{ad}nes", "").key, "73065:0:-:RUE DES CHENES");
}
