//! How much a document is when its fragments and variables are written out. Whatever looks at a
//! document walks it in that form, and a few hundred characters can describe one that nobody finishes.

use std::collections::HashMap;
use std::ops::AddAssign;

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Variables};
use async_graphql_value::{ConstValue, Value};

use super::limits::{RECURSION, SELECTIONS, VARIABLE_BYTES};

/// Why a document is not looked at any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// It has too many selections.
    #[error(
        "The query has more than {SELECTIONS} fields and fragments when its fragments are written out"
    )]
    TooLong,
    /// Its variables are too large for the number of their uses.
    #[error("The variables have more than {VARIABLE_BYTES} bytes when each use of them counts")]
    TooLarge,
    /// Selections are inside of each other too deep.
    #[error("The query has fields and fragments inside of each other deeper than {RECURSION}")]
    TooDeep,
    /// A fragment is a part of itself.
    #[error("The fragment \"{0}\" contains itself")]
    Endless(String),
}

/// Measures every operation and every fragment.
pub(super) fn check(document: &ExecutableDocument, variables: &Variables) -> Result<(), Refused> {
    let mut measure = Measure {
        document,
        variables: sizes(document, variables),
        fragments: HashMap::new(),
    };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        total += measure.directives(&operation.node.directives);
        total += measure.set(&operation.node.selection_set.node, 1)?;
    }
    for name in document.fragments.keys() {
        total += measure.fragment(name, 1)?;
    }
    if total.selections > SELECTIONS {
        return Err(Refused::TooLong);
    }
    if total.variable_bytes > VARIABLE_BYTES {
        return Err(Refused::TooLarge);
    }
    Ok(())
}

/// How much is to be walked.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    selections: usize,
    variable_bytes: usize,
}

impl AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.variable_bytes = self.variable_bytes.saturating_add(other.variable_bytes);
    }
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    variables: HashMap<&'a str, usize>,
    /// Each fragment is measured once; none: it is being measured.
    fragments: HashMap<&'a str, Option<Size>>,
}

impl<'a> Measure<'a> {
    fn set(&mut self, set: &'a SelectionSet, depth: usize) -> Result<Size, Refused> {
        if depth > RECURSION && !set.items.is_empty() {
            return Err(Refused::TooDeep);
        }
        let mut size = Size::default();
        for selection in &set.items {
            size += Size {
                selections: 1,
                variable_bytes: 0,
            };
            size += self.directives(selection.node.directives());
            let inner = match &selection.node {
                Selection::Field(field) => {
                    size += self.arguments(&field.node.arguments);
                    self.set(&field.node.selection_set.node, depth + 1)?
                }
                Selection::InlineFragment(inline) => {
                    self.set(&inline.node.selection_set.node, depth + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, depth + 1)?
                }
            };
            size += inner;
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &'a str, depth: usize) -> Result<Size, Refused> {
        match self.fragments.get(name) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(Refused::Endless(name.to_owned())),
            None => {}
        }
        // One that does not exist is the engine's to tell.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Size::default());
        };
        self.fragments.insert(name, None);
        let mut size = self.directives(&fragment.node.directives);
        size += self.set(&fragment.node.selection_set.node, depth)?;
        self.fragments.insert(name, Some(size));
        Ok(size)
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Size {
        let mut size = Size::default();
        for directive in directives {
            size += self.arguments(&directive.node.arguments);
        }
        size
    }

    fn arguments(&self, arguments: &[(Positioned<Name>, Positioned<Value>)]) -> Size {
        let bytes = arguments.iter().map(|(_, value)| self.uses(&value.node));
        Size {
            selections: 0,
            variable_bytes: bytes.fold(0, usize::saturating_add),
        }
    }

    /// The bytes of the variables that a value names.
    fn uses(&self, value: &Value) -> usize {
        match value {
            Value::Variable(name) => self.variables.get(name.as_str()).copied().unwrap_or(0),
            Value::List(values) => {
                let bytes = values.iter().map(|value| self.uses(value));
                bytes.fold(0, usize::saturating_add)
            }
            Value::Object(fields) => {
                let bytes = fields.values().map(|value| self.uses(value));
                bytes.fold(0, usize::saturating_add)
            }
            _ => 0,
        }
    }
}

