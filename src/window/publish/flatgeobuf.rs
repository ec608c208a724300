//! FlatGeobuf 3: one feature after another with an index of their boxes, so that a program reads a part of
//! the file only.
//!
//! Written from the tables of the crate rather than by its writer, which gives a zone without a place an
//! empty one: readers then lose the line. Here it has none, and as an index cannot hold it, the file then
//! has no index.

use flatbuffers::FlatBufferBuilder;
use flatgeobuf::packed_r_tree::{NodeItem, PackedRTree, calc_extent, hilbert_sort};
use flatgeobuf::{
    Column as Declared, ColumnArgs, ColumnType, Crs, CrsArgs, Feature, FeatureArgs, Geometry, GeometryArgs,
    GeometryType, Header, HeaderArgs,
};
use geo::Polygon;

use super::table::{Cell, Column, Kind, Place, Row, Table, columns};
use super::{PublishError, about, name, shape};

/// « fgb », version 3.
const MAGIC: [u8; 8] = [b'f', b'g', b'b', 3, b'f', b'g', b'b', 0];

/// # Errors
/// It cannot be written.
pub fn write(table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
    let columns = columns(&table.indicators);
    let mut features = Vec::with_capacity(table.rows.len());
    let mut nodes = Vec::with_capacity(table.rows.len());
    for (row, number) in table.rows.iter().zip(0..) {
        features.push(feature(row, &columns, table)?);
        if let Some([w, s, e, n]) = row.place.as_ref().and_then(shape::bounds) {
            let mut node = NodeItem::bounds(w, s, e, n);
            node.offset = number;
            nodes.push(node);
        }
    }
    let extent = calc_extent(&nodes);
    let indexed = !nodes.is_empty() && nodes.len() == features.len();
    let mut out = MAGIC.to_vec();
    out.extend(header(table, &columns, indexed.then_some(&extent)));
    if indexed {
        hilbert_sort(&mut nodes, &extent);
        let mut at = 0;
        let placed: Vec<NodeItem> = nodes
            .iter()
            .map(|node| {
                let mut placed = node.clone();
                placed.offset = at;
                at += features[node.offset as usize].len() as u64;
                placed
            })
            .collect();
        PackedRTree::build(&placed, &extent, PackedRTree::DEFAULT_NODE_SIZE)?.stream_write(&mut out)?;
        nodes.iter().for_each(|node| out.extend(&features[node.offset as usize]));
    } else {
        features.iter().for_each(|f| out.extend(f));
    }
    Ok(out)
}

fn header(table: &Table<'_>, columns: &[Column], extent: Option<&NodeItem>) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let declared: Vec<_> = columns
        .iter()
        .map(|c| {
            let args = ColumnArgs {
                name: Some(fbb.create_string(&c.name)),
                type_: match c.kind {
                    Kind::Text => ColumnType::String,
                    Kind::Whole => ColumnType::Long,
                    Kind::Number => ColumnType::Double,
                },
                title: Some(fbb.create_string(&c.title)),
                description: Some(fbb.create_string(&c.description)),
                metadata: Some(fbb.create_string(&serde_json::json!({"droits": c.droit().nom}).to_string())),
                ..ColumnArgs::default()
            };
            Declared::create(&mut fbb, &args)
        })
        .collect();
    let points = table.rows.iter().any(|r| matches!(r.place, Some(Place::Point(_))));
    let crs = CrsArgs {
        org: Some(fbb.create_string("EPSG")),
        code: 4326,
        name: Some(fbb.create_string("WGS 84")),
        ..CrsArgs::default()
    };
    let args = HeaderArgs {
        name: Some(fbb.create_string(&name::stem(table))),
        envelope: extent.map(|e| fbb.create_vector(&[e.min_x, e.min_y, e.max_x, e.max_y])),
        geometry_type: if points { GeometryType::Point } else { GeometryType::MultiPolygon },
        columns: Some(fbb.create_vector(&declared)),
        features_count: table.rows.len() as u64,
        index_node_size: if extent.is_some() { PackedRTree::DEFAULT_NODE_SIZE } else { 0 },
        crs: Some(Crs::create(&mut fbb, &crs)),
        title: Some(fbb.create_string(&table.title())),
        metadata: Some(fbb.create_string(&about::json(table, columns).to_string())),
        ..HeaderArgs::default()
    };
    let header = Header::create(&mut fbb, &args);
    fbb.finish_size_prefixed(header, None);
    fbb.finished_data().to_vec()
}

fn feature(row: &Row<'_>, columns: &[Column], table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
    let mut fbb = FlatBufferBuilder::new();
    let geometry = row.place.as_ref().map(|p| match p {
        Place::Point(at) => {
            let xy = Some(fbb.create_vector(at));
            Geometry::create(&mut fbb, &GeometryArgs { xy, type_: GeometryType::Point, ..Default::default() })
        }
        Place::Area(area) => {
            let parts: Vec<_> = area.0.iter().map(|p| polygon(&mut fbb, p)).collect();
            let parts = Some(fbb.create_vector(&parts));
            let type_ = GeometryType::MultiPolygon;
            Geometry::create(&mut fbb, &GeometryArgs { parts, type_, ..Default::default() })
        }
    });
    let properties = properties(row, columns, table)?;
    let properties = Some(fbb.create_vector(&properties));
    let feature = Feature::create(&mut fbb, &FeatureArgs { geometry, properties, columns: None });
    fbb.finish_size_prefixed(feature, None);
    Ok(fbb.finished_data().to_vec())
}

fn polygon<'a>(
    fbb: &mut FlatBufferBuilder<'a>,
    polygon: &Polygon<f64>,
) -> flatbuffers::WIPOffset<Geometry<'a>> {
    let mut xy = Vec::new();
    let mut ends: Vec<u32> = Vec::new();
    for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
        xy.extend(ring.0.iter().flat_map(|c| [c.x, c.y]));
        ends.push(u32::try_from(xy.len() / 2).unwrap_or(u32::MAX));
    }
    let args = GeometryArgs {
        xy: Some(fbb.create_vector(&xy)),
        // One ring ends where its points end.
        ends: (ends.len() > 1).then(|| fbb.create_vector(&ends)),
        type_: GeometryType::Polygon,
        ..Default::default()
    };
    Geometry::create(fbb, &args)
}

/// Number and value of each column that is not empty.
fn properties(row: &Row<'_>, columns: &[Column], table: &Table<'_>) -> Result<Vec<u8>, PublishError> {
    let mut out = Vec::new();
    for (column, number) in columns.iter().zip(0_u16..) {
        match column.cell(row, table.millesime, table.vague) {
            Cell::Text(t) => text(&mut out, number, t)?,
            Cell::Badge(letter) => text(&mut out, number, &letter.to_string())?,
            Cell::Whole(n) => {
                let n = i64::try_from(n).map_err(std::io::Error::other)?;
                put(&mut out, number, &n.to_le_bytes());
            }
            Cell::Number(n) => put(&mut out, number, &n.to_le_bytes()),
            Cell::Empty => {}
        }
    }
    Ok(out)
}

fn put(out: &mut Vec<u8>, column: u16, bytes: &[u8]) {
    out.extend(column.to_le_bytes());
    out.extend(bytes);
}

fn text(out: &mut Vec<u8>, column: u16, text: &str) -> Result<(), PublishError> {
    let length = u32::try_from(text.len()).map_err(std::io::Error::other)?;
    put(out, column, &length.to_le_bytes());
    out.extend(text.as_bytes());
    Ok(())
}
