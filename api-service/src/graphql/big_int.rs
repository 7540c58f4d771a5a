//! Integers of 64 bits, for which GraphQL's own `Int` is too small.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use serde::Serialize;

/// An integer of 64 bits, as a number or as a string of its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct BigInt(i64);

/// An integer of 64 bits, as a number or as a string of its digits: not every client can write so
/// large a number.
#[Scalar]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::Number(number) => number.as_i64(),
            Value::String(digits) => digits.parse().ok(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        number
            .map(Self)
            .ok_or_else(|| InputValueError::custom("must be an integer of 64 bits"))
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::Number(_) | Value::String(_))
    }

    fn to_value(&self) -> Value {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_integer_comes_as_a_number_or_a_string() {
        let table = [
            (json!(7), Some(7)),
            (json!("7"), Some(7)),
            (json!(-3), Some(-3)),
            (json!("-3"), Some(-3)),
            (json!(i64::MAX), Some(i64::MAX)),
            (json!("9223372036854775807"), Some(i64::MAX)),
            (json!("9223372036854775808"), None),
            (json!(u64::MAX), None),
            (json!(1.5), None),
            (json!("1.5"), None),
            (json!(""), None),
            (json!(" 7"), None),
            (json!("seven"), None),
            (json!(true), None),
            (json!([7]), None),
        ];
        for (given, expected) in table {
            let value = Value::from_json(given.clone()).unwrap();
            let parsed = BigInt::parse(value).ok().map(|number| number.0);
            assert_eq!(parsed, expected, "{given}");
        }
    }
}
