//! The interface as the web application knows it is the interface as the code has it.
//! `UPDATE=1` writes the file instead of comparing.

use std::path::Path;

#[test]
fn the_document_of_the_web_application_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/src/api/openapi.json");
    let mut now = mosaique::server::document().to_pretty_json().unwrap();
    now.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &now).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = now.lines().zip(kept.lines()).position(|(a, b)| a != b).unwrap_or(kept.lines().count());
    assert!(
        now == kept,
        "web/src/api/openapi.json differs from line {}: run `UPDATE=1 cargo test --test openapi`, then `npm \
            run api` in web/",
        differs + 1
    );
}
