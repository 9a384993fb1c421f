//! `artifacts.digests`.

use std::collections::BTreeMap;

use walwarden_core::Digest;

use super::{Judged, Stop, count, differs, nothing, pass};
use crate::{
    artifacts::{Artifacts, Content, GivenFile, Named, Names, Stated, stated},
    facts::Facts,
    report::{ArtifactsShown, Compared, NotRun, ObjectShown, OtherFile, ReadsAs},
};

/// Files listed that belong to no stated object; more are counted.
const OTHERS: usize = 200;

/// A file that is named like a stored object is that object, byte for byte (`spec:verification-6`).
pub(super) fn digests(facts: &mut Facts<'_>) -> Judged {
    let Some(given) = &facts.trust.artifacts else {
        return Err(Stop::NotRun(NotRun::NoInput("stored objects (--artifacts)")));
    };
    let stated = stated(facts.statements()?);
    if stated.is_empty() {
        return Err(nothing("no backup statement is carried"));
    }
    let compared = compare(facts, &stated, given);
    let judged = judge(&compared);
    facts.establish().artifacts = Some(compared);
    judged
}

fn judge(compared: &ArtifactsShown) -> Judged {
    let of = |which: fn(&Compared) -> bool| compared.objects.iter().filter(|object| which(&object.compared)).count();
    let all = compared.objects.len();
    let equal = of(|one| matches!(one, Compared::Equal { .. }));
    let different = of(|one| matches!(one, Compared::Differs { .. }));
    for object in &compared.objects {
        let Compared::Differs { path, bytes, sha256 } = &object.compared else { continue };
        let more = if different > 1 { format!(" (and {} more)", different.saturating_sub(1)) } else { String::new() };
        let what = format!("a file named like a stored object is not that object{more}");
        let reads_as = if *bytes < object.bytes { ReadsAs::Truncation } else { ReadsAs::Edit };
        let shown = |bytes: u64, digest: &Digest| format!("{bytes} bytes, SHA-256 {digest}");
        return Err(differs(what, reads_as, path, shown(object.bytes, &object.sha256), shown(*bytes, sha256)));
    }
    if equal == 0 {
        return Err(nothing("no file that was given is an object that a statement names"));
    }
    let mut evidence = format!("{equal} of {} hashed here, with the digests stated", count(all, "object", "objects"));
    let absent = of(|one| matches!(one, Compared::NotGiven));
    let unread = of(|one| matches!(one, Compared::Unread { .. }));
    let others = compared.others.len().saturating_add(compared.others_left_out);
    for (number, what) in [(absent, "not given"), (unread, "could not be read")] {
        if number > 0 {
            evidence.push_str(&format!(", {number} {what}"));
        }
    }
    if others > 0 {
        evidence.push_str(&format!("; {} of no stated object", count(others, "file", "files")));
    }
    if let Some(more) = compared.more {
        evidence.push_str(&format!("; {more}"));
    }
    pass(evidence)
}

fn compare(facts: &Facts<'_>, stated: &[Stated], given: &Artifacts) -> ArtifactsShown {
    let names = Names::of(stated);
    let mut digests: BTreeMap<Digest, Vec<(usize, bool)>> = BTreeMap::new();
    for (place, one) in stated.iter().enumerate() {
        digests.entry(one.stored.1).or_default().push((place, false));
        if let Some((_, plain)) = one.plain.filter(|plain| plain.1 != one.stored.1) {
            digests.entry(plain).or_default().push((place, true));
        }
    }
    let object = |one: &Stated| ObjectShown {
        seq: facts.referencing(&one.payload).and_then(|position| u64::try_from(position).ok()),
        database: one.database.clone(),
        what: one.what,
        key: one.key.clone(),
        bytes: one.stored.0,
        sha256: one.stored.1,
        compared: Compared::NotGiven,
    };
    let mut shown = ArtifactsShown {
        folder: given.folder.clone(),
        objects: stated.iter().map(object).collect(),
        others: Vec::new(),
        others_left_out: 0,
        more: given.more,
    };
    for file in &given.files {
        match &file.content {
            Content::Hashed(digest) => {
                let equal = digests.get(digest).map(Vec::as_slice).unwrap_or_default();
                shown.hashed(file, digest, equal, names.find(&file.path), stated);
            }
            Content::OfNoInterest => shown.other(file, "no stated object has its size or its name"),
            Content::Unread(why) => match names.find(&file.path) {
                Named::One(place) => {
                    shown.set(place, Compared::Unread { path: file.path.clone(), why: why.clone() });
                }
                Named::None | Named::Several => shown.other(file, why),
            },
        }
    }
    shown
}

impl ArtifactsShown {
    /// Takes a hashed file for each object whose digest it has, and holds it against the one whose name it has.
    fn hashed(&mut self, file: &GivenFile, digest: &Digest, equal: &[(usize, bool)], named: Named, stated: &[Stated]) {
        let path = &file.path;
        let differs = || Compared::Differs { path: path.clone(), bytes: file.bytes, sha256: *digest };
        for (place, before_encryption) in equal {
            let size = stated.get(*place).and_then(|one| if *before_encryption { one.plain } else { Some(one.stored) });
            let same_size = size.is_some_and(|(bytes, _)| bytes == file.bytes);
            let compared = Compared::Equal { path: path.clone(), before_encryption: *before_encryption };
            self.set(*place, if same_size { compared } else { differs() });
        }
        match named {
            Named::One(place) if !equal.iter().any(|(other, _)| *other == place) => self.set(place, differs()),
            Named::Several if equal.is_empty() => {
                self.other(file, "named like several stated objects, and none has its digest");
            }
            Named::None if equal.is_empty() => self.other(file, "no stated object has its digest"),
            _ => {}
        }
    }

    /// Of several files for one object, one that differs says most, then one that is equal.
    fn set(&mut self, place: usize, compared: Compared) {
        let rank = |compared: &Compared| match compared {
            Compared::Differs { .. } => 3,
            Compared::Equal { before_encryption: false, .. } => 2,
            Compared::Equal { before_encryption: true, .. } => 1,
            Compared::Unread { .. } | Compared::NotGiven => 0,
        };
        if let Some(object) = self.objects.get_mut(place)
            && (rank(&compared) > rank(&object.compared) || object.compared == Compared::NotGiven)
        {
            object.compared = compared;
        }
    }

    fn other(&mut self, file: &GivenFile, why: &str) {
        if self.others.len() < OTHERS {
            self.others.push(OtherFile { path: file.path.clone(), bytes: file.bytes, why: why.into() });
        } else {
            self.others_left_out = self.others_left_out.saturating_add(1);
        }
    }
}
