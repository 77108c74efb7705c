//! The consent page with one permission and with twelve, from known apps and hostile ones.

use entryway_server::pages::consent::{
    Bundle, BundledPermission, ConsentView, Permission, PermissionGroup, ThisDevice,
};
use entryway_server::pages::duration::InWords;
use entryway_server::pages::parties::App;
use entryway_server::pages::untrusted::Untrusted;

use super::{
    HOSTILE, PAGE, Sample, alice, app, form, hostile_account, hostile_app, hostile_form, known_app,
    long_client_id, push,
};

pub(super) fn permission(number: usize, sentence: &'static str, scope: &'static str) -> Permission<'static> {
    Permission {
        number,
        sentence: Untrusted(sentence),
        scope: Untrusted(scope),
        caution: None,
        optional: true,
        widened: false,
        bundle: None,
    }
}

pub(super) fn bundle() -> Permission<'static> {
    Permission {
        bundle: Some(Bundle {
            publisher: Untrusted("jotter.example"),
            title: Some(Untrusted("Notes and lists")),
            detail: Some(Untrusted(
                "Read and write your notes, and share lists with others.",
            )),
            allows: vec![
                BundledPermission {
                    sentence: Untrusted("Create, change and delete records of the kind example.jotter.note"),
                    scope: Untrusted("repo:example.jotter.note"),
                    caution: None,
                },
                BundledPermission {
                    sentence: Untrusted("Use example.jotter.share at api.jotter.example in your name"),
                    scope: Untrusted("rpc:example.jotter.share?aud=did:web:api.jotter.example%23view"),
                    caution: None,
                },
            ],
        }),
        ..permission(
            2,
            "Do what the bundle example.jotter.basic allows",
            "include:example.jotter.basic?aud=did:web:api.jotter.example%23view",
        )
    }
}

pub(super) fn identity() -> PermissionGroup<'static> {
    PermissionGroup {
        title: Untrusted("Who you are"),
        items: vec![Permission {
            optional: false,
            ..permission(0, "Know your account: its handle and its permanent ID", "atproto")
        }],
    }
}

fn view() -> ConsentView<'static> {
    ConsentView {
        page: PAGE,
        form: form("/oauth/authorize/decision"),
        app: app(),
        account: alice(),
        this_device: None,
        groups: vec![
            identity(),
            PermissionGroup {
                title: Untrusted("What you publish"),
                items: vec![permission(
                    1,
                    "Create, change and delete your statuses",
                    "repo:xyz.statusphere.status",
                )],
            },
        ],
        held: Vec::new(),
        dropped: Vec::new(),
        access_lifetime: InWords(14 * 86_400),
        another_account_action: Some("/oauth/authorize/decision"),
    }
}

pub(super) fn broad() -> PermissionGroup<'static> {
    PermissionGroup {
        title: Untrusted("Everything in your account"),
        items: vec![
            Permission {
                caution: Some(Untrusted(
                    "this is nearly all your account can do. The app could post, follow, block and delete as you.",
                )),
                ..permission(1, "Use your account on your behalf", "transition:generic")
            },
            Permission {
                caution: Some(Untrusted(
                    "your private conversations become readable to the app.",
                )),
                ..permission(2, "Read and send direct messages", "transition:chat.bsky")
            },
            permission(3, "See your email address", "transition:email"),
        ],
    }
}

pub(super) fn push_all(samples: &mut Vec<Sample>) {
    let client_id = long_client_id();
    push(samples, "consent", &view());
    push(
        samples,
        "consent-identity",
        &ConsentView {
            groups: vec![identity()],
            ..view()
        },
    );
    on_this_device(samples);
    push(
        samples,
        "consent-known",
        &ConsentView {
            app: known_app(false),
            ..view()
        },
    );
    push(
        samples,
        "consent-twelve",
        &ConsentView {
            groups: twelve(),
            ..view()
        },
    );
    with_bundles(samples);
    push(
        samples,
        "consent-hostile",
        &ConsentView {
            form: hostile_form(),
            app: hostile_app(&client_id),
            account: hostile_account(),
            this_device: Some(ThisDevice {
                redirect_uri: Untrusted(HOSTILE),
                published: true,
            }),
            groups: vec![
                identity(),
                PermissionGroup {
                    title: Untrusted(HOSTILE),
                    items: vec![Permission {
                        number: 1,
                        sentence: Untrusted(HOSTILE),
                        scope: Untrusted(&client_id),
                        caution: Some(Untrusted(HOSTILE)),
                        optional: true,
                        widened: true,
                        bundle: Some(Bundle {
                            publisher: Untrusted(HOSTILE),
                            title: Some(Untrusted(HOSTILE)),
                            detail: Some(Untrusted(HOSTILE)),
                            allows: vec![BundledPermission {
                                sentence: Untrusted(HOSTILE),
                                scope: Untrusted(HOSTILE),
                                caution: Some(Untrusted(HOSTILE)),
                            }],
                        }),
                    }],
                },
            ],
            dropped: vec![Untrusted(HOSTILE)],
            another_account_action: Some(HOSTILE),
            ..view()
        },
    );
}

