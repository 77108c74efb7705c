//! What is bound to a statement and what stands in a row: a 64-bit integer, a text, bytes, or nothing.

/// A value; without `Debug`, since it may be somebody's.
#[derive(Clone)]
pub(crate) enum Value {
    /// Nothing, where something of this kind could be.
    Null(Kind),
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// What a value is one of: PostgreSQL wants to know that of nothing, too.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Integer,
    Text,
    Bytes,
}

/// What can be bound.
pub(crate) trait Bind {
    const KIND: Kind;

    fn into_value(self) -> Value;
}

macro_rules! binds {
    ($($type:ty => $kind:ident by $own:expr;)*) => {
        $(impl Bind for $type {
            const KIND: Kind = Kind::$kind;

            fn into_value(self) -> Value {
                Value::$kind($own(self))
            }
        })*
    };
}

binds! {
    i64 => Integer by std::convert::identity;
    String => Text by std::convert::identity;
    &String => Text by String::clone;
    &str => Text by str::to_owned;
    Vec<u8> => Bytes by std::convert::identity;
    &[u8] => Bytes by <[u8]>::to_vec;
}

impl<T: Bind> Bind for Option<T> {
    const KIND: Kind = T::KIND;

    fn into_value(self) -> Value {
        self.map_or(Value::Null(T::KIND), T::into_value)
    }
}
