//! What a definition may say and what not, as tables.

use super::*;

/// A definition with all fields of GitLab's form.
const FULL: &str = "---
name: invoice_paid
description: An invoice was paid.
introduced_by_issue: https://tracker.example/issues/7
introduced_by_mr: https://tracker.example/changes/8
feature_category: billing
milestone: '18.10'
saved_to_database: true
streamed: true
scope: [Group, Project]
compliance_controls: [SOC2]
";
/// As little as a definition may say.
const LEAST: &str = "{name: invoice_paid, description: An invoice was paid., scope: [Instance]}";

fn parsed(text: &str) -> Result<EventType, Vec<String>> {
    parse("invoice_paid", text, &Catalogue::built_in())
}

/// A definition with one line of [`FULL`] replaced, or one more.
fn with(line: &str) -> String {
    let field = line.split(':').next().unwrap();
    let kept = FULL
        .lines()
        .filter(|one| !one.starts_with(&format!("{field}:")));
    kept.chain([line]).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_fields_of_gitlabs_form_are_taken() {
    let event_type = parsed(FULL).unwrap();
    let expected = EventType {
        name: "invoice_paid".to_owned(),
        description: "An invoice was paid.".to_owned(),
        introduced_by_issue: Some("https://tracker.example/issues/7".to_owned()),
        introduced_by_mr: Some("https://tracker.example/changes/8".to_owned()),
        feature_category: "billing".to_owned(),
        milestone: "18.10".to_owned(),
        saved_to_database: true,
        streamed: true,
        scopes: vec![EntityKind::Group, EntityKind::Project],
    };
    assert_eq!(event_type, expected);
}

#[test]
fn name_description_and_scope_are_enough() {
    let event_type = parsed(LEAST).unwrap();
    let expected = EventType {
        name: "invoice_paid".to_owned(),
        description: "An invoice was paid.".to_owned(),
        introduced_by_issue: None,
        introduced_by_mr: None,
        feature_category: "custom".to_owned(),
        milestone: "0.0".to_owned(),
        saved_to_database: false,
        streamed: true,
        scopes: vec![EntityKind::Instance],
    };
    assert_eq!(event_type, expected);
    assert_eq!(
        parsed("name:\ndescription: ''\n").unwrap_err(),
        [
            "name is missing",
            "description must be a text that is not empty, in quotes if need be",
            "scope is missing"
        ]
    );
}

#[test]
fn each_field_has_its_form() {
    const TEXT: &str = "must be a text that is not empty, in quotes if need be";
    const LINK: &str = "must be an address that begins with https://";
    const MILESTONE: &str = "must be two numbers and a dot, such as '18.2'";
    const STREAMED: &str = "must be true, as all that is published is streamed";
    const KINDS: &str = "must be some of Instance, Group, Project, User, not";
    let table = [
        ("name: invoice_paid", None),
        (
            "name: Invoice_paid",
            Some("must be 1 to 255 of a-z, 0-9 and _".to_owned()),
        ),
        (
            "name: invoice-paid",
            Some("must be 1 to 255 of a-z, 0-9 and _".to_owned()),
        ),
        ("name: 7", Some(TEXT.to_owned())),
        (
            "name: other",
            Some("must be that of the file, not other".to_owned()),
        ),
        ("description: >\n  Paid,\n  at last.\n", None),
        ("description: 2026", Some(TEXT.to_owned())),
        ("description: [Paid]", Some(TEXT.to_owned())),
        ("description: ' '", Some(TEXT.to_owned())),
        ("introduced_by_issue:", None),
        (
            "introduced_by_issue: http://tracker.example",
            Some(LINK.to_owned()),
        ),
        ("introduced_by_mr: '#8'", Some(LINK.to_owned())),
        ("introduced_by_mr: https://", Some(LINK.to_owned())),
        ("introduced_by_mr: 8", Some(TEXT.to_owned())),
        ("feature_category: [a]", Some(TEXT.to_owned())),
        ("milestone: '0.1'", None),
        // Without the quotes YAML takes it for 18.1.
        ("milestone: 18.10", Some(TEXT.to_owned())),
        ("milestone: '18'", Some(MILESTONE.to_owned())),
        ("milestone: '18.'", Some(MILESTONE.to_owned())),
        ("milestone: '18.1.2'", Some(MILESTONE.to_owned())),
        ("milestone: v18.1", Some(MILESTONE.to_owned())),
        ("saved_to_database: false", None),
        (
            "saved_to_database: 'false'",
            Some("must be true or false".to_owned()),
        ),
        ("streamed: maybe", Some("must be true or false".to_owned())),
        ("streamed: false", Some(STREAMED.to_owned())),
        ("scope: [Instance, Group, Project, User]", None),
        ("scope: Group", Some("must be a list of texts".to_owned())),
        (
            "scope: [Group, 7]",
            Some("must be a list of texts".to_owned()),
        ),
        ("scope: []", Some("is missing".to_owned())),
        ("scope: [Group, group]", Some(format!("{KINDS} group"))),
        ("scope: [User, User]", Some("names User twice".to_owned())),
        ("compliance_controls: []", None),
        (
            "compliance_controls: SOC2",
            Some("must be a list of texts".to_owned()),
        ),
        (
            "colour: red",
            Some("is no field of a definition".to_owned()),
        ),
        ("colour:", Some("is no field of a definition".to_owned())),
    ];
    for (line, problem) in table {
        let field = line.split(':').next().unwrap();
        let expected = problem.map(|problem| vec![format!("{field} {problem}")]);
        assert_eq!(parsed(&with(line)).err(), expected, "{line}");
    }
}

#[test]
fn a_type_that_is_neither_saved_nor_streamed_is_refused() {
    let text = with("streamed: false").replace("database: true", "database: false");
    let problems = parsed(&text).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with("streamed must be true"),
        "{problems:?}"
    );
}

