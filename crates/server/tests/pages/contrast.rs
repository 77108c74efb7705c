//! Contrast of the style sheet's colours, computed as WCAG 2.2 defines it.

use entryway_server::pages::assets::STYLESHEET;

/// Text on its ground: at least 4.5 to 1 (WCAG 2.2, 1.4.3).
const TEXT: [(&str, &str); 21] = [
    ("on-door", "door"),
    ("on-door", "door-arch"),
    ("on-door-soft", "door"),
    ("on-door-soft", "door-arch"),
    ("ink", "room"),
    ("ink", "raised"),
    ("ink", "error-wash"),
    ("ink", "caution-wash"),
    ("ink-soft", "room"),
    ("ink-soft", "raised"),
    ("accent", "room"),
    ("accent", "raised"),
    ("accent-strong", "room"),
    ("accent-strong", "raised"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("error", "error-wash"),
    ("error", "room"),
    ("caution", "caution-wash"),
    ("caution", "room"),
    ("caution", "raised"),
];

/// Edges of controls, the ring of the focus and the marks of notices: at least 3 to 1 (WCAG 2.2, 1.4.11).
const EDGES: [(&str, &str); 8] = [
    ("edge", "room"),
    ("edge", "raised"),
    ("error", "room"),
    ("accent", "room"),
    ("accent", "raised"),
    ("caution-mark", "caution-wash"),
    ("brass", "door"),
    ("brass", "door-arch"),
];

#[test]
fn text_and_edges_stand_out_from_their_ground_in_both_schemes() {
    let css = std::str::from_utf8(STYLESHEET.body).unwrap();
    let (light, after) = css.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let dark = after.split("\n}\n").next().unwrap();
    for (scheme, tokens) in [("light", light), ("dark", dark)] {
        for (pairs, least) in [(&TEXT[..], 4.5), (&EDGES[..], 3.0)] {
            for (front, ground) in pairs {
                let ratio = contrast(luminance(tokens, front), luminance(tokens, ground));
                assert!(ratio >= least, "{scheme}: {front} on {ground} is {ratio:.2} to 1");
            }
        }
    }
}

fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(tokens: &str, name: &str) -> f64 {
    let (_, after) = tokens
        .split_once(&format!("--{name}: #"))
        .unwrap_or_else(|| panic!("no token {name}"));
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&after[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}
