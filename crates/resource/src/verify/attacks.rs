//! Everything a caller may try. Each is refused, with the right reason, by 400 or 401.

mod credentials;
mod proof;
mod token;
