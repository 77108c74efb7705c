//! The authorization server: routes, pages, keys.
