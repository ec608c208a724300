//! How much of a file of zones is read, and of whom: counted while it is read, so that a file made to hurt is
//! refused before it has cost anything.

use std::collections::BTreeSet;
use std::time::Duration;

use super::attributes::{DBF_NAME, bare, key};
use super::effort::Effort;
use super::error::ZonesError;
use crate::reference::territory::Couche;
use crate::reference::zonage::{ZoneLimits, limits};

/// How much of a file is read before it is refused.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Once unpacked.
    pub bytes: u64,
    /// Zones of one layer.
    pub features: usize,
    /// Vertices of all zones.
    pub vertices: usize,
    /// Steps of judging contours, besides those that each vertex allows.
    pub steps: u64,
    /// Time for judging contours.
    pub time: Option<Duration>,
    /// The file comes from someone else: nothing that it has the reader run (a view of a GeoPackage).
    pub foreign: bool,
}

/// Steps that each vertex allows besides: about what a sound contour takes ten times over.
const STEPS_A_VERTEX: u64 = 200;

impl Bounds {
    /// Of a layer that the server's own people import: no layer of French zones comes near, a bomb does.
    #[must_use]
    pub fn layer() -> Self {
        let l = &limits().couche;
        Self {
            bytes: l.octets_decompresses_max,
            features: l.entites_max,
            vertices: l.sommets_max,
            steps: l.pas_max,
            time: None,
            foreign: false,
        }
    }

    /// Of a file of outlines that anyone sends.
    #[must_use]
    pub fn drawing(limits: &ZoneLimits) -> Self {
        let l = &limits.fichier;
        Self {
            bytes: l.octets_decompresses_max,
            features: limits.zones_max,
            vertices: l.sommets_max,
            steps: l.pas_max,
            time: Some(Duration::from_millis(l.duree_max_ms)),
            foreign: true,
        }
    }

    /// What judging the contours of a file may cost.
    #[must_use]
    pub fn effort(&self, vertices: usize) -> Effort {
        let own = if self.foreign { 0 } else { STEPS_A_VERTEX * vertices as u64 };
        Effort::new(self.steps + own, self.time)
    }

    /// Most bytes that a packed file of some size may give.
    #[must_use]
    pub fn unpacked(&self, packed: u64) -> u64 {
        let l = &limits().lecture;
        self.bytes.min(l.octets_sans_rapport.max(packed.saturating_mul(l.rapport_max)))
    }

    /// How the size is told.
    #[must_use]
    pub fn words(&self, most: u64) -> String {
        if most < self.bytes {
            return format!("plus de {} fois plus grand une fois décompressé", limits().lecture.rapport_max);
        }
        format!("plus de {} Mo une fois décompressé", self.bytes / 1_000_000)
    }
}

/// Counts what a file holds while it is read.
#[derive(Debug)]
pub struct Meter<'a> {
    pub bounds: &'a Bounds,
    file: String,
    /// Columns whose values are kept, by their key; the others are only named.
    wanted: BTreeSet<String>,
    /// Those of the codes.
    codes: BTreeSet<String>,
    /// Parts of names of columns that may be the layer's.
    motifs: Vec<String>,
    features: usize,
    vertices: usize,
    /// Lists of vertices, which cost something even when they are empty.
    lists: usize,
}

impl<'a> Meter<'a> {
    #[must_use]
    pub fn new(file: &str, couche: &Couche, bounds: &'a Bounds) -> Self {
        let columns = [
            &couche.code,
            &couche.code_partiel,
            &couche.nom,
            &couche.commune,
            &couche.epci,
            &couche.departement,
        ];
        let wanted = columns.into_iter().flatten().map(|c| key(c)).collect();
        let codes = couche.code.iter().chain(&couche.code_partiel).map(|c| key(c)).collect();
        let motifs = couche.motifs.clone();
        Self { bounds, file: file.to_owned(), wanted, codes, motifs, features: 0, vertices: 0, lists: 0 }
    }

    /// True for a column that the layer may use.
    #[must_use]
    pub fn wants(&self, column: &str) -> bool {
        let name = key(bare(column));
        let cut = || column.len() == DBF_NAME && self.wanted.iter().any(|w| w.starts_with(&name));
        self.wanted.contains(&name) || self.motifs.iter().any(|m| name.contains(m.as_str())) || cut()
    }

    /// Keys of the columns that have the codes of the layer.
    #[must_use]
    pub fn code_names(&self) -> BTreeSet<String> {
        self.codes.clone()
    }

    #[must_use]
    pub fn vertices_read(&self) -> usize {
        self.vertices
    }

    /// # Errors
    /// The file has more zones than it may.
    pub fn feature(&mut self) -> Result<(), ZonesError> {
        self.announced(1)?;
        self.features += 1;
        Ok(())
    }

    /// As many more zones as a header announces.
    ///
    /// # Errors
    /// The file has more zones than it may.
    pub fn announced(&self, more: usize) -> Result<(), ZonesError> {
        if self.features.saturating_add(more) > self.bounds.features {
            return Err(ZonesError::TooMany { file: self.file.clone(), max: self.bounds.features });
        }
        Ok(())
    }

    /// # Errors
    /// The file has more vertices than it may.
    pub fn vertices(&mut self, more: usize) -> Result<(), ZonesError> {
        self.vertices = self.vertices.saturating_add(more);
        self.check_vertices()
    }

    /// One more list of vertices.
    ///
    /// # Errors
    /// The file has more of them than it may have vertices.
    pub fn list(&mut self) -> Result<(), ZonesError> {
        self.lists += 1;
        self.check_vertices()
    }

    fn check_vertices(&self) -> Result<(), ZonesError> {
        // Every position is a list too, every ring and every part one more.
        if self.vertices > self.bounds.vertices || self.lists / 3 > self.bounds.vertices {
            return Err(ZonesError::TooManyVertices { file: self.file.clone(), max: self.bounds.vertices });
        }
        Ok(())
    }

    /// # Errors
    /// A table has more columns than it may.
    pub fn columns(&self, columns: usize) -> Result<(), ZonesError> {
        let max = limits().lecture.colonnes_max;
        if columns > max {
            return Err(ZonesError::TooManyColumns { file: self.file.clone(), max });
        }
        Ok(())
    }
}
