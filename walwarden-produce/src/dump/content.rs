//! The measured content as the statement has it.

use walwarden_core::statement::backup;

use crate::postgres::catalog::Sequence;

/// Joins what the sequences held before and after. One that was made or dropped in between is in neither dump for sure,
/// so only those seen both times are attested.
#[must_use]
pub fn sequences(before: &[Sequence], after: &[Sequence]) -> Vec<backup::Sequence> {
    let same = |a: &Sequence, b: &Sequence| a.schema == b.schema && a.name == b.name;
    let joined = |first: &Sequence| {
        let second = after.iter().find(|second| same(first, second))?;
        Some(backup::Sequence {
            schema: first.schema.clone(),
            name: first.name.clone(),
            before: first.position.to_string(),
            after: second.position.to_string(),
        })
    };
    before.iter().filter_map(joined).collect()
}
