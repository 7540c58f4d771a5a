//! The signing secret that a destination had before its last rotation, and until when it signs along.

use crate::statements::Statements;

pub(crate) const MIGRATION: Statements = Statements {
    name: "m0007_signing_secret_rotation",
    sql: "
ALTER TABLE destinations ADD COLUMN previous_signing_secret text;
ALTER TABLE destinations ADD COLUMN previous_signing_secret_until bigint;
",
};
