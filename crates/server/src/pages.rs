//! What people see: one view per page, as plain data and a template.
//!
//! A view holds what its page shows and nothing that decides: handlers choose the view, fill the fields
//! and render it. A page works without a script, asks nothing of another origin, and has no inline
//! style, so the strictest content security policy fits it (R-180, R-181, R-184, R-194):
//!
//! ```text
//! default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none';
//! form-action 'self' <origin the decision redirects to>
//! ```
//!
//! The page of [`form_post`] alone also wants `script-src 'self'`.
//!
//! Two rules keep strangers' text harmless: templates escape for HTML, and a field that holds such text is
//! [`Untrusted`](untrusted::Untrusted), which makes invisible characters visible (R-179, R-196).
//! Start reading at [`sign_in`] and [`consent`].

pub mod account;
pub mod account_chooser;
pub mod app_passwords;
pub mod assets;
pub mod consent;
pub mod deletion;
pub mod duration;
pub mod email;
pub mod error;
pub mod forgotten;
pub mod form;
pub mod form_post;
pub mod handle;
pub mod home;
pub mod layout;
pub mod moment;
pub mod parties;
pub mod refusal;
pub mod rest;
pub mod sign_in;
pub mod sign_up;
pub mod signed_out;
pub mod untrusted;
