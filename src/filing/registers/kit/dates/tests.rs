//! Days in every form that files have shown.

use super::*;

#[test]
fn dates_are_read_in_every_french_form() {
    for (cell, want) in [
        ("2019-03", (201_903, None)),
        ("2019-03-15", (201_903, Some(20_190_315))),
        ("15/03/2019", (201_903, Some(20_190_315))),
        ("03/2019", (201_903, None)),
        ("201903", (201_903, None)),
        ("032019", (201_903, None)),
        ("20190315", (201_903, Some(20_190_315))),
        ("01032019", (201_903, Some(20_190_301))),
        ("1032019", (201_903, Some(20_190_301))),
        ("201903.0", (201_903, None)),
        ("20190315,0", (201_903, Some(20_190_315))),
        ("mars-19", (201_903, None)),
        ("Mars 2019", (201_903, None)),
        ("févr.-87", (198_702, None)),
        ("janv.-20", (202_001, None)),
        ("août 2005", (200_508, None)),
        ("2019-03-15 00:00:00", (201_903, Some(20_190_315))),
        ("2019-03-15T08:00", (201_903, Some(20_190_315))),
        ("2019-03-15T08:00:00Z", (201_903, Some(20_190_315))),
        ("15/03/2019 8h30", (201_903, Some(20_190_315))),
        ("1/3/19", (201_903, Some(20_190_301))),
        ("15 mars 2019", (201_903, Some(20_190_315))),
        ("1er mars 2019", (201_903, Some(20_190_301))),
        ("vendredi 15 mars 2019", (201_903, Some(20_190_315))),
        ("mar. 5 mars 2019", (201_903, Some(20_190_305))),
        ("Mar 15 2019 12:00AM", (201_903, Some(20_190_315))),
        ("15-MAR-19", (201_903, Some(20_190_315))),
        ("2019-Mar-15", (201_903, Some(20_190_315))),
        ("juin 2020", (202_006, None)),
        ("43539", (201_903, Some(20_190_315))),
        ("43539.0", (201_903, Some(20_190_315))),
        ("43539,75", (201_903, Some(20_190_315))),
        ("3/15/2019", (201_903, Some(20_190_315))),
    ] {
        let got = date(cell.as_bytes()).unwrap_or_else(|_| panic!("{cell}"));
        assert_eq!((got.yyyymm(), got.yyyymmdd()), want, "{cell}");
    }
    for cell in [
        "2019-13",
        "31/02/2019",
        "2019",
        "abc",
        "",
        "30/02/19",
        "19",
        "é-19",
        "2019-03-15-01",
        "ab/2019",
        "19-mars",
        "03/19",
        "99999",
        "1.5",
        "0",
        "12 rue de mars",
    ] {
        assert_eq!(date(cell.as_bytes()), Err(Unreadable), "{cell}");
    }
}

fn seen(cells: &[&str]) -> Seen {
    let mut seen = Seen::default();
    cells.iter().for_each(|c| seen.see(c.as_bytes()));
    seen
}

#[test]
fn the_column_says_whether_the_month_comes_first() {
    assert_eq!(seen(&["01/03/2019", "15/03/2019"]).order(), Order::DayFirst);
    assert_eq!(seen(&["3/1/2019 12:00:00 AM"]).order(), Order::MonthFirst);
    assert_eq!(seen(&["3/1/2019", "3/15/2019"]).order(), Order::MonthFirst);
    assert_eq!(seen(&["15/3/2019 12:00:00 AM", "1/3/2019 12:00:00 AM"]).order(), Order::DayFirstAlways);
    assert_eq!(seen(&["3/1/2019 12:00:00 AM", "25/03/2019", "5/6/2019"]).order(), Order::Unsure);
    let firsts = ["01/03/2019", "01/06/2019", "01/11/2018", "01/07/2020", "3/25/2019"];
    assert_eq!(seen(&firsts).order(), Order::Unsure, "firsts of months, and one American day");
    assert_eq!(
        seen(&["1/3/2019", "1/6/2019", "1/9/2019", "1/7/2019", "6/1/2019", "3/25/2019"]).order(),
        Order::MonthFirst,
        "January's days"
    );
    assert_eq!(seen(&["3/15/2019", "15/3/2019"]).order(), Order::Unsure);
    let us = |c: &str| read(c.as_bytes(), Order::MonthFirst, false).map(|(d, w)| (d.yyyymm(), w));
    assert_eq!(us("3/1/2019 12:00:00 AM"), Ok((201_903, Written::Month1st)));
    assert_eq!(us("15/03/2019"), Ok((201_903, Written::Plainly)));
    let unsure = |c: &str| read(c.as_bytes(), Order::Unsure, false).map(|(d, _)| d.yyyymm());
    assert_eq!(unsure("3/1/2019"), Err(Doubt::TwoWays));
    assert_eq!(unsure("3/3/2019"), Ok(201_903));
    assert_eq!(unsure("3/1/2019 12:00:00 AM"), Ok(201_903), "AM is of one order");
    let french = |c: &str| read(c.as_bytes(), Order::DayFirst, false).map(|(d, _)| d.yyyymm());
    assert_eq!(french("4/1/2024 12:00:00 AM"), Ok(202_404));
    let always = |c: &str| read(c.as_bytes(), Order::DayFirstAlways, false).map(|(d, _)| d.yyyymm());
    assert_eq!(always("4/1/2024 12:00:00 AM"), Ok(202_401));
}

