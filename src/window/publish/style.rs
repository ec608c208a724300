//! What a layer of figures is drawn by, and its style for QGIS: classes of the first figure, secrets
//! hatched, names of columns in words.

use std::fmt::Write;

use super::classes::{Class, breaks, named};
use super::table::{Cell, Column, Place, Table};

/// From light to dark, readable without telling colours apart.
pub(super) const COLOURS: [&str; 5] =
    ["237,248,251", "179,205,227", "140,150,198", "136,86,167", "129,15,124"];
pub(super) const NONE: &str = "225,225,225";

/// The style, as QGIS keeps it in a GeoPackage.
#[must_use]
pub fn qml(table: &Table<'_>, columns: &[Column]) -> String {
    let mut out = String::from(
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n<qgis version=\"3.22\" \
         styleCategories=\"Symbology|Fields\">\n",
    );
    if let Some((column, classes)) = classes(table, columns) {
        rules(&mut out, table, column, &classes);
    }
    out.push_str("<aliases>\n");
    for c in columns {
        let _ = writeln!(out, "<alias field=\"{}\" name=\"{}\" index=\"\"/>", c.name, escaped(&c.title));
    }
    out.push_str("</aliases>\n</qgis>\n");
    out
}

/// The first share that falls into classes, else the first figure.
fn shown<'c>(table: &Table<'_>, columns: &'c [Column]) -> Option<&'c Column> {
    let figures = || columns.iter().filter(|c| c.is_figure());
    figures()
        .find(|c| c.unit.as_deref() == Some("%") && !breaks(values(table, c)).is_empty())
        .or_else(|| figures().next())
}

fn values(table: &Table<'_>, column: &Column) -> Vec<f64> {
    let cells = table.rows.iter().map(|r| column.cell(r, table.millesime, table.vague));
    cells
        .filter_map(|c| match c {
            Cell::Number(n) => Some(n),
            _ => None,
        })
        .collect()
}

/// What is drawn, in classes; None for a table without figures.
pub(super) fn classes<'c>(table: &Table<'_>, columns: &'c [Column]) -> Option<(&'c Column, Vec<Class>)> {
    let column = shown(table, columns)?;
    let cuts = breaks(values(table, column));
    Some((column, named(&cuts, column.unit.as_deref().unwrap_or_default())))
}

/// Colour of a class: they are spread over the colours, the lowest and the highest at the ends.
pub(super) fn colour(class: usize, classes: usize) -> &'static str {
    COLOURS[class * (COLOURS.len() - 1) / (classes - 1).max(1)]
}

/// Whether zones are points.
pub(super) fn points(table: &Table<'_>) -> bool {
    matches!(table.rows.iter().find_map(|r| r.place.as_ref()), Some(Place::Point(_)))
}

/// Rules after the classes: status, label.
pub(super) const WITHOUT: [(&str, &str); 2] = [("secret", "secret statistique"), ("absent", "pas de valeur")];

fn rules(out: &mut String, table: &Table<'_>, column: &Column, classes: &[Class]) {
    let id = &column.name;
    let mut rules: Vec<(String, String)> = classes
        .iter()
        .map(|c| {
            let filter = match (c.low, c.high) {
                (None, None) => format!("\"{id}\" IS NOT NULL"),
                (None, Some(b)) => format!("\"{id}\" < {b}"),
                (Some(a), None) => format!("\"{id}\" >= {a}"),
                (Some(a), Some(b)) => format!("\"{id}\" >= {a} AND \"{id}\" < {b}"),
            };
            (filter, c.label.clone())
        })
        .collect();
    let classes = rules.len();
    rules.extend(WITHOUT.map(|(status, label)| (format!("\"{id}_statut\" = '{status}'"), label.to_owned())));
    out.push_str(
        "<renderer-v2 type=\"RuleRenderer\" symbollevels=\"0\" enableorderby=\"0\" forceraster=\"0\">\n",
    );
    let _ = writeln!(out, "<rules key=\"r\">");
    for (i, (filter, label)) in rules.iter().enumerate() {
        let (filter, label) = (escaped(filter), escaped(label));
        let _ = writeln!(out, "<rule key=\"r{i}\" symbol=\"{i}\" filter=\"{filter}\" label=\"{label}\"/>");
    }
    out.push_str("</rules>\n<symbols>\n");
    let points = points(table);
    for i in 0..rules.len() {
        let colour = if i < classes { colour(i, classes) } else { NONE };
        let hatched = i == classes;
        let _ = writeln!(out, "{}", symbol(i, colour, points, hatched));
    }
    out.push_str("</symbols>\n</renderer-v2>\n");
}

fn symbol(name: usize, colour: &str, points: bool, hatched: bool) -> String {
    let (kind, class, own) = if points {
        ("marker", "SimpleMarker", "<prop k=\"name\" v=\"circle\"/><prop k=\"size\" v=\"2.4\"/>".to_owned())
    } else {
        let style = if hatched { "b_diagonal" } else { "solid" };
        ("fill", "SimpleFill", format!("<prop k=\"style\" v=\"{style}\"/>"))
    };
    let colour = if hatched { "140,140,140" } else { colour };
    format!(
        "<symbol type=\"{kind}\" name=\"{name}\" alpha=\"1\" force_rhr=\"0\" clip_to_extent=\"1\"><layer class=\"{class}\" enabled=\"1\" \
         pass=\"0\" locked=\"0\"><prop k=\"color\" v=\"{colour},255\"/><prop k=\"outline_color\" v=\"110,110,110,255\"/><prop \
         k=\"outline_width\" v=\"0.15\"/>{own}</layer></symbol>"
    )
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
