//! Columns under construction: a struct of builders, one field a column, turned into columns in their order.

use polars::prelude::*;

/// A builder that a column of a batch is made of.
pub trait Build {
    const DTYPE: DataType;
    fn new(name: &str, capacity: usize) -> Self;
    fn done(self) -> Column;
}

/// Builder of a numeric column.
pub struct Number<T: PolarsNumericType>(PrimitiveChunkedBuilder<T>);

/// Builder of a text column.
pub struct Text(StringChunkedBuilder);

/// Builder of a yes/no column.
pub struct Flag(BooleanChunkedBuilder);

macro_rules! number {
    ($t:ty, $native:ty, $d:ident) => {
        impl Build for Number<$t> {
            const DTYPE: DataType = DataType::$d;
            fn new(name: &str, capacity: usize) -> Self {
                Self(PrimitiveChunkedBuilder::new(name.into(), capacity))
            }
            fn done(self) -> Column {
                self.0.finish().into_column()
            }
        }
        impl Number<$t> {
            pub fn push(&mut self, value: Option<$native>) {
                self.0.append_option(value);
            }
        }
    };
}

number!(UInt8Type, u8, UInt8);
number!(UInt16Type, u16, UInt16);
number!(UInt32Type, u32, UInt32);
number!(UInt64Type, u64, UInt64);
number!(Int32Type, i32, Int32);
number!(Float32Type, f32, Float32);
number!(Float64Type, f64, Float64);

impl Build for Text {
    const DTYPE: DataType = DataType::String;
    fn new(name: &str, capacity: usize) -> Self {
        Self(StringChunkedBuilder::new(name.into(), capacity))
    }
    fn done(self) -> Column {
        self.0.finish().into_column()
    }
}

impl Text {
    pub fn push(&mut self, value: Option<&str>) {
        self.0.append_option(value);
    }

    /// A cell as it stands; signs that are not UTF-8 become U+FFFD.
    pub fn push_bytes(&mut self, value: Option<&[u8]>) {
        match value {
            None => self.0.append_null(),
            Some(v) => match std::str::from_utf8(v) {
                Ok(s) => self.0.append_value(s),
                Err(_) => self.0.append_value(String::from_utf8_lossy(v)),
            },
        }
    }
}

impl Build for Flag {
    const DTYPE: DataType = DataType::Boolean;
    fn new(name: &str, capacity: usize) -> Self {
        Self(BooleanChunkedBuilder::new(name.into(), capacity))
    }
    fn done(self) -> Column {
        self.0.finish().into_column()
    }
}

impl Flag {
    pub fn push(&mut self, value: Option<bool>) {
        self.0.append_option(value);
    }
}

pub type U8 = Number<UInt8Type>;
pub type U16 = Number<UInt16Type>;
pub type U32 = Number<UInt32Type>;
pub type U64 = Number<UInt64Type>;
pub type I32 = Number<Int32Type>;
pub type F32 = Number<Float32Type>;
pub type F64 = Number<Float64Type>;

/// Declares a batch: a struct of builders named like the columns of its table.
macro_rules! batch {
    ($(#[$doc:meta])* $name:ident { $($column:ident: $kind:ident),* $(,)? }) => {
        $(#[$doc])*
        pub(crate) struct $name { $(pub $column: $crate::registers::columns::$kind),* }
        impl $name {
            /// Names and types of the columns, in their order.
            pub fn schema() -> polars::prelude::Schema {
                use $crate::registers::columns::Build;
                polars::prelude::Schema::from_iter([
                    $(polars::prelude::Field::new(stringify!($column).into(), $crate::registers::columns::$kind::DTYPE)),*
                ])
            }
            pub fn new(capacity: usize) -> Self {
                use $crate::registers::columns::Build;
                Self { $($column: $crate::registers::columns::$kind::new(stringify!($column), capacity)),* }
            }
            pub fn done(self) -> Vec<polars::prelude::Column> {
                use $crate::registers::columns::Build;
                vec![$(self.$column.done()),*]
            }
        }
    };
}
pub(crate) use batch;
