//! `GET /api/catalogue.jsonld`: what is loaded, for catalogues of data (DCAT-AP 3.0.1).

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::desk::editions::App;
use crate::desk::params::Params;
use crate::desk::problem::Problem;
use crate::publish::Format;
use crate::reference::access::Class;
use crate::reference::publication::publication;
use crate::reference::scales;
use crate::server::api::figures::tiles;
use crate::server::api::ogc::id::{self, Collection};
use crate::server::auth::who::Who;
use crate::server::edge::base::Base;
use crate::server::edge::current::Current;

const KIND: &str = "application/ld+json";
/// Vocabularies of the Publications Office.
const AUTHORITY: &str = "http://publications.europa.eu/resource/authority";

/// Kinds of files as the Publications Office names them, for those that it names.
fn file_type(format: Format) -> Option<&'static str> {
    match format {
        Format::Xlsx => Some("XLSX"),
        Format::Csv => Some("CSV"),
        Format::Package => Some("ZIP"),
        Format::GeoJson => Some("GEOJSON"),
        Format::GeoPackage => Some("GPKG"),
        Format::GeoParquet => Some("PARQUET"),
        Format::FlatGeobuf | Format::PmTiles => None,
    }
}

/// Ce qui est chargé, pour un catalogue de données
///
/// DCAT-AP 3.0.1 en JSON-LD : un jeu de données par échelle et par millésime qui vous sont ouverts, avec ses
/// fichiers, son interface, ses droits d'usage, son emprise et sa période.
#[utoipa::path(
    get, path = "/api/catalogue.jsonld", tag = "catalogue", operation_id = "catalogue_dcat",
    responses((status = OK, description = "Le catalogue (DCAT-AP 3.0.1)", body = Value, content_type = "application/ld+json"))
)]
pub async fn catalogue(
    Current(app): Current,
    Who(visitor): Who,
    base: Base,
    params: Params,
) -> Result<Response, Problem> {
    params.finish()?;
    let collections = id::all(&app, &visitor.person);
    let text = document(&app, &base, &collections).to_string();
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(KIND))], text).into_response())
}

fn french(text: &str) -> Value {
    json!({"@language": "fr", "@value": text})
}

fn iri(text: &str) -> Value {
    json!({"@id": text})
}

fn language() -> Value {
    json!({"@id": format!("{AUTHORITY}/language/FRA"), "@type": "dct:LinguisticSystem"})
}

fn document(app: &App, base: &Base, collections: &[Collection]) -> Value {
    let publisher = json!({
        "@id": base.join("/api/catalogue.jsonld#editeur"), "@type": "foaf:Agent",
        "foaf:name": french("Exploitant de ce serveur mosaïque"),
    });
    let service = base.join("/api/catalogue.jsonld#service");
    let datasets: Vec<Value> = collections.iter().map(|c| dataset(base, c, &publisher["@id"])).collect();
    let invented = if app.demonstration { " Territoire fictif : ces chiffres sont inventés." } else { "" };
    json!({
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "dcatap": "http://data.europa.eu/r5r/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "skos": "http://www.w3.org/2004/02/skos/core#",
            "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
            "locn": "http://www.w3.org/ns/locn#",
            "geo": "http://www.opengis.net/ont/geosparql#",
        },
        "@id": base.join("/api/catalogue.jsonld"),
        "@type": "dcat:Catalog",
        "dct:title": french("mosaïque : occupation du parc social"),
        "dct:description": french(&format!(
            "Chiffres du parc social (RPLS) et de son occupation (OPS), par zone, sous le secret statistique.{invented}"
        )),
        "dct:publisher": publisher,
        "dct:language": language(),
        "foaf:homepage": {"@id": base.join("/"), "@type": "foaf:Document"},
        "dcat:service": {
            "@id": service, "@type": "dcat:DataService",
            "dct:title": french("OGC API – Features et Tiles"),
            "dct:description": french("Les mêmes chiffres, une collection par échelle et par millésime."),
            "dcat:endpointURL": iri(&base.join("/ogc")),
            "dcat:endpointDescription": iri(&base.join("/ogc/api")),
            "dct:conformsTo": {
                "@id": "http://www.opengis.net/spec/ogcapi-features-1/1.0", "@type": "dct:Standard",
            },
            "dcat:servesDataset": datasets.iter().map(|d| iri(d["@id"].as_str().unwrap_or_default())).collect::<Vec<_>>(),
        },
        "dcat:dataset": datasets,
    })
}