/// The bytes of each variable: of its default, where that is the larger one.
fn sizes<'a>(
    document: &'a ExecutableDocument,
    variables: &'a Variables,
) -> HashMap<&'a str, usize> {
    let mut sizes: HashMap<&str, usize> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), bytes(value)))
        .collect();
    for (_, operation) in document.operations.iter() {
        for definition in &operation.node.variable_definitions {
            let default = definition.node.default_value().map_or(0, bytes);
            let size = sizes.entry(&definition.node.name.node).or_default();
            *size = default.max(*size);
        }
    }
    sizes
}

/// About as many as the value takes in JSON at least.
fn bytes(value: &ConstValue) -> usize {
    match value {
        ConstValue::String(text) => 1 + text.len(),
        ConstValue::List(values) => 1 + values.iter().map(bytes).sum::<usize>(),
        ConstValue::Object(fields) => {
            let fields = fields.iter();
            1 + fields
                .map(|(name, value)| name.len() + bytes(value))
                .sum::<usize>()
        }
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    /// Fragments of which each holds the next one so many times.
    fn chain(levels: usize, times: usize) -> String {
        let fragments = (0..levels).map(|level| {
            let next = format!("...F{} ", level + 1).repeat(times);
            format!("fragment F{level} on Query {{ {next} }} ")
        });
        let last = format!("fragment F{levels} on Query {{ a(b: $b) }} ");
        fragments.chain([last]).collect()
    }

    #[test]
    fn a_document_is_as_long_as_with_its_fragments_written_out() {
        let fields = "a ".repeat(SELECTIONS);
        let deep = |levels| format!("{}a{}", "{ a ".repeat(levels), "}".repeat(levels));
        for (query, expected) in [
            ("{ a }", Ok(())),
            (&*format!("{{ {fields} }}"), Ok(())),
            (&*format!("{{ {fields} a }}"), Err(Refused::TooLong)),
            (&*format!("{} {{ ...F0 }}", chain(5, 2)), Ok(())),
            (
                &*format!("{} {{ ...F0 }}", chain(25, 2)),
                Err(Refused::TooLong),
            ),
            // What no operation uses is walked too.
            (&*format!("{} {{ a }}", chain(25, 2)), Err(Refused::TooLong)),
            (
                &*format!("{} {{ a }}", chain(25, 400)),
                Err(Refused::TooLong),
            ),
            (&*deep(RECURSION), Ok(())),
            (&*deep(RECURSION + 1), Err(Refused::TooDeep)),
            (
                &*format!("{} {{ ...F0 }}", chain(40, 1)),
                Err(Refused::TooDeep),
            ),
            (
                "{ ...A } fragment A on Query { ...B } fragment B on Query { a { ...A } }",
                Err(Refused::Endless("A".to_owned())),
            ),
            ("{ ...Unknown }", Ok(())),
        ] {
            let document = parse_query(query).unwrap();
            let refused = check(&document, &Variables::default());
            assert_eq!(refused, expected, "{query:.200}");
        }
    }

    #[test]
    fn every_use_of_a_variable_counts() {
        let large = json!({"b": "x".repeat(VARIABLE_BYTES / 2 - 1)});
        let many = json!({"b": vec![[1]; VARIABLE_BYTES / 4]});
        let default = "1 ".repeat(VARIABLE_BYTES / 100);
        let spread = chain(3, 5);
        for (query, variables, expected) in [
            ("query($b: I) { a(b: $b) a(b: $b) }", &large, Ok(())),
            (
                "query($b: I) { a(b: $b) a(b: $b) a(b: $b) }",
                &large,
                Err(Refused::TooLarge),
            ),
            (
                "query($b: I) { a(b: [$b {c: [$b]} $b]) }",
                &many,
                Err(Refused::TooLarge),
            ),
            (
                "query($b: I) { a @d(b: $b) { ... @d(b: $b) { a } ...A @d(b: $b) } } fragment A on Query { a }",
                &large,
                Err(Refused::TooLarge),
            ),
            (
                "query($b: I) @d(b: $b) { ...A } fragment A on Query @d(b: $b) { a(b: $b) }",
                &large,
                Err(Refused::TooLarge),
            ),
            (
                &*format!("{spread} query($b: I) {{ ...F0 }}"),
                &large,
                Err(Refused::TooLarge),
            ),
            (
                &*format!("{spread} query($b: I = [{default}]) {{ ...F0 }}"),
                &json!({}),
                Err(Refused::TooLarge),
            ),
            ("query($b: I) { a(b: $c) }", &large, Ok(())),
        ] {
            let document = parse_query(query).unwrap();
            let refused = check(&document, &Variables::from_json(variables.clone()));
            assert_eq!(refused, expected, "{query:.200}");
        }
    }
}
