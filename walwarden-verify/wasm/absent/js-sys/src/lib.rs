//! Stands in for the crate of that name: there is no clock, so it is always 1970. What a workbook says of its making is set
//! by whoever writes it, from the report.
#![no_std]

/// JavaScript's clock.
#[derive(Debug)]
pub struct Date;

impl Date {
    /// Milliseconds since 1970: none.
    #[must_use]
    pub const fn now() -> f64 {
        0.0
    }
}
