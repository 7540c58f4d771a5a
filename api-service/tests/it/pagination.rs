//! Pages of lists.

use api_service::auth::Caller;
use serde_json::{Value, json};

use crate::level::{Level, on_both_levels_with};
use crate::stage::Stage;

const UNLIMITED: [(&str, &str); 1] = [("LIMITS__DESTINATIONS", "0")];

/// Makes destinations whose URLs end in these names.
async fn make(stage: &Stage, level: Level, ada: &Caller, names: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for name in names {
        let url = format!("https://1.1.1.1/{name}");
        let made = level.created(stage, ada, &url, json!({})).await;
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// The names on a page, whether there is more before and after, and the cursors of its ends.
async fn page(
    stage: &Stage,
    level: Level,
    ada: &Caller,
    arguments: &str,
) -> (Vec<String>, (bool, bool), (String, String)) {
    let answer = level.list(stage, ada, arguments).await;
    let list = answer.data();
    let name = |node: &Value| {
        let url = node["destinationUrl"].as_str().unwrap();
        url.rsplit('/').next().unwrap().to_owned()
    };
    let info = &list["pageInfo"];
    let edges = list["edges"].as_array().unwrap();
    let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
    assert_eq!(info["startCursor"], cursor(edges.first()));
    assert_eq!(info["endCursor"], cursor(edges.last()));
    let text = |cursor: &Value| cursor.as_str().unwrap_or_default().to_owned();
    (
        list["nodes"].as_array().unwrap().iter().map(name).collect(),
        (info["hasPreviousPage"] == true, info["hasNextPage"] == true),
        (text(&info["startCursor"]), text(&info["endCursor"])),
    )
}

#[tokio::test]
async fn a_list_can_be_walked_from_either_end() {
    on_both_levels_with(&UNLIMITED, async |stage, level, ada| {
        make(stage, level, ada, &["a", "b", "c", "d", "e"]).await;
        let (names, more, (_, end)) = page(stage, level, ada, "(first: 2)").await;
        assert_eq!((names.join(""), more), ("ab".to_owned(), (false, true)));
        let next = format!("(first: 2, after: \"{end}\")");
        let (names, more, (_, end)) = page(stage, level, ada, &next).await;
        assert_eq!((names.join(""), more), ("cd".to_owned(), (true, true)));
        let next = format!("(first: 2, after: \"{end}\")");
        let (names, more, (start, end)) = page(stage, level, ada, &next).await;
        assert_eq!((names.join(""), more), ("e".to_owned(), (true, false)));
        let next = format!("(first: 2, after: \"{end}\")");
        let (names, more, _) = page(stage, level, ada, &next).await;
        assert_eq!((names.join(""), more), (String::new(), (true, false)));

        let back = format!("(last: 2, before: \"{start}\")");
        let (names, more, (start, _)) = page(stage, level, ada, &back).await;
        assert_eq!((names.join(""), more), ("cd".to_owned(), (true, true)));
        let back = format!("(last: 2, before: \"{start}\")");
        let (names, more, _) = page(stage, level, ada, &back).await;
        assert_eq!((names.join(""), more), ("ab".to_owned(), (false, true)));
        let (names, more, _) = page(stage, level, ada, "(last: 2)").await;
        assert_eq!((names.join(""), more), ("de".to_owned(), (true, false)));
    })
    .await;
}

#[tokio::test]
async fn pages_stay_true_while_destinations_come_and_go() {
    on_both_levels_with(&UNLIMITED, async |stage, level, ada| {
        let ids = make(stage, level, ada, &["a", "b", "c", "d"]).await;
        let (_, _, (_, end)) = page(stage, level, ada, "(first: 2)").await;
        // The one that the cursor stands on, one before it, and one after it.
        for id in [&ids[1], &ids[0], &ids[2]] {
            level.destroy(stage, ada, id).await.data();
        }
        make(stage, level, ada, &["e"]).await;
        let next = format!("(first: 2, after: \"{end}\")");
        let (names, more, _) = page(stage, level, ada, &next).await;
        assert_eq!((names.join(""), more), ("de".to_owned(), (false, false)));
    })
    .await;
}

#[tokio::test]
async fn a_page_has_at_most_100_items() {
    on_both_levels_with(&UNLIMITED, async |stage, level, ada| {
        let names: Vec<String> = (0..101).map(|number| number.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        make(stage, level, ada, &names).await;
        for arguments in ["", "(first: 1000)"] {
            let (names, more, _) = page(stage, level, ada, arguments).await;
            assert_eq!((names.len(), more), (100, (false, true)));
        }
    })
    .await;
}

#[tokio::test]
async fn arguments_that_make_no_page_are_refused() {
    on_both_levels_with(&UNLIMITED, async |stage, level, ada| {
        for (arguments, message) in [
            (
                "(first: 1, last: 1)",
                "Can only provide either `first` or `last`, not both",
            ),
            ("(first: -1)", "`first` and `last` must not be negative"),
            ("(last: -1)", "`first` and `last` must not be negative"),
            ("(after: \"x\")", "Please provide a valid cursor"),
            ("(before: \"aWQ6\")", "Please provide a valid cursor"),
        ] {
            let answer = level.list(stage, ada, arguments).await;
            assert_eq!(answer.refused(), (message, "BAD_USER_INPUT"));
        }
    })
    .await;
}
