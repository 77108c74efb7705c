//! The authorization server: routes, pages, keys.

pub mod pages;
