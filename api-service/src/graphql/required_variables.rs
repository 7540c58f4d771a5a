//! Variables that a request must bring along. The engine asks for one when it comes to its use, after
//! other parts of the document have been carried out.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition};
use async_graphql::{Request, Value};

/// A variable that is missing or null.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Variable ${name} of type {kind} was provided invalid value (Expected value to not be null)"
)]
pub(super) struct Missing {
    name: String,
    kind: String,
}

/// Looks for the variables of the operation that is asked for. Which one that is when there are several
/// without a name is the engine's to refuse.
pub(super) fn check(document: &ExecutableDocument, request: &Request) -> Result<(), Missing> {
    let Some(operation) = operation(document, request.operation_name.as_deref()) else {
        return Ok(());
    };
    for definition in &operation.variable_definitions {
        let definition = &definition.node;
        let kind = &definition.var_type.node;
        let given = request.variables.get(&definition.name.node);
        let is_null = given.is_some_and(|value| *value == Value::Null);
        let is_absent = given.is_none() && definition.default_value().is_none();
        if !kind.nullable && (is_null || is_absent) {
            return Err(Missing {
                name: definition.name.node.to_string(),
                kind: kind.to_string(),
            });
        }
    }
    Ok(())
}

fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).map(|operation| &operation.node)
        }
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next().map(|operation| &operation.node)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;

    fn missing(query: &str, name: Option<&str>, variables: Json) -> Option<String> {
        let document = parse_query(query).unwrap();
        let mut request = Request::new(query).variables(Variables::from_json(variables));
        request.operation_name = name.map(str::to_owned);
        check(&document, &request).err().map(|missing| missing.name)
    }

    #[test]
    fn what_is_required_and_missing_is_found() {
        let two = "query A($a: Int!) { a } query B($b: [Int!]!) { b }";
        for (query, name, variables, expected) in [
            ("query($a: Int!) { a }", None, json!({}), Some("a")),
            ("query($a: Int!) { a }", None, json!({"a": null}), Some("a")),
            ("query($a: Int!) { a }", None, json!({"a": 1}), None),
            ("query($a: Int! = 1) { a }", None, json!({}), None),
            ("query($a: Int) { a }", None, json!({}), None),
            ("query($a: Int) { a }", None, json!({"a": null}), None),
            (two, Some("A"), json!({}), Some("a")),
            (two, Some("B"), json!({}), Some("b")),
            (two, Some("B"), json!({"b": []}), None),
            (two, Some("C"), json!({}), None),
            (two, None, json!({}), None),
            ("{ a }", None, json!({}), None),
        ] {
            let found = missing(query, name, variables);
            assert_eq!(found.as_deref(), expected, "{query} {name:?}");
        }
    }
}
