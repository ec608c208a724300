//! Pages of this interface, for who opens one of its addresses in a browser.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::ROOT;
use super::id::Collection;
use crate::french::{self, thousands};
use crate::publish::Row;
use crate::publish::table::{Cell, Column};
use crate::server::edge::base::Base;

const STYLE: &str = "
body{font:16px/1.5 'Source Sans 3',system-ui,sans-serif;color:#1c2430;
  max-width:60rem;margin:2.5rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}a{color:#1f4e8c}
nav{color:#5a6472;margin-bottom:1.5rem}code{background:#eef1f5;padding:.1em .35em;border-radius:3px}
code{overflow-wrap:anywhere}table{border-collapse:collapse;font-size:.875rem}
th,td{padding:.3rem .6rem;border-bottom:1px solid #d9dee6;text-align:left;white-space:nowrap}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}.quiet{color:#5a6472}li{margin:.2rem 0}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn page(title: &str, body: &str) -> Response {
    let title = escaped(title);
    let text = format!(
        "<!doctype html><html lang=\"fr\"><head><meta charset=\"utf-8\"><title>{title} – mosaïque</title><meta name=\"viewport\" \
         content=\"width=device-width\"><style>{STYLE}</style></head><body><nav><a href=\"/\">mosaïque</a> · <a href=\"{ROOT}?f=html\">OGC API</a> · \
         <a href=\"{ROOT}/collections?f=html\">Collections</a></nav><h1>{title}</h1>{body}</body></html>"
    );
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], text).into_response()
}

/// The first page.
pub fn landing(base: &Base) -> Response {
    page(
        "Les chiffres dans vos logiciels de cartographie",
        &format!(
            "<p>Cette adresse donne les chiffres de mosaïque, zone par zone, à QGIS et aux autres logiciels qui lisent OGC API – Features : \
             <code>{}</code></p><ul><li><a href=\"{ROOT}/collections?f=html\">Les collections</a></li><li><a href=\"{ROOT}/api?f=html\">Comment s'y \
             connecter</a></li><li><a href=\"{ROOT}/api\">La description de l'interface (OpenAPI)</a></li><li><a \
             href=\"{ROOT}/conformance?f=html\">Ce à quoi elle se conforme</a></li></ul>",
            escaped(&base.join(ROOT))
        ),
    )
}

/// How programs connect.
pub fn clients(base: &Base) -> Response {
    let address = escaped(&base.join(ROOT));
    page(
        "Comment se connecter",
        &format!(
            "<p>Un jeton se crée dans « Mon organisme » ; il se donne comme mot de passe, sous n'importe quel nom \
             d'utilisateur. Sans jeton, on lit ce qui est
             public.</p><h2>QGIS</h2><p>Couche, Ajouter une couche, \
             « WFS / OGC API – Features », Nouveau. Adresse : <code>{address}</code>. Authentification : \
             Configuration, +, « Basic authentication », nom <code>jeton</code>, mot de passe : le jeton. \
             Version : OGC API – Features.</p><h2>GDAL</h2><p><code>ogrinfo --config GDAL_HTTP_USERPWD jeton:… \
             OAPIF:{address}</code></p><h2>Un tableur</h2><p><code>{}</code> donne un classeur.</p>",
            escaped(&base.join("/api/export?echelle=commune&format=xlsx"))
        ),
    )
}

/// A page of links: address and words.
pub fn list(title: &str, links: impl IntoIterator<Item = (String, String)>) -> Response {
    let items: String = links
        .into_iter()
        .map(|(href, words)| format!("<li><a href=\"{}\">{}</a></li>", escaped(&href), escaped(&words)))
        .collect();
    page(title, &format!("<ul>{items}</ul>"))
}

/// One collection.
pub fn collection(base: &Base, collection: &Collection) -> Response {
    let id = escaped(&collection.id());
    let at = format!("{ROOT}/collections/{id}");
    page(
        &collection.title(),
        &format!(
            "<p>Une entité par zone. Un chiffre secret est nul ; la propriété « …_statut » dit pourquoi.</p><ul><li><a \
             href=\"{at}/items?f=html\">Les entités en tableau</a></li><li><a href=\"{at}/items\">Les entités en GeoJSON</a></li><li><a \
             href=\"{at}/schema\">Les propriétés, leur type et leur définition</a></li></ul><p class=\"quiet\">Nom de la collection : \
             <code>{id}</code> dans <code>{}</code></p>",
            escaped(&base.join(ROOT))
        ),
    )
}

/// Features in a table.
pub fn items(
    collection: &Collection,
    columns: &[Column],
    rows: &[Row<'_>],
    matched: usize,
    offset: usize,
) -> Response {
    let meta = collection.loaded.meta();
    let shown: Vec<&Column> = columns.iter().filter(|c| !c.name.ends_with("_statut")).collect();
    let head: String =
        shown.iter().map(|c| format!("<th scope=\"col\">{}</th>", escaped(&c.title))).collect();
    let cell = |c: &Column, row: &Row<'_>| match c.cell(row, meta.millesime, meta.vague) {
        Cell::Text(text) => format!("<td>{}</td>", escaped(text)),
        Cell::Badge(letter) => format!("<td>{letter}</td>"),
        Cell::Whole(n) => format!("<td class=\"n\">{n}</td>"),
        Cell::Number(n) => format!("<td class=\"n\">{}</td>", french::cell(n)),
        Cell::Empty => {
            let twin = format!("{}_statut", c.name);
            let said = columns.iter().find(|t| t.name == twin);
            match said.map(|t| t.cell(row, meta.millesime, meta.vague)) {
                Some(Cell::Text(word)) => format!("<td class=\"n quiet\">{word}</td>"),
                _ => "<td></td>".to_owned(),
            }
        }
    };
    let body: String = rows
        .iter()
        .map(|r| format!("<tr>{}</tr>", shown.iter().map(|c| cell(c, r)).collect::<String>()))
        .collect();
    let [first, last, all] = [offset + 1, offset + rows.len(), matched].map(|n| thousands(n as u64));
    let count = format!("Entités {first} à {last} sur {all}.");
    let next = offset + rows.len();
    let id = escaped(&collection.id());
    let more = if next < matched {
        format!("<p><a href=\"{ROOT}/collections/{id}/items?f=html&amp;offset={next}\">Suivantes</a></p>")
    } else {
        String::new()
    };
    page(
        &collection.title(),
        &format!(
            "<p class=\"quiet\">{count}</p><div class=\"wide\"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}"
        ),
    )
}
