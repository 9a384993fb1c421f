//! What TOML 1.1 added to TOML 1.0. The parser takes it; other readers of a policy do not, and two verifiers must not
//! differ (`spec:policy-1`).

use alloc::vec::Vec;

use toml_parser::{Source, lexer::TokenKind};

/// What a text of TOML has that TOML 1.0 has not.
pub(super) fn beyond_1_0(text: &str) -> Option<&'static str> {
    let mut open: Vec<TokenKind> = Vec::new();
    let mut comma = false;
    for token in Source::new(text).lex() {
        let kind = token.kind();
        match kind {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => open.push(kind),
            TokenKind::RightCurlyBracket if comma => return Some("a comma at the end of an inline table"),
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => _ = open.pop(),
            TokenKind::Newline if open.last() == Some(&TokenKind::LeftCurlyBracket) => {
                return Some("an inline table of more than one line");
            }
            TokenKind::BasicString | TokenKind::MlBasicString => {
                let span = token.span();
                if text.get(span.start()..span.end()).is_some_and(has_new_escape) {
                    return Some("an escape \\e or \\x");
                }
            }
            _ => {}
        }
        if !matches!(kind, TokenKind::Whitespace | TokenKind::Newline | TokenKind::Comment) {
            comma = kind == TokenKind::Comma;
        }
    }
    None
}

fn has_new_escape(string: &str) -> bool {
    let mut characters = string.chars();
    while let Some(character) = characters.next() {
        if character == '\\' && matches!(characters.next(), Some('e' | 'x')) {
            return true;
        }
    }
    false
}
