//! What a process shows at `/metrics`, read by the rules of the text form.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use standalone::client::Client;

/// A family of series.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) kind: String,
    /// Names of labels, without the bounds of a histogram.
    pub(crate) labels: BTreeSet<String>,
    /// How many series there are; a histogram has many for each of its own.
    pub(crate) series: usize,
}

/// All families by their name.
pub(crate) async fn scrape(address: SocketAddr) -> BTreeMap<String, Family> {
    let (status, body) = Client::new(address, None).get("/metrics").await.unwrap();
    assert_eq!(status, 200);
    families(std::str::from_utf8(&body).unwrap())
}

fn families(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, kind) = declared.split_once(' ').unwrap();
            name.clone_into(&mut current);
            let before = families.insert(
                name.to_owned(),
                Family {
                    kind: kind.to_owned(),
                    ..Family::default()
                },
            );
            assert_eq!(before, None, "{name} is there twice");
        } else if !line.starts_with('#') {
            assert!(line.starts_with(&current), "{line} is not below its type");
            let family = families.get_mut(&current).unwrap();
            family.series += 1;
            let (series, _value) = line.rsplit_once(' ').unwrap();
            let labels = series.split_once('{').map(|(_, labels)| labels);
            family.labels.extend(labels.into_iter().flat_map(names));
        }
    }
    families
}

/// The names of `name="value",…}`; values may hold anything.
fn names(mut labels: &str) -> Vec<String> {
    let mut names = Vec::new();
    while let Some((name, rest)) = labels.split_once("=\"") {
        if name != "le" {
            names.push(name.to_owned());
        }
        let mut escaped = false;
        let end = rest.find(|character| {
            let ends = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            ends
        });
        labels = rest[end.unwrap() + 1..].trim_start_matches(',');
    }
    names
}

#[test]
fn the_text_form_is_read() {
    let read = families(
        "# HELP a_total Counts.\n# TYPE a_total counter\na_total{x=\"{\\\"},y=\",z=\"\"} 1\na_total{x=\"b\",z=\"\"} 2\n# TYPE b gauge\nb 3\n",
    );
    assert_eq!(read["a_total"].labels, ["x", "z"].map(str::to_owned).into());
    assert_eq!(
        (read["a_total"].series, &*read["a_total"].kind),
        (2, "counter")
    );
    assert_eq!((read["b"].series, &*read["b"].kind), (1, "gauge"));
}
