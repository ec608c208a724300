//! The same drawing as the style of QGIS, for other programs: SLD 1.1 with Symbology Encoding.

use std::fmt::Write;

use super::classes::Class;
use super::name::slug;
use super::style::{NONE, WITHOUT, classes, colour, escaped, points};
use super::table::{Column, Table};

/// The style, as a GeoPackage keeps it.
#[must_use]
pub fn sld(table: &Table<'_>, columns: &[Column]) -> String {
    let layer = slug(&table.title());
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<StyledLayerDescriptor xmlns=\"http://www.opengis.net/sld\" \
         xmlns:ogc=\"http://www.opengis.net/ogc\" xmlns:se=\"http://www.opengis.net/se\" version=\"1.1.0\">\n\
         <NamedLayer><se:Name>{layer}</se:Name><UserStyle><se:Name>{layer}</se:Name><se:FeatureTypeStyle>\n"
    );
    if let Some((column, classes)) = classes(table, columns) {
        let points = points(table);
        for (i, class) in classes.iter().enumerate() {
            rule(
                &mut out,
                &class.label,
                &within(&column.name, class),
                &symbol(colour(i, classes.len()), points),
            );
        }
        for (status, label) in WITHOUT {
            let filter = compare("PropertyIsEqualTo", &format!("{}_statut", column.name), status);
            rule(&mut out, label, &filter, &symbol(NONE, points));
        }
    }
    out.push_str("</se:FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>\n");
    out
}

fn rule(out: &mut String, label: &str, filter: &str, symbol: &str) {
    let label = escaped(label);
    let _ = writeln!(
        out,
        "<se:Rule><se:Name>{label}</se:Name><se:Description><se:Title>{label}</se:Title></se:Description>\
         <ogc:Filter>{filter}</ogc:Filter>{symbol}</se:Rule>"
    );
}

fn within(name: &str, class: &Class) -> String {
    let low = class.low.map(|v| compare("PropertyIsGreaterThanOrEqualTo", name, &v.to_string()));
    let high = class.high.map(|v| compare("PropertyIsLessThan", name, &v.to_string()));
    match (low, high) {
        (Some(low), Some(high)) => format!("<ogc:And>{low}{high}</ogc:And>"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => format!(
            "<ogc:Not><ogc:PropertyIsNull><ogc:PropertyName>{name}</ogc:PropertyName></ogc:PropertyIsNull></ogc:Not>"
        ),
    }
}

fn compare(how: &str, name: &str, value: &str) -> String {
    format!(
        "<ogc:{how}><ogc:PropertyName>{name}</ogc:PropertyName><ogc:Literal>{value}</ogc:Literal></ogc:{how}>"
    )
}

fn symbol(rgb: &str, points: bool) -> String {
    let hex: String =
        rgb.split(',').filter_map(|v| v.parse::<u8>().ok()).map(|v| format!("{v:02x}")).collect();
    let fill = format!("<se:Fill><se:SvgParameter name=\"fill\">#{hex}</se:SvgParameter></se:Fill>");
    let stroke = "<se:Stroke><se:SvgParameter name=\"stroke\">#6e6e6e</se:SvgParameter>\
                  <se:SvgParameter name=\"stroke-width\">0.5</se:SvgParameter></se:Stroke>";
    if points {
        format!(
            "<se:PointSymbolizer><se:Graphic><se:Mark><se:WellKnownName>circle</se:WellKnownName>{fill}{stroke}</se:Mark>\
             <se:Size>9</se:Size></se:Graphic></se:PointSymbolizer>"
        )
    } else {
        format!("<se:PolygonSymbolizer>{fill}{stroke}</se:PolygonSymbolizer>")
    }
}
