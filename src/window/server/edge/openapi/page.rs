//! The description of the interface as a page for people: no script, nothing from elsewhere.

use std::fmt::Write;

use serde_json::Value;

const STYLE: &str = include_str!("page.css");

/// The page of a document.
#[must_use]
pub fn page(document: &Value) -> String {
    let mut out = format!(
        "<!doctype html><html lang=\"fr\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Interface de programmation – mosaïque</title><style>{STYLE}</style></head><body>\
         <p><a href=\"/aide\">Aide</a></p><main><h1>Interface de programmation</h1><p>{}</p>\
         <p>Un jeton se crée dans « Mon organisme ». Il se donne \
         par <code>Authorization: Bearer …</code>, ou comme mot \
         de passe sous n'importe quel nom. Le document complet : <a href=\"/api/openapi.json\"><code>/api/openapi.json</code></a> (OpenAPI). \
         Les exemples viennent de vraies réponses sur un petit territoire inventé ; les listes y sont abrégées.</p>",
        said(&document["info"]["description"])
    );
    let tags = list(&document["tags"]);
    out.push_str("<nav aria-label=\"Groupes\"><ul>");
    for tag in tags {
        let name = said(&tag["name"]);
        let _ = write!(out, "<li><a href=\"#{name}\">{name}</a></li>");
    }
    out.push_str("</ul></nav>");
    for tag in tags {
        let name = said(&tag["name"]);
        let _ =
            write!(out, "<h2 id=\"{name}\">{name}</h2><p class=\"quiet\">{}</p>", said(&tag["description"]));
        for (path, method, operation) in operations(document) {
            if list(&operation["tags"]).contains(&tag["name"]) {
                one(&mut out, path, method, operation);
            }
        }
    }
    out.push_str("</main></body></html>");
    out
}

fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| item.as_object().into_iter().flatten().map(move |(m, o)| (path, m, o)))
}

fn one(out: &mut String, path: &str, method: &str, operation: &Value) {
    let id = said(&operation["operationId"]);
    let _ = write!(
        out,
        "<details id=\"op-{id}\"><summary><span class=\"m\">{}</span><code>{}</code><span>{}</span></summary>",
        escaped(&method.to_uppercase()),
        escaped(path),
        said(&operation["summary"])
    );
    if operation["deprecated"] == true {
        out.push_str("<p><strong>Ne plus employer : cette opération sera retirée.</strong></p>");
    }
    for part in operation["description"].as_str().unwrap_or_default().split("\n\n").filter(|p| !p.is_empty())
    {
        let _ = write!(out, "<p>{}</p>", coded(part));
    }
    let open =
        list(&operation["security"]).iter().any(|s| s.as_object().is_some_and(serde_json::Map::is_empty));
    let who = if open {
        "Sans compte, ou avec : la réponse suit vos droits."
    } else {
        "Avec un compte ou un jeton."
    };
    let _ = write!(out, "<p class=\"quiet\">{who}</p>");
    parameters(out, list(&operation["parameters"]));
    let example = &operation["x-exemple"];
    if let Some(address) = example["adresse"].as_str() {
        let mut line = format!("curl -u jeton:mq_… \"https://votre-serveur{address}\"");
        if !example["corps"].is_null() {
            let body = example["corps"].to_string().replace('\'', "'\\''");
            let _ = write!(line, " -H \"Content-Type: application/json\" -d '{body}'");
        }
        let _ = write!(out, "<p>Exemple :</p><pre tabindex=\"0\">{}</pre>", escaped(&line));
        let answer = match &example["reponse"] {
            Value::String(text) => text.clone(),
            value => serde_json::to_string_pretty(value).unwrap_or_default(),
        };
        let _ = write!(
            out,
            "<p>Réponse ({}) :</p><pre tabindex=\"0\">{}</pre>",
            said(&example["type"]),
            escaped(&answer)
        );
    }
    out.push_str("<div class=\"wide\"><table><caption class=\"quiet\">Réponses</caption><tbody>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let _ = write!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            escaped(status),
            coded_of(&response["description"])
        );
    }
    out.push_str("</tbody></table></div></details>");
}

fn parameters(out: &mut String, all: &[Value]) {
    if all.is_empty() {
        return;
    }
    out.push_str(
        "<div class=\"wide\"><table><thead><tr><th>Paramètre</th><th>Où</th><th>Ce que c'est</th></tr></thead><tbody>",
    );
    for p in all {
        let place = match p["in"].as_str() {
            Some("path") => "adresse",
            Some("header") => "en-tête",
            _ => "question",
        };
        let must = if p["required"] == true { ", obligatoire" } else { "" };
        let _ = write!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{place}{must}</td><td>{}</td></tr>",
            said(&p["name"]),
            coded_of(&p["description"])
        );
    }
    out.push_str("</tbody></table></div>");
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn said(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

fn coded_of(value: &Value) -> String {
    coded(value.as_str().unwrap_or_default())
}

/// What is between backquotes as code.
fn coded(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(i, part)| if i % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_described_is_shown_and_nothing_of_it_is_markup() {
        let document = json!({
            "info": {"description": "Des <b>chiffres</b>"},
            "tags": [{"name": "zones", "description": "Zones"}],
            "paths": {"/api/zones": {"get": {
                "operationId": "zones", "tags": ["zones"], "summary": "Zones d'une `échelle`", "security": [{}],
                "description": "Voir `echelle`.\n\nEt <script>.",
                "parameters": [{"name": "echelle", "in": "query", "required": true, "description": "`commune`"}],
                "responses": {"200": {"description": "La liste"}},
                "x-exemple": {"adresse": "/api/zones?echelle=commune", "type": "application/json", "reponse": {"zones": []}},
            }}},
        });
        let html = page(&document);
        for told in [
            "<code>/api/zones</code>",
            "question, obligatoire",
            "<code>echelle</code>",
            "&quot;zones&quot;",
            "Sans compte",
        ] {
            assert!(html.contains(told), "{told}: {html}");
        }
        assert!(!html.contains("<script") && !html.contains("<b>"));
    }
}
