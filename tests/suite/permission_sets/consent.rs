//! What a person sees of a set, and decides (R-404, demands 3 and 14).

use entryway_tests::{
    Browser, Client, Element, Engine, Page, Pushed, TestServer, Tokens, alice, both_engines,
};
use serde_json::json;

use super::{DAY, Garden, INCLUDE, TEND, claim, client, grant, repo, set, tend};

/// The consent page of what a client asks for.
async fn consent(server: &TestServer, browser: &mut Browser, client: &Client) -> (Pushed, Page) {
    let pushed = client.push(server).await;
    let page = browser.reach_consent(server, &pushed, alice()).await;
    (pushed, page)
}

/// The tokens for what stayed ticked.
async fn authorize(
    server: &TestServer,
    browser: &mut Browser,
    client: &Client,
    (pushed, page): &(Pushed, Page),
    unticked: &[&str],
) -> Tokens {
    let form = unticked.iter().fold(page.form("Authorize"), |form, box_name| {
        assert_eq!(form.value(box_name), "on");
        form.without(box_name)
    });
    let landing = browser.submit(server, &form).await.left();
    Tokens::of(&client.exchange(pushed, landing.code()).send(server).await)
}

/// The first element of this name with this class.
#[track_caller]
fn classed<'p>(page: &'p Page, name: &'p str, class: &str) -> &'p Element {
    let found = page
        .all(name)
        .find(|element| element.attribute("class") == Some(class));
    found.unwrap_or_else(|| panic!("no {name}.{class} in {}", page.text))
}

// the publisher's words are a quotation, and what they stand for is there to read
async fn a_set_is_quoted_with_its_publisher_and_opened(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let permissions = json!([
        repo(&["test.garden.plant", "test.garden.tool"]),
        { "type": "permission", "resource": "rpc", "lxm": ["test.garden.water"], "inheritAud": true },
        repo(&["app.bsky.feed.post"]),
    ]);
    publisher.publish(TEND, &set(TEND, &permissions));
    let asked = "atproto include:test.garden.tend?aud=did:web:api.garden.test%23hose";
    let (_, page) = consent(&server, &mut Browser::new(), &client(asked)).await;
    for part in [
        "Use a bundle of permissions from garden.test",
        "which calls it “Tend your garden”",
        "“Plant, water and weed.”",
        "Caution: garden.test can change what the bundle holds",
    ] {
        assert!(page.text.contains(part), "{part:?} is not in {:?}", page.text);
    }
    let list = classed(&page, "ul", "bundle-list");
    for exact in [
        "repo?collection=test.garden.plant&collection=test.garden.tool",
        "rpc:test.garden.water?aud=did:web:api.garden.test%23hose",
    ] {
        assert!(list.text.contains(exact), "{}", list.text);
    }
    // what it may not hold is not shown as if it did
    assert!(!page.text.contains("app.bsky.feed.post"), "{}", page.text);
}

// in the language of the page
async fn a_set_is_shown_in_the_language_of_the_page(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let mut record = tend(&["test.garden.plant"]);
    let main = &mut record["defs"]["main"];
    main["title:lang"] = json!({ "de": "Pflege deinen Garten", "en": "Look after your garden" });
    main["detail:lang"] = json!({ "de": "Pflanzen und jäten." });
    publisher.publish(TEND, &record);
    let (_, page) = consent(&server, &mut Browser::new(), &client(INCLUDE)).await;
    let language = page.all("html").next().unwrap().attribute("lang");
    assert_eq!(language, Some("en-US"));
    assert!(page.text.contains("“Look after your garden”"), "{}", page.text);
    assert!(page.text.contains("“Plant, water and weed.”"), "{}", page.text);
}