fn dataset(base: &Base, collection: &Collection, publisher: &Value) -> Value {
    let at = base.join(&format!("/ogc/collections/{}", collection.id()));
    let meta = collection.loaded.meta();
    let scale = scales::scale(&collection.echelle);
    let [w, s, e, n] = tiles::extent(&collection.loaded, &collection.echelle);
    let ring = format!("POLYGON (({w} {s}, {e} {s}, {e} {n}, {w} {n}, {w} {s}))");
    let rights: Vec<String> =
        publication().droits.iter().map(|d| format!("{} : {}", d.source, d.licence)).collect();
    let open = matches!(scale.acces, Class::Large | Class::Proche);
    let level = if open { "NON_PUBLIC" } else { "RESTRICTED" };
    let mapped = tiles::known(&collection.loaded, &collection.echelle).is_ok();
    let files = Format::ALL
        .iter()
        .filter(|(_, format)| mapped || !format.is_map())
        .map(|(id, format)| distribution(base, collection, id, *format, &rights));
    let items = json!({
        "@id": format!("{at}#ogc"), "@type": "dcat:Distribution",
        "dct:title": french("OGC API – Features"),
        "dcat:accessURL": iri(&format!("{at}/items")),
        "dcat:accessService": iri(&base.join("/api/catalogue.jsonld#service")),
        "dcat:mediaType": media("application/geo+json"),
        "dct:format": format_of("GEOJSON"),
        "dct:rights": statement(&rights),
    });
    let mut keywords = vec![french("logement social"), french("RPLS"), french(&collection.libelle)];
    if meta.vague.is_some() {
        keywords.extend([french("OPS"), french("occupation du parc social")]);
    }
    json!({
        "@id": at, "@type": "dcat:Dataset",
        "dct:identifier": collection.id(),
        "dct:title": french(&collection.title()),
        "dct:description": french(
            "Une ligne par zone : logements et, où vos droits et le secret le permettent, ménages. Un chiffre secret est vide, jamais zéro ; \
             la colonne « …_statut » dit pourquoi."
        ),
        "dct:publisher": {"@id": publisher},
        "dct:language": language(),
        "dct:accessRights": {"@id": format!("{AUTHORITY}/access-right/{level}"), "@type": "dct:RightsStatement"},
        "dcat:theme": [{
            "@id": format!("{AUTHORITY}/data-theme/SOCI"), "@type": "skos:Concept",
            "skos:prefLabel": french("Population et société"),
        }],
        "dcat:keyword": keywords,
        "dct:spatial": {
            "@type": "dct:Location",
            "dcat:bbox": {"@type": "geo:wktLiteral", "@value": ring},
        },
        // The register is of the first of January; the survey of the same year.
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@type": "xsd:date", "@value": format!("{}-01-01", meta.millesime)},
            "dcat:endDate": {
                "@type": "xsd:date",
                "@value": meta.vague.map_or(format!("{}-01-01", meta.millesime), |v| format!("{v}-12-31")),
            },
        },
        "dcat:landingPage": {"@id": format!("{at}?f=html"), "@type": "foaf:Document"},
        "dcat:distribution": files.chain([items]).collect::<Vec<_>>(),
    })
}

fn distribution(base: &Base, collection: &Collection, id: &str, format: Format, rights: &[String]) -> Value {
    let year = collection.loaded.meta().millesime;
    let address =
        base.join(&format!("/api/export?echelle={}&millesime={year}&format={id}", collection.echelle));
    let mut out = json!({
        "@id": address, "@type": "dcat:Distribution",
        "dct:title": french(&format!("{} ({id})", collection.title())),
        "dct:description": french("Avec un compte ou un jeton ; colonnes de droits différents : chaque fichier dit lesquels."),
        "dcat:accessURL": iri(&address),
        "dcat:downloadURL": iri(&address),
        "dcat:mediaType": media(format.media_type().split(';').next().unwrap_or_default()),
        "dct:rights": statement(rights),
    });
    if let Some(name) = file_type(format) {
        out["dct:format"] = format_of(name);
    }
    if format == Format::GeoParquet {
        let standard = "https://geoparquet.org/releases/v1.1.0/";
        out["dct:conformsTo"] = json!({"@id": standard, "@type": "dct:Standard"});
    }
    out
}

fn media(kind: &str) -> Value {
    json!({"@id": format!("http://www.iana.org/assignments/media-types/{kind}"), "@type": "dct:MediaType"})
}

fn format_of(name: &str) -> Value {
    json!({"@id": format!("{AUTHORITY}/file-type/{name}"), "@type": "dct:MediaTypeOrExtent"})
}

fn statement(rights: &[String]) -> Value {
    json!({"@type": "dct:RightsStatement", "rdfs:label": french(&rights.join(" "))})
}
