//! Which host names a document may be fetched from: the ones somebody can hold in the public DNS.

/// Says whether a text is a host name as certificates have it: labels of letters, digits and hyphens
/// (RFC 1123 section 2.1), in lower case, without a final dot.
pub(super) fn is_host_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX && name.split('.').all(is_label)
}

/// Says whether a host name is in the public DNS, by the name alone: of at least two labels, the last of
/// which is no reserved one.
pub(super) fn is_public_name(name: &str) -> bool {
    let Some((_, last)) = name.rsplit_once('.') else {
        // one label is completed by the search list of a machine, or is a country
        return false;
    };
    is_host_name(name) && !RESERVED.contains(&last) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// RFC 1035 section 2.3.4, in its text form without the final dot.
const NAME_BYTES_MAX: usize = 253;

/// RFC 1035 section 2.3.4.
const LABEL_BYTES_MAX: usize = 63;

/// Last labels under which nobody on the internet can hold a name, or under which each network holds its own.
const RESERVED: &[&str] = &[
    // RFC 6761
    "example",
    "invalid",
    "localhost",
    "test",
    // RFC 6762, RFC 7686, RFC 9476
    "local",
    "onion",
    "alt",
    // addresses written backwards, and home.arpa (RFC 8375)
    "arpa",
    // kept for private use by ICANN (2024), or never to be delegated since private networks use them
    "internal",
    "corp",
    "home",
    "mail",
    // what routers and offices call their own (RFC 6762 appendix G)
    "intranet",
    "lan",
    "localdomain",
    "private",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_in_the_public_dns_are_public() {
        let long_label = "a".repeat(63);
        let longer_label = format!("{}.com", "a".repeat(64));
        let long = format!("{}.com", [long_label.as_str(); 4].join("."));
        let fits = format!("{}.{}.com", [long_label.as_str(); 3].join("."), "a".repeat(57));
        assert_eq!(fits.len(), 253);
        let public = [
            "app.com",
            "a.b.c.app.com",
            "xn--bcher-kva.com",
            "1.2.3.com",
            "localhost.com",
            "example.com",
            "a--b.com",
            "test.co",
            fits.as_str(),
        ];
        let refused = [
            "",
            ".",
            "com",
            "localhost",
            "app.com.",
            ".app.com",
            "app..com",
            "a.localhost",
            "app.local",
            "app.internal",
            "metadata.google.internal",
            "app.test",
            "app.example",
            "app.invalid",
            "app.onion",
            "app.alt",
            "app.home.arpa",
            "1.0.0.127.in-addr.arpa",
            "app.lan",
            "app.corp",
            "app.home",
            "app.mail",
            "app.intranet",
            "app.private",
            "localhost.localdomain",
            "127.0.0.1",
            "a.1",
            "APP.com",
            "a_b.com",
            "a b.com",
            "*.app.com",
            "-a.com",
            "a-.com",
            "app.com:443",
            longer_label.as_str(),
            long.as_str(),
        ];
        for name in public {
            assert!(is_public_name(name), "{name}");
        }
        for name in refused {
            assert!(!is_public_name(name), "{name}");
        }
    }
}