// nothing a publisher writes is more than a text, and none is long
async fn a_hostile_title_is_a_text_in_quotes(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let mut browser = Browser::new();
    for (number, (title, seen)) in [
        ("<script>alert(1)</script>", "“<script>alert(1)</script>”"),
        ("</bdi></label><h1>Bluesky", "“</bdi></label><h1>Bluesky”"),
        ("\" onmouseover=\"alert(1)", "“\" onmouseover=\"alert(1)”"),
        ("{{ page }} &lt;b&gt;", "“{{ page }} &lt;b&gt;”"),
        ("post\u{202e}eteled\u{200b}\u{0}\u{1b}[31m", "“posteteled [31m”"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("test.garden.hostile{number}");
        let mut record = set(&name, &json!([repo(&["test.garden.plant"])]));
        for text in ["title", "detail"] {
            record["defs"]["main"][text] = json!(title);
        }
        publisher.publish(&name, &record);
        let client = client(&format!("atproto include:{name}"));
        let (_, page) = consent(&server, &mut browser, &client).await;
        assert_eq!(
            page.text.matches(seen).count(),
            2,
            "{seen:?} is not twice in {:?}",
            page.text
        );
        assert_eq!(page.all("h1").count(), 1);
        assert_eq!(page.all("script").count(), 0);
        let scripted = |element: &Element| element.attribute("onmouseover").is_some();
        assert!(!page.elements.iter().any(scripted));
    }
    let mut record = tend(&["test.garden.plant"]);
    for text in ["title", "detail"] {
        record["defs"]["main"][text] = json!("growing ".repeat(5_000));
    }
    publisher.publish(TEND, &record);
    let (_, page) = consent(&server, &mut browser, &client(INCLUDE)).await;
    let quoted: Vec<usize> = page.all("bdi").map(|quote| quote.text.chars().count()).collect();
    assert!(quoted.iter().all(|chars| *chars <= 602), "{quoted:?}");
    assert!(page.text.matches("growing").count() <= 90);
}

// a set is granted whole or not at all
async fn unticking_a_set_takes_all_of_it_away(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    publisher.publish(TEND, &tend(&["test.garden.plant", "test.garden.tool"]));
    let client = client("atproto include:test.garden.tend repo:test.garden.plant?action=create");
    let mut browser = Browser::new();
    let page = consent(&server, &mut browser, &client).await;
    // the parts of a set have no boxes of their own
    let boxes = page
        .1
        .all("input")
        .filter(|input| input.attribute("type") == Some("checkbox"));
    let names: Vec<_> = boxes.filter_map(|one| one.attribute("name")).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let tokens = authorize(&server, &mut browser, &client, &page, &["grant.1"]).await;
    let left = "atproto repo:test.garden.plant?action=create";
    assert_eq!((tokens.scope.as_str(), claim(&tokens).as_str()), (left, left));
    let page = consent(&server, &mut browser, &client).await;
    let tokens = authorize(&server, &mut browser, &client, &page, &["grant.1", "grant.2"]).await;
    assert_eq!(
        (tokens.scope.as_str(), claim(&tokens).as_str()),
        ("atproto", "atproto")
    );
}

const MORE: &str = "atproto include:test.garden.tend repo:app.bsky.feed.post";

/// A client that was granted [`TEND`] and asks for more now, and its page.
async fn upgrade(server: &TestServer, browser: &mut Browser) -> (Client, (Pushed, Page)) {
    let client = client(MORE);
    grant(server, browser, &client.asking_for(INCLUDE)).await;
    let page = consent(server, browser, &client).await;
    (client, page)
}

// demand 3
async fn an_upgrade_shows_what_is_new_first_and_what_is_held_apart(engine: Engine) {
    let garden = Garden::open(engine).await;
    let (server, mut browser) = (&garden.server, Browser::new());
    let (client, page) = upgrade(server, &mut browser).await;
    let held = classed(&page.1, "details", "held").text.clone();
    assert!(held.starts_with("What you allowed it before"), "{held}");
    assert!(
        held.contains("garden.test") && !held.contains("app.bsky.feed.post"),
        "{held}"
    );
    let (new, _) = page.1.text.split_once(&held).unwrap();
    let (_, new) = new.split_once("New: the app also wants to").unwrap();
    assert!(
        new.contains("repo:app.bsky.feed.post") && !new.contains("garden.test"),
        "{new}"
    );
    // what is held is granted again with what is new
    let tokens = authorize(server, &mut browser, &client, &page, &[]).await;
    assert_eq!(tokens.scope, MORE);
    assert_eq!(
        claim(&tokens),
        "repo:test.garden.plant atproto repo:app.bsky.feed.post"
    );
    // nothing is new now, so there is nothing to set apart
    let (_, page) = consent(server, &mut browser, &client).await;
    assert!(!page.text.contains("New: the app also wants to"), "{}", page.text);
}

// demand 3: what is held can be taken away where more is asked for
async fn unticking_what_is_held_takes_it_away(engine: Engine) {
    let garden = Garden::open(engine).await;
    let (server, mut browser) = (&garden.server, Browser::new());
    let (client, page) = upgrade(server, &mut browser).await;
    let tokens = authorize(server, &mut browser, &client, &page, &["grant.1"]).await;
    let left = "atproto repo:app.bsky.feed.post";
    assert_eq!((tokens.scope.as_str(), claim(&tokens).as_str()), (left, left));
    // and it is new to the next request
    let (_, page) = consent(server, &mut browser, &client).await;
    let held = &classed(&page, "details", "held").text;
    assert!(
        held.contains("app.bsky.feed.post") && !held.contains("garden.test"),
        "{held}"
    );
}

// demand 3: a set beside a part of it that was granted by itself
async fn a_set_that_holds_more_than_was_granted_is_more_than_was_allowed(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    publisher.publish(TEND, &tend(&["test.garden.plant", "test.garden.tool"]));
    let client = client("atproto include:test.garden.tend repo:test.garden.plant");
    let mut browser = Browser::new();
    grant(
        &server,
        &mut browser,
        &client.asking_for("atproto repo:test.garden.plant"),
    )
    .await;
    let (_, page) = consent(&server, &mut browser, &client.asking_for(INCLUDE)).await;
    assert!(
        page.text.contains("More than you allowed before"),
        "{}",
        page.text
    );
    // and the other way round it is less
    let client = client.asking_for("atproto repo:test.garden.plant");
    let (_, page) = consent(&server, &mut browser, &client).await;
    assert!(!page.text.contains("New: the app also wants to"), "{}", page.text);
}

// the page opens while the publisher is away, with what was last seen
async fn the_page_opens_while_the_publisher_is_dark(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let (client, mut browser) = (client(INCLUDE), Browser::new());
    grant(&server, &mut browser, &client).await;
    publisher.go_dark();
    server.clock().advance(DAY);
    let other = server.another_instance().await;
    let page = consent(&other, &mut browser, &client).await;
    assert!(page.1.text.contains("“Tend your garden”"), "{}", page.1.text);
    let tokens = authorize(&other, &mut browser, &client, &page, &[]).await;
    assert_eq!(claim(&tokens), "repo:test.garden.plant atproto");
}

both_engines! {
    a_set_is_quoted_with_its_publisher_and_opened,
    a_set_is_shown_in_the_language_of_the_page,
    a_hostile_title_is_a_text_in_quotes,
    unticking_a_set_takes_all_of_it_away,
    an_upgrade_shows_what_is_new_first_and_what_is_held_apart,
    unticking_what_is_held_takes_it_away,
    a_set_that_holds_more_than_was_granted_is_more_than_was_allowed,
    the_page_opens_while_the_publisher_is_dark,
}