fn with_bundles(samples: &mut Vec<Sample>) {
    push(
        samples,
        "consent-bundle",
        &ConsentView {
            groups: vec![
                identity(),
                PermissionGroup {
                    title: Untrusted("Bundled permissions"),
                    items: vec![bundle()],
                },
            ],
            ..view()
        },
    );
    push(
        samples,
        "consent-upgrade",
        &ConsentView {
            groups: vec![PermissionGroup {
                title: Untrusted("What you publish"),
                items: vec![
                    Permission {
                        widened: true,
                        ..permission(
                            3,
                            "Create, change and delete any of your public records",
                            "repo:*",
                        )
                    },
                    bundle(),
                ],
            }],
            held: view().groups,
            dropped: vec![Untrusted("See your email address")],
            ..view()
        },
    );
}

fn on_this_device(samples: &mut Vec<Sample>) {
    let loopback = "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fcallback&scope=atproto";
    push(
        samples,
        "consent-this-device",
        &ConsentView {
            app: App {
                host: Untrusted("localhost"),
                client_id: Untrusted(loopback),
                vouched: None,
            },
            this_device: Some(ThisDevice {
                redirect_uri: Untrusted("http://127.0.0.1:8080/callback"),
                published: false,
            }),
            groups: vec![identity(), broad()],
            ..view()
        },
    );
    push(
        samples,
        "consent-native",
        &ConsentView {
            app: known_app(true),
            this_device: Some(ThisDevice {
                redirect_uri: Untrusted("example.statusphere:/callback"),
                published: true,
            }),
            ..view()
        },
    );
}

fn twelve() -> Vec<PermissionGroup<'static>> {
    vec![
        PermissionGroup {
            title: Untrusted("Who you are"),
            items: vec![
                Permission {
                    optional: false,
                    ..permission(0, "Know your account: its handle and its permanent ID", "atproto")
                },
                permission(1, "See your email address", "account:email"),
            ],
        },
        PermissionGroup {
            title: Untrusted("What you publish"),
            items: vec![
                permission(
                    2,
                    "Create and delete posts",
                    "repo:app.bsky.feed.post?action=create&action=delete",
                ),
                permission(
                    3,
                    "Create and delete likes",
                    "repo:app.bsky.feed.like?action=create&action=delete",
                ),
                permission(
                    4,
                    "Change your profile",
                    "repo:app.bsky.actor.profile?action=update",
                ),
                Permission {
                    caution: Some(Untrusted(
                        "this covers every kind of record, also of apps you do not know yet.",
                    )),
                    ..permission(5, "Delete anything you have published", "repo:*?action=delete")
                },
                permission(
                    6,
                    "Upload pictures and videos",
                    "blob?accept=image/*&accept=video/*",
                ),
            ],
        },
        PermissionGroup {
            title: Untrusted("Services it uses in your name"),
            items: vec![
                permission(
                    7,
                    "Read your timeline through api.bsky.app",
                    "rpc:app.bsky.feed.getTimeline?aud=did:web:api.bsky.app%23bsky_appview",
                ),
                permission(
                    8,
                    "Read your notifications through any service",
                    "rpc:app.bsky.notification.listNotifications?aud=*",
                ),
                permission(
                    9,
                    "Ask video.bsky.app for your upload limits",
                    "rpc:app.bsky.video.getUploadLimits?aud=did:web:video.bsky.app%23bsky_video",
                ),
            ],
        },
        PermissionGroup {
            title: Untrusted("Your account and its identity"),
            items: vec![
                Permission {
                    caution: Some(Untrusted(
                        "whoever can change your handle can make people lose sight of you.",
                    )),
                    ..permission(10, "Change your handle", "identity:handle")
                },
                Permission {
                    caution: Some(Untrusted("this service does not know what it allows.")),
                    ..permission(11, "Something called “weather:local”", "weather:local?aud=*")
                },
            ],
        },
    ]
}
