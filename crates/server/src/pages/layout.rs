//! What every page says about itself.

/// The part of a view that the layout shows on every page.
#[derive(Debug, Clone, Copy)]
pub struct PageContext<'a> {
    /// BCP 47 tag of the language the page is written in, for the `lang` of the document.
    pub lang: &'a str,
    /// Host, with its port if it has one, of the issuer: what the address bar shows.
    pub service_host: &'a str,
}