#[test]
fn a_built_in_type_cannot_be_defined_again() {
    let text = LEAST.replace("invoice_paid", "user_created");
    assert_eq!(
        parse("user_created", &text, &Catalogue::built_in()),
        Err(vec![
            "name is that of a built-in type: user_created".to_owned()
        ])
    );
}

#[test]
fn the_longest_name_is_that_of_the_contract() {
    for (length, fits) in [(255, true), (256, false)] {
        let name = "a".repeat(length);
        let text = LEAST.replace("invoice_paid", &name);
        let parsed = parse(&name, &text, &Catalogue::built_in());
        assert_eq!(parsed.is_ok(), fits, "{length}");
    }
}

#[test]
fn every_problem_of_a_definition_is_told() {
    let text = "name: a\nmilestone: x\nstreamed: no way\ncolour: red\nsize: 7\n";
    let problems = parsed(text).unwrap_err();
    let fields: Vec<&str> = problems
        .iter()
        .map(|problem| problem.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "name",
            "description",
            "milestone",
            "streamed",
            "scope",
            "colour",
            "size"
        ]
    );
}

#[test]
fn what_is_no_definition_is_told_in_one_line() {
    for text in [
        "",
        "# nothing\n",
        "just a text",
        "[name]",
        "name: [",
        "name: 'a",
        "name: a\nname: b\n",
        "name: a\n--- \nname: b\n",
        "a: &a [x]\nname: *b\n",
    ] {
        let problems = parsed(text).unwrap_err();
        assert_eq!(problems.len(), 1, "{text:?}: {problems:?}");
        assert!(!problems[0].contains('\n'), "{text:?}: {problems:?}");
        let is_told = ["is not YAML: ", "must be fields with values"]
            .iter()
            .any(|start| problems[0].starts_with(start));
        assert!(is_told, "{text:?}: {problems:?}");
    }
}

#[test]
fn aliases_cannot_grow_a_small_file_without_end() {
    let lines = (0..12).map(|level: u32| {
        let before = match level {
            0 => "x".to_owned(),
            _ => format!("*a{}", level - 1),
        };
        let list = [before.as_str(); 10].join(", ");
        format!("a{level}: &a{level} [{list}]\n")
    });
    let text: String = lines.collect();
    let problems = parsed(&text).unwrap_err();
    assert!(problems[0].starts_with("is not YAML: "), "{}", problems[0]);
}

#[test]
fn the_example_in_the_documents_is_a_definition() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/publishing.md");
    let document = std::fs::read_to_string(file).unwrap();
    let (_, rest) = document.split_once("```yaml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let event_type = parsed(example).unwrap();
    assert_eq!(event_type.scopes, [EntityKind::Group]);
    assert!(
        document.contains(&format!("`{NO_FEATURE}`")),
        "{NO_FEATURE}"
    );
    assert!(
        document.contains(&format!("`{NO_MILESTONE}`")),
        "{NO_MILESTONE}"
    );
}
