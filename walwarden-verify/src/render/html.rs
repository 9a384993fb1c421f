//! One self-contained page for screen and print: no script, no style attributes, nothing fetched.
//!
//! Escaping is set for every template, whatever its name: minijinja would otherwise decide by the name.

use base64ct::{Base64, Encoding};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context, syntax::SyntaxConfig, value::Serde};
use walwarden_core::Digest;

use super::{chart::WIDTH, document::Document};

const STYLE: &str = include_str!("../../templates/style.css");
const PAGE: &str = include_str!("../../templates/page.html");
const PARTS: &str = include_str!("../../templates/parts.html");

/// Renders the page.
///
/// # Errors
/// A template is at fault; the tests render every part of them.
pub(super) fn render(document: &Document) -> Result<String, minijinja::Error> {
    let environment = environment()?;
    // The hash covers what stands between the tags: the template as it is rendered.
    let style = environment.get_template("style.css")?.render(context! {})?;
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'",
        Base64::encode_string(Digest::of(style.as_bytes()).as_bytes())
    );
    environment.get_template("page.html")?.render(context! { policy, document => Serde(document), width => WIDTH })
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_filter("eights", eights);
    environment.add_filter("tenth", tenth);
    environment.add_template("style.css", STYLE)?;
    environment.add_template("parts.html", PARTS)?;
    environment.add_template("page.html", PAGE)?;
    Ok(environment)
}

/// A length to a tenth of a point.
fn tenth(length: f64) -> String {
    format!("{length:.1}")
}

/// Groups of eight characters.
fn eights(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(8).map(|group| group.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_template_switches_escaping_off() {
        for template in [STYLE, PAGE, PARTS] {
            for forbidden in ["|safe", "| safe", "autoescape", "<script", "style=", "javascript:", "http:", "https:"] {
                assert!(!template.contains(forbidden), "{forbidden}");
            }
        }
    }

    #[test]
    fn the_style_is_no_template() {
        let style = environment().unwrap().get_template("style.css").unwrap().render(context! {}).unwrap();
        assert_eq!(style, STYLE.trim_end_matches('\n'));
        assert!(!style.contains('<'));
    }
}
