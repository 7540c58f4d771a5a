//! Pages of lists: of destinations on every surface, and of the headers of one.

use api_service::auth::Caller;
use serde_json::{Value, json};

use crate::databases::on_every_database_with;
use crate::stage::{Answer, Stage};
use crate::surface::{Surface, Wanted};

const UNLIMITED: [(&str, &str); 2] = [("LIMITS__DESTINATIONS", "0"), ("LIMITS__HEADERS", "100")];

/// A list, and who may read and change it.
struct List<'a> {
    stage: &'a Stage,
    ada: &'a Caller,
    surface: Surface,
    /// The destination whose headers are listed; none: the destinations are.
    headers_of: Option<String>,
}

/// The surfaces, and whether it is the headers that are listed, which are no list in the consolidated
/// generation.
const LISTS: [(Surface, bool); 6] = [
    (Surface::LegacyGroup, false),
    (Surface::LegacyInstance, false),
    (Surface::ConsolidatedGroup, false),
    (Surface::ConsolidatedInstance, false),
    (Surface::LegacyGroup, true),
    (Surface::LegacyInstance, true),
];

/// Runs a test on every list and every database.
async fn on_every_list(test: impl AsyncFn(List<'_>)) {
    for (surface, of_headers) in LISTS {
        on_every_database_with(&UNLIMITED, async |stage| {
            let ada = &surface.administrator(stage).await;
            let headers_of = if of_headers {
                Some(surface.level().destination(stage, ada).await)
            } else {
                None
            };
            test(List {
                stage,
                ada,
                surface,
                headers_of,
            })
            .await;
        })
        .await;
    }
}

impl List<'_> {
    /// Makes items of these names.
    async fn make(&self, names: &[&str]) -> Vec<String> {
        let mut ids = Vec::new();
        for name in names {
            let made = self.add(name).await;
            ids.push(made["id"].as_str().unwrap().to_owned());
        }
        ids
    }

    async fn add(&self, name: &str) -> Value {
        let Self {
            stage,
            ada,
            surface,
            ..
        } = self;
        if let Some(id) = &self.headers_of {
            return surface.level().add_header(stage, ada, id, name).await;
        }
        let wanted = Wanted {
            url: Some(&format!("https://1.1.1.1/{name}")),
            name: Some(name),
            ..Wanted::default()
        };
        let outcome = surface.create(stage, ada, &wanted).await;
        assert_eq!(outcome.errors, Vec::<String>::new());
        outcome.destination
    }

    async fn remove(&self, id: &str) {
        let Self {
            stage,
            ada,
            surface,
            ..
        } = self;
        let answer = if self.headers_of.is_some() {
            let input = json!({ "headerId": id });
            surface.level().header(stage, ada, "Destroy", input).await
        } else {
            surface.destroy(stage, ada, id).await
        };
        answer.data();
    }

    async fn ask(&self, arguments: &str) -> Answer {
        let Self {
            stage,
            ada,
            surface,
            ..
        } = self;
        let name = if self.headers_of.is_some() {
            "name: key"
        } else {
            "name"
        };
        let selection = format!(
            "nodes {{ {name} }} edges {{ cursor node {{ {name} }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}"
        );
        if self.headers_of.is_none() {
            return surface.connection(stage, ada, arguments, &selection).await;
        }
        let selection = format!("nodes {{ headers{arguments} {{ {selection} }} }}");
        let mut answer = surface.connection(stage, ada, "", &selection).await;
        answer.data = answer.data["nodes"][0]["headers"].clone();
        answer
    }

    /// The names on a page, whether there is more before and after, and the cursors of its ends.
    async fn page(&self, arguments: &str) -> (Vec<String>, (bool, bool), (String, String)) {
        let answer = self.ask(arguments).await;
        let list = answer.data();
        let info = &list["pageInfo"];
        let nodes = list["nodes"].as_array().unwrap();
        let edges = list["edges"].as_array().unwrap();
        assert!(edges.iter().map(|edge| &edge["node"]).eq(nodes));
        let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
        assert_eq!(info["startCursor"], cursor(edges.first()));
        assert_eq!(info["endCursor"], cursor(edges.last()));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (
            nodes.iter().map(|node| text(&node["name"])).collect(),
            (info["hasPreviousPage"] == true, info["hasNextPage"] == true),
            (text(&info["startCursor"]), text(&info["endCursor"])),
        )
    }
}

#[tokio::test]
async fn a_list_can_be_walked_from_either_end() {
    on_every_list(async |list| {
        list.make(&["a", "b", "c", "d", "e"]).await;
        let (names, more, (_, end)) = list.page("(first: 2)").await;
        assert_eq!((names.join(""), more), ("ab".to_owned(), (false, true)));
        let next = format!("(first: 2, after: \"{end}\")");
        let (names, more, (_, end)) = list.page(&next).await;
        assert_eq!((names.join(""), more), ("cd".to_owned(), (true, true)));
        let next = format!("(first: 2, after: \"{end}\")");
        let (names, more, (start, end)) = list.page(&next).await;
        assert_eq!((names.join(""), more), ("e".to_owned(), (true, false)));
        let next = format!("(first: 2, after: \"{end}\")");
        let (names, more, _) = list.page(&next).await;
        assert_eq!((names.join(""), more), (String::new(), (true, false)));

        let back = format!("(last: 2, before: \"{start}\")");
        let (names, more, (start, _)) = list.page(&back).await;
        assert_eq!((names.join(""), more), ("cd".to_owned(), (true, true)));
        let back = format!("(last: 2, before: \"{start}\")");
        let (names, more, _) = list.page(&back).await;
        assert_eq!((names.join(""), more), ("ab".to_owned(), (false, true)));
        let (names, more, _) = list.page("(last: 2)").await;
        assert_eq!((names.join(""), more), ("de".to_owned(), (true, false)));
    })
    .await;
}

#[tokio::test]
async fn pages_stay_true_while_items_come_and_go() {
    on_every_list(async |list| {
        let ids = list.make(&["a", "b", "c", "d"]).await;
        let (_, _, (_, end)) = list.page("(first: 2)").await;
        // The one that the cursor stands on, one before it, and one after it.
        for id in [&ids[1], &ids[0], &ids[2]] {
            list.remove(id).await;
        }
        list.make(&["e"]).await;
        let next = format!("(first: 2, after: \"{end}\")");
        let (names, more, _) = list.page(&next).await;
        assert_eq!((names.join(""), more), ("de".to_owned(), (false, false)));
    })
    .await;
}

#[tokio::test]
async fn a_page_has_at_most_100_items() {
    on_every_list(async |list| {
        if list.headers_of.is_some() {
            // There cannot be more.
            return;
        }
        let names: Vec<String> = (0..101).map(|number| number.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        list.make(&names).await;
        for arguments in ["", "(first: 1000)"] {
            let (names, more, _) = list.page(arguments).await;
            assert_eq!((names.len(), more), (100, (false, true)));
        }
    })
    .await;
}

#[tokio::test]
async fn arguments_that_make_no_page_are_refused() {
    on_every_list(async |list| {
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
            let answer = list.ask(arguments).await;
            assert_eq!(answer.refused(), (message, "BAD_USER_INPUT"));
        }
    })
    .await;
}
