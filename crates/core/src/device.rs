//! What a browser calls itself, as far as a person needs it to tell their devices apart.
//!
//! A `User-Agent` is untrusted and says a lot about its owner. Of all it says a family of browsers and a system
//! are kept, from closed lists: nobody can write a sentence into the list of somebody's devices, and nobody can
//! be recognised elsewhere by what is kept here.

/// A browser on a system, each of a known family or unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The family of the browser.
    pub browser: Option<BrowserFamily>,
    /// The system it runs on.
    pub system: Option<System>,
}

/// Bytes of a `User-Agent` that are looked at; browsers send some 150.
const USER_AGENT_BYTES_MAX: usize = 512;

macro_rules! families {
    ($(#[$doc:meta])* $family:ident { $($name:ident $word:literal $title:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $family {
            $(#[doc = $title] $name,)*
        }

        impl $family {
            /// Each of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What people call it: a name of its maker's, the same in every language.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }

            /// The word that is stored.
            const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

families! {
    /// Browsers that share a maker and a name.
    BrowserFamily {
        Chrome "chrome" "Chrome",
        Edge "edge" "Edge",
        Firefox "firefox" "Firefox",
        Opera "opera" "Opera",
        Safari "safari" "Safari",
        SamsungInternet "samsung" "Samsung Internet",
        Vivaldi "vivaldi" "Vivaldi",
    }
}

families! {
    /// Systems that share a name.
    System {
        Android "android" "Android",
        ChromeOs "chromeos" "ChromeOS",
        Ipad "ipad" "iPad",
        Iphone "iphone" "iPhone",
        Linux "linux" "Linux",
        MacOs "macos" "macOS",
        Windows "windows" "Windows",
    }
}

/// What names a browser, before that which others claim to be too: nearly all of them say `Chrome` and `Safari`.
const BROWSER_MARKS: &[(&str, BrowserFamily)] = &[
    ("Edg/", BrowserFamily::Edge),
    ("EdgA/", BrowserFamily::Edge),
    ("EdgiOS/", BrowserFamily::Edge),
    ("OPR/", BrowserFamily::Opera),
    ("OPT/", BrowserFamily::Opera),
    ("SamsungBrowser/", BrowserFamily::SamsungInternet),
    ("Vivaldi/", BrowserFamily::Vivaldi),
    ("Firefox/", BrowserFamily::Firefox),
    ("FxiOS/", BrowserFamily::Firefox),
    ("Chrome/", BrowserFamily::Chrome),
    ("CriOS/", BrowserFamily::Chrome),
    ("Version/", BrowserFamily::Safari),
];

/// The same for systems: an iPhone says `like Mac OS X`, and Android says `Linux`.
const SYSTEM_MARKS: &[(&str, System)] = &[
    ("(iPhone;", System::Iphone),
    ("(iPad;", System::Ipad),
    ("Android", System::Android),
    ("CrOS", System::ChromeOs),
    ("Windows NT", System::Windows),
    ("Macintosh", System::MacOs),
    ("Linux", System::Linux),
];

impl Device {
    /// Reads a `User-Agent`. What is on no list is left out.
    ///
    /// ```
    /// use entryway_core::device::{BrowserFamily, Device, System};
    /// let device = Device::of_user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
    /// assert_eq!(device.browser, Some(BrowserFamily::Firefox));
    /// assert_eq!(device.system, Some(System::Linux));
    /// ```
    pub fn of_user_agent(user_agent: &str) -> Self {
        let end = user_agent.floor_char_boundary(USER_AGENT_BYTES_MAX);
        let text = &user_agent[..end];
        Self {
            browser: first(text, BROWSER_MARKS),
            system: first(text, SYSTEM_MARKS),
        }
    }

    /// The form that is stored: two words.
    pub fn name(self) -> String {
        let browser = self.browser.map_or(UNKNOWN, BrowserFamily::word);
        let system = self.system.map_or(UNKNOWN, System::word);
        format!("{browser}/{system}")
    }

    /// Reads the form that is stored.
    pub fn parse(name: &str) -> Option<Self> {
        let (browser, system) = name.split_once('/')?;
        Some(Self {
            browser: known(browser, BrowserFamily::ALL, BrowserFamily::word)?,
            system: known(system, System::ALL, System::word)?,
        })
    }
}

const UNKNOWN: &str = "-";

fn first<T: Copy>(text: &str, marks: &[(&str, T)]) -> Option<T> {
    let found = marks.iter().find(|(mark, _)| text.contains(mark));
    found.map(|(_, family)| *family)
}

/// `Some(None)` for the word of the unknown, `None` for a word that is on no list.
#[expect(clippy::option_option, reason = "unknown and impossible are two things")]
fn known<T: Copy>(word: &str, all: &[T], word_of: impl Fn(T) -> &'static str) -> Option<Option<T>> {
    if word == UNKNOWN {
        return Some(None);
    }
    all.iter()
        .copied()
        .find(|family| word_of(*family) == word)
        .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_a_known_browser_on_a_known_system_or_unknown() {
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
        let webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
        let chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0";
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)";
        for (user_agent, expected) in [
            (
                format!("{mac} {webkit} Version/18.5 Safari/605.1.15"),
                "safari/macos",
            ),
            (format!("{mac} {chrome} Safari/537.36"), "chrome/macos"),
            (
                format!("{mac} {chrome} Safari/537.36 Edg/140.0.0.0"),
                "edge/macos",
            ),
            (
                format!("{iphone} {webkit} Version/18.5 Mobile/15E148 Safari/604.1"),
                "safari/iphone",
            ),
            (
                format!("{iphone} {webkit} CriOS/140.0.0.0 Mobile/15E148 Safari/604.1"),
                "chrome/iphone",
            ),
            (
                format!("{iphone} {webkit} FxiOS/140.0 Mobile/15E148 Safari/604.1"),
                "firefox/iphone",
            ),
            (
                format!("Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) {webkit} Version/18.5 Safari/604.1"),
                "safari/ipad",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
                "firefox/windows",
            ),
            (
                format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Safari/537.36 OPR/121.0.0.0"),
                "opera/windows",
            ),
            (
                format!("Mozilla/5.0 (X11; Linux x86_64) {chrome} Safari/537.36 Vivaldi/7.5"),
                "vivaldi/linux",
            ),
            (
                format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {chrome} Safari/537.36"),
                "chrome/chromeos",
            ),
            (
                format!("Mozilla/5.0 (Linux; Android 10; K) {chrome} Mobile Safari/537.36"),
                "chrome/android",
            ),
            (
                format!(
                    "Mozilla/5.0 (Linux; Android 10; K) {chrome} SamsungBrowser/28.0 Mobile Safari/537.36"
                ),
                "samsung/android",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64)".to_owned(), "-/linux"),
            ("curl/8.5.0".to_owned(), "-/-"),
            (String::new(), "-/-"),
            // attacks: markup, a sentence, and a mark behind the bytes that are looked at
            ("<script>Your account was deleted</script>".to_owned(), "-/-"),
            (
                format!("{}Firefox/140.0", "x".repeat(USER_AGENT_BYTES_MAX)),
                "-/-",
            ),
            (format!("{}\u{e9}", "x".repeat(USER_AGENT_BYTES_MAX - 1)), "-/-"),
        ] {
            let device = Device::of_user_agent(&user_agent);
            assert_eq!(device.name(), expected, "{user_agent}");
            assert_eq!(Device::parse(expected), Some(device));
        }
    }

    #[test]
    fn only_what_is_written_is_read() {
        for system in System::ALL.iter().copied().map(Some).chain([None]) {
            for browser in BrowserFamily::ALL.iter().copied().map(Some).chain([None]) {
                let device = Device { browser, system };
                assert_eq!(Device::parse(&device.name()), Some(device));
            }
        }
        for bad in [
            "",
            "/",
            "firefox",
            "firefox/linux/",
            "Firefox/linux",
            "netscape/linux",
            "firefox/beos",
        ] {
            assert_eq!(Device::parse(bad), None, "{bad}");
        }
    }
}
