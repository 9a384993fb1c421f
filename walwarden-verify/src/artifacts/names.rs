//! Which stated object a file is named like.

use std::collections::BTreeMap;

use super::Stated;

/// Stated objects by their key, its parts in reverse: what ends alike stands together.
pub(crate) struct Names(BTreeMap<String, Vec<usize>>);

/// What a path is named like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// No stated object.
    None,
    /// This one, by its place in the list.
    One(usize),
    /// More than one: the name says too little.
    Several,
}

impl Names {
    pub(crate) fn of(stated: &[Stated]) -> Self {
        let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, one) in stated.iter().enumerate() {
            names.entry(reversed(&one.key)).or_default().push(place);
        }
        Self(names)
    }

    /// The object whose key the path ends with, or whose key ends with the whole path.
    pub(crate) fn find(&self, path: &str) -> Named {
        let path = reversed(path);
        let ends = path.char_indices().rev().filter(|(_, c)| *c == '/');
        for (end, _) in ends {
            if let Some(places) = self.0.get(path.get(..=end).unwrap_or_default()) {
                return one(places.iter().copied());
            }
        }
        let longer = self.0.range(path.clone()..).take_while(|(key, _)| key.starts_with(&path));
        one(longer.flat_map(|(_, places)| places.iter().copied()))
    }
}

fn one(mut places: impl Iterator<Item = usize>) -> Named {
    match (places.next(), places.next()) {
        (None, _) => Named::None,
        (Some(place), None) => Named::One(place),
        (Some(_), Some(_)) => Named::Several,
    }
}

/// `a/b/c` as `c/b/a/`.
fn reversed(path: &str) -> String {
    path.split('/').rev().filter(|part| !part.is_empty()).fold(String::new(), |out, part| out + part + "/")
}

#[cfg(test)]
mod tests {
    use walwarden_core::Digest;

    use super::*;

    #[test]
    fn a_name_counts_when_it_says_which() {
        let stated = |key: &str| Stated {
            payload: Digest::of(b""),
            database: String::new(),
            what: "dump",
            key: key.into(),
            stored: (0, Digest::of(b"")),
            plain: None,
        };
        let names = Names::of(&["shop/one/dump", "shop/two/dump", "shop/two/globals", "x"].map(stated));
        for (path, named) in [
            ("shop/one/dump", Named::One(0)),
            ("backups/2026/shop/one/dump", Named::One(0)),
            ("two/dump", Named::One(1)),
            ("globals", Named::One(2)),
            ("dump", Named::Several),
            ("three/dump", Named::None),
            ("shop/three/dump", Named::None),
            ("ump", Named::None),
            ("a/x", Named::One(3)),
            ("x/a", Named::None),
            ("", Named::Several),
        ] {
            assert_eq!(names.find(path), named, "{path}");
        }
    }
}
