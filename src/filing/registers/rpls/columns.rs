//! The columns of `logements.parquet`, as typed builders filled row by row.

use polars::prelude::*;

/// What a builder must offer to stand in the table.
trait Build {
    const DTYPE: DataType;
    fn open(name: &str, rows: usize) -> Self;
    fn close(self) -> Column;
}

pub(super) type Text = StringChunkedBuilder;
pub(super) type U8 = PrimitiveChunkedBuilder<UInt8Type>;
pub(super) type U16 = PrimitiveChunkedBuilder<UInt16Type>;
pub(super) type U32 = PrimitiveChunkedBuilder<UInt32Type>;
pub(super) type U64 = PrimitiveChunkedBuilder<UInt64Type>;
pub(super) type F32 = PrimitiveChunkedBuilder<Float32Type>;
pub(super) type F64 = PrimitiveChunkedBuilder<Float64Type>;

impl Build for Text {
    const DTYPE: DataType = DataType::String;
    fn open(name: &str, rows: usize) -> Self {
        Self::new(name.into(), rows)
    }
    fn close(self) -> Column {
        self.finish().into_column()
    }
}

macro_rules! build_numbers {
    ($($kind:ty = $dtype:expr),*) => {$(
        impl Build for $kind {
            const DTYPE: DataType = $dtype;
            fn open(name: &str, rows: usize) -> Self {
                Self::new(name.into(), rows)
            }
            fn close(self) -> Column {
                self.finish().into_column()
            }
        }
    )*};
}

build_numbers!(
    U8 = DataType::UInt8,
    U16 = DataType::UInt16,
    U32 = DataType::UInt32,
    U64 = DataType::UInt64,
    F32 = DataType::Float32,
    F64 = DataType::Float64
);

macro_rules! table {
    ($($name:ident: $kind:ident),* $(,)?) => {
        /// One builder a column, in the order of the file; `drapeaux` is added once duplicates are known.
        pub(super) struct Columns { $(pub $name: $kind),* }

        impl Columns {
            pub fn with_capacity(rows: usize) -> Self {
                Self { $($name: <$kind as Build>::open(stringify!($name), rows)),* }
            }

            /// The rows as a frame, `drapeaux` still missing.
            pub fn finish(self, rows: usize) -> PolarsResult<DataFrame> {
                DataFrame::new(rows, vec![$(self.$name.close()),*])
            }
        }

        /// Types of `logements.parquet`.
        pub(super) fn schema() -> Schema {
            let mut schema = Schema::default();
            $(schema.with_column(stringify!($name).into(), <$kind as Build>::DTYPE);)*
            schema.with_column("drapeaux".into(), DataType::UInt32);
            schema
        }
    };
}

table!(
    ligne: U64,
    ident_rep: Text,
    ident_int: Text,
    siren: Text,
    bailleur: Text,
    depcom: Text,
    codepostal: Text,
    libcom: Text,
    numvoie: Text,
    indrep: Text,
    typvoie: Text,
    nomvoie: Text,
    compladr: Text,
    complgeo: Text,
    segment: Text,
    adresse: Text,
    x: F64,
    y: F64,
    epsg: U16,
    lon: F64,
    lat: F64,
    qualite: U8,
    precision: F32,
    qpv_declare: U8,
    qpv15_fichier: Text,
    qpv24_fichier: Text,
    iris_fichier: Text,
    typeconst: U8,
    nbpiece: U8,
    surfhab: U16,
    construct: U16,
    locat: U16,
    patrimoine: U16,
    origine: U8,
    finan: U8,
    cus: U8,
    conv: U8,
    mode: U8,
    contingent: U8,
    droit: U8,
    sortie: U8,
    dpe: U8,
    ges: U8,
    bail: U32,
    vacance_mois: U16,
    loyer: F32,
    sru_expir: U16,
);
