//! Stands in for the crate of that name: nothing is exported to JavaScript, nothing imported from it.
#![no_std]

/// The attribute, which does nothing.
pub mod prelude {
    pub use wasm_bindgen_macro::wasm_bindgen;
}

/// A value of JavaScript, of which there is none here.
#[derive(Debug, Clone, Copy)]
pub struct JsValue;

impl JsValue {
    /// Forgets the text.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "the name that callers know")]
    pub const fn from_str(_text: &str) -> Self {
        Self
    }
}