#[test]
fn a_column_whose_first_pairs_are_no_days_begins_with_the_year() {
    let sas = seen(&["19-07-01", "98-03-01", "05-12-31"]);
    assert_eq!(sas.order(), Order::YearFirst);
    let of = |c: &str| read(c.as_bytes(), Order::YearFirst, false).map(|(d, _)| d.yyyymmdd().unwrap());
    assert_eq!(
        (of("19-07-01"), of("98-03-01"), of("2019-07-01")),
        (Ok(20_190_701), Ok(19_980_301), Ok(20_190_701))
    );
    assert_eq!(seen(&["01/07/19", "01/03/98"]).order(), Order::DayFirst);
    assert_eq!(seen(&["98/03/01", "01/03/98"]).order(), Order::Unsure);
}

#[test]
fn days_that_a_french_spreadsheet_took_from_american_texts_are_not_believed() {
    let swapped = seen(&["2024-01-04", "04/25/2024", "2024-12-03"]);
    assert_eq!(swapped.order(), Order::Exchanged);
    let of = |c: &str| read(c.as_bytes(), Order::Exchanged, false).map(|(d, _)| d.yyyymmdd().unwrap());
    assert_eq!((of("2024-01-04"), of("04/25/2024")), (Err(Doubt::TwoWays), Ok(20_240_425)));
    assert_eq!((of("2024-03-03"), of("2024-01-04 00:00:00")), (Ok(20_240_303), Err(Doubt::TwoWays)));
    assert_eq!(seen(&["2024-01-04", "04/25/2024", "2024-12-23"]).order(), Order::MonthFirst);
    assert_eq!(seen(&["2024-01-04", "25/04/2024"]).order(), Order::DayFirst);
}

#[test]
fn a_house_number_that_became_a_date_is_told() {
    for cell in ["2024-02-01", "2024-02-01 00:00:00", "01/02/2024", "02-janv", "janv-02", "2-Jan"] {
        assert!(stands_for_another(cell.as_bytes()), "{cell}");
    }
    for cell in ["12", "1-2", "8/10", "12 bis", "43811", "12-14-16", "3.0", "MAR", "B-12", "mai", "6020-2"] {
        assert!(!stands_for_another(cell.as_bytes()), "{cell}");
    }
}

#[test]
fn a_day_that_programs_write_for_none_is_none() {
    let french = |c: &str| read(c.as_bytes(), Order::DayFirst, false).map(|(d, _)| d.yyyymm());
    for cell in [
        "31/12/9999",
        "9999-12-31 00:00:00",
        "01/01/1900",
        "1900-01-01",
        "30/12/1899",
        "01/01/0001",
        "99991231",
        "01/1900",
        "12/1899",
    ] {
        assert_eq!(french(cell), Err(Doubt::Filler), "{cell}");
    }
    assert_eq!(french("02/01/1900"), Ok(190_001));
    assert_eq!(
        (french("janv-00"), french("janv-2000"), french("1 janv-00")),
        (Err(Doubt::TwoWays), Ok(200_001), Ok(200_001))
    );
}

#[test]
fn five_digits_are_days_unless_the_column_has_months_and_years() {
    let s = seen(&["122019", "32019"]);
    assert!(s.month_years());
    assert_eq!(read(b"32019", Order::DayFirst, true), Err(Doubt::TwoWays));
    assert_eq!(read(b"12019", Order::DayFirst, true).map(|(d, _)| d.yyyymm()), Ok(201_901));
    assert!(!seen(&["43525", "32019", "201903"]).month_years());
}
