//! Connection strings as libpq reads them, split far enough to keep passwords out of arguments.

/// A connection string without its password.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conninfo {
    /// What is handed to libpq's programs.
    pub text: String,
    /// The settings named in it, percent escapes and quotes undone; the later of two wins.
    pub settings: Vec<(String, String)>,
    /// The password that stood in it.
    pub password: Option<String>,
}

impl Conninfo {
    /// The last value of a setting.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// Splits a URI, a `key=value` string or a bare database name.
    ///
    /// # Errors
    /// [`Malformed`] where libpq would not read it either, or could read part of a password as something else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match scheme_end(text) {
            Some(at) => uri(text, at),
            None if text.contains("://") => Err(Malformed),
            None if text.contains('=') => key_values(text),
            None => Ok(Self { text: text.into(), settings: vec![("dbname".into(), text.into())], password: None }),
        }
    }
}

/// The text is no connection string; it is not repeated, since it may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a connection string that PostgreSQL's own programs would read")]
pub struct Malformed;

fn scheme_end(text: &str) -> Option<usize> {
    ["postgresql://", "postgres://"].iter().find(|scheme| text.starts_with(**scheme)).map(|scheme| scheme.len())
}

fn uri(text: &str, start: usize) -> Result<Conninfo, Malformed> {
    let (scheme, rest) = text.split_at(start);
    let (body, query) = rest.split_once('?').map_or((rest, None), |(body, query)| (body, Some(query)));
    let authority_end = body.find('/').unwrap_or(body.len());
    let (authority, path) = body.split_at(authority_end);
    // libpq takes the first '@' before a '/': a second one, or one after it, is a password that was not escaped.
    if authority.matches('@').count() > 1 || path.contains('@') {
        return Err(Malformed);
    }
    let mut found = Conninfo { text: scheme.into(), ..Conninfo::default() };
    let hosts = match authority.split_once('@') {
        Some((user_part, hosts)) => {
            let (user, password) = user_part.split_once(':').map_or((user_part, None), |(u, p)| (u, Some(p)));
            found.text.push_str(user);
            found.text.push('@');
            found.settings.push(("user".into(), percent_decoded(user)?));
            found.password = password.filter(|p| !p.is_empty()).map(percent_decoded).transpose()?;
            hosts
        }
        None => authority,
    };
    found.text.push_str(hosts);
    found.text.push_str(path);
    settings_of_hosts(hosts, &mut found.settings)?;
    if let Some(name) = path.strip_prefix('/').filter(|name| !name.is_empty()) {
        found.settings.push(("dbname".into(), percent_decoded(name)?));
    }
    parameters(query.unwrap_or_default(), &mut found)?;
    Ok(found)
}

fn settings_of_hosts(hosts: &str, settings: &mut Vec<(String, String)>) -> Result<(), Malformed> {
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        // An IPv6 address stands in brackets and has colons of its own.
        let after = host.rfind(']').map_or(0, |at| at + 1);
        let colon = host.get(after..).and_then(|tail| tail.find(':')).map(|at| at + after);
        let (name, port) = colon.map_or((host, ""), |at| (&host[..at], &host[at + 1..]));
        names.push(percent_decoded(name.trim_start_matches('[').trim_end_matches(']'))?);
        ports.push(port.to_owned());
    }
    let joined = |parts: &[String]| parts.join(",");
    let some = |parts: &[String]| parts.iter().any(|part| !part.is_empty());
    if some(&names) {
        settings.push(("host".into(), joined(&names)));
    }
    if some(&ports) {
        settings.push(("port".into(), joined(&ports)));
    }
    Ok(())
}

fn parameters(query: &str, found: &mut Conninfo) -> Result<(), Malformed> {
    let mut first = true;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or(Malformed)?;
        let (key, value) = (percent_decoded(key)?, percent_decoded(value)?);
        if key == "password" {
            found.password = Some(value);
            continue;
        }
        found.text.push(if first { '?' } else { '&' });
        found.text.push_str(pair);
        first = false;
        found.settings.push((key, value));
    }
    Ok(())
}

fn percent_decoded(text: &str) -> Result<String, Malformed> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16)).ok_or(Malformed);
        let value = digit(bytes.next())? * 16 + digit(bytes.next())?;
        match u8::try_from(value).map_err(|_| Malformed)? {
            0 => return Err(Malformed),
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).map_err(|_| Malformed)
}

fn key_values(text: &str) -> Result<Conninfo, Malformed> {
    let mut found = Conninfo::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or(Malformed)?;
        let key = key.trim();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err(Malformed);
        }
        let (value, after) = value(after.trim_start())?;
        if key == "password" {
            found.password = Some(value).filter(|value| !value.is_empty());
        } else {
            let separator = if found.text.is_empty() { "" } else { " " };
            found.text.push_str(&format!("{separator}{key}={}", quoted(&value)));
            found.settings.push((key.into(), value));
        }
        rest = after.trim_start();
    }
    Ok(found)
}

/// One value, quoted or up to white space, and what follows it.
fn value(text: &str) -> Result<(String, &str), Malformed> {
    let (quoted, body) = text.strip_prefix('\'').map_or((false, text), |body| (true, body));
    let mut out = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.push(chars.next().ok_or(Malformed)?.1),
            '\'' if quoted => return Ok((out, &body[at + 1..])),
            c if !quoted && c.is_whitespace() => return Ok((out, &body[at..])),
            c => out.push(c),
        }
    }
    if quoted { Err(Malformed) } else { Ok((out, "")) }
}

/// Quotes the value of a `key=value` string.
#[must_use]
pub fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_the_text() {
        let uri = Conninfo::parse("postgres://me:p%40ss@h1:5433,[::1]:6/db%20x?sslmode=require&password=q").unwrap();
        assert_eq!(uri.text, "postgres://me@h1:5433,[::1]:6/db%20x?sslmode=require");
        assert_eq!(uri.password.as_deref(), Some("q"));
        assert_eq!(uri.setting("host"), Some("h1,::1"));
        assert_eq!(uri.setting("port"), Some("5433,6"));
        assert_eq!(uri.setting("dbname"), Some("db x"));
        assert_eq!(uri.setting("sslmode"), Some("require"));
        let keys = Conninfo::parse("host=h  password = 'a\\'b' dbname='x y' password=z").unwrap();
        assert_eq!((keys.text.as_str(), keys.password.as_deref()), ("host='h' dbname='x y'", Some("z")));
        let name = Conninfo::parse("shop").unwrap();
        assert_eq!((name.text.as_str(), name.password), ("shop", None));
        assert_eq!(Conninfo::parse("postgres:///shop?host=/run/pg").unwrap().setting("host"), Some("/run/pg"));
    }

    #[test]
    fn what_libpq_would_misread_is_refused() {
        for bad in [
            "postgres://me:p@ss@h/db",
            "postgres://me:p/s@h/db",
            "postgres://me:%zz@h/db",
            "mysql://me:secret@h/db",
            "host=h password",
            "host='h",
            "ho st=h",
            "postgres://h/db?x",
        ] {
            assert_eq!(Conninfo::parse(bad), Err(Malformed), "{bad}");
        }
    }
}
