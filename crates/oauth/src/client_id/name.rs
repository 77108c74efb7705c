//! Host names that somebody can hold on the internet.

/// Whether this is a host name of the internet, by its text alone: at least two labels of
/// lower-case letters, digits and hyphens, and none of the names each machine or network has for itself.
///
/// Names reserved for documentation and tests pass: whether they lead anywhere is for the fetch to find
/// out, which also looks at addresses. That `xn--` labels decode is for the caller: URLs are read so.
pub(crate) fn is_public_name(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    name.len() <= NAME_BYTES_MAX
        && labels.len() >= 2
        && labels.iter().all(|label| is_label(label))
        && !labels.last().is_some_and(|last| LOCAL.contains(last))
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// RFC 1035 section 2.3.4, without the final dot.
const NAME_BYTES_MAX: usize = 253;
/// RFC 1035 section 2.3.4.
const LABEL_BYTES_MAX: usize = 63;
/// RFC 6761 section 6.3, RFC 6762, and the name ICANN keeps for private networks.
const LOCAL: [&str; 3] = ["internal", "local", "localhost"];

#[cfg(test)]
mod tests {
    use super::*;

    //
    #[test]
    fn a_name_of_this_machine_or_network_is_not_public() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}.com", "a".repeat(57));
        assert_eq!(longest.len(), 253);
        for public in [
            "a.co",
            "app.example",
            "xn--bcher-kva.example",
            "localhost.example",
            &longest,
        ] {
            assert!(is_public_name(public), "{public}");
        }
        for other in [
            "",
            ".",
            "com",
            "localhost",
            "app.localhost",
            "printer.local",
            "metadata.google.internal",
            "app.example.",
            ".app.example",
            "app..example",
            "*.example",
            "a_b.example",
            "App.example",
            "-a.example",
            "a-.example",
            &format!("{label}a.com"),
            &format!("a{longest}"),
        ] {
            assert!(!is_public_name(other), "{other}");
        }
    }
}
