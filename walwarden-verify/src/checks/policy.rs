//! `policy.in-force`.

use walwarden_core::{
    Digest,
    bundle::blob_name,
    chain::Line,
    event::{Event, PolicyAdopted},
    policy::Policy,
};

use super::{Judged, Stop, count, differs, entry_place, fail, pass};
use crate::{
    facts::{Adopted, Facts, event_of},
    report::ReadsAs,
};

/// Every entry names the last policy adopted at it, and each policy carried is the one adopted, in both forms
/// (`spec:policy-4`).
pub(super) fn in_force(facts: &mut Facts<'_>) -> Judged {
    let entries = facts.entries()?;
    let mut adopted: Vec<Adopted> = Vec::new();
    let mut agreed = None;
    for (position, entry) in entries.all().iter().enumerate() {
        if let Some(Event::PolicyAdopted(data)) = event_of(entry, &["policy.adopted"]) {
            let before = adopted.last().map(|adopted| adopted.digest);
            if data.supersedes.is_some() && data.supersedes != before {
                let what = "a policy supersedes another than the one in force";
                return Err(differs(what, ReadsAs::Edit, entry_place(position), shown(before), shown(data.supersedes)));
            }
            let policy = carried(facts, &data, position)?;
            adopted.push(Adopted { position, digest: data.sha256, policy });
        }
        let expected = adopted.last().map(|adopted| adopted.digest);
        // A line like the one before it, which named what is still expected, does so too.
        if agreed == Some(expected) && entry.names_policy_of_line_before() {
            continue;
        }
        let named = entry.policy();
        if named != expected {
            let what = "an entry names another policy than the last one adopted";
            return Err(differs(what, ReadsAs::Edit, entry_place(position), shown(expected), shown(named)));
        }
        agreed = Some(expected);
    }
    let evidence = match adopted.len() {
        0 => "no policy was adopted, and no entry names one".into(),
        some => format!("{}, {}", count(some, "policy", "policies"), count(entries.all().len(), "entry", "entries")),
    };
    facts.establish().policies = Some(adopted);
    pass(evidence)
}

fn shown(digest: Option<Digest>) -> String {
    digest.map_or("none".into(), |digest| digest.to_string())
}

/// The policy of an adoption where its resolved form is carried; both forms must be the ones adopted. What must be
/// carried is judged by `bundle.complete`.
fn carried(facts: &Facts<'_>, data: &PolicyAdopted, position: usize) -> Result<Option<Policy>, Stop> {
    let names = |digest: &Digest| {
        let blobs = facts.entries()?.all().get(position).map(Line::blobs).unwrap_or_default();
        Ok::<_, Stop>(blobs.iter().any(|blob| blob.sha256 == *digest))
    };
    if !names(&data.sha256)? || !names(&data.toml_sha256)? {
        let what = "an adoption does not name both forms of its policy as attached files";
        return Err(fail(what, ReadsAs::Edit, entry_place(position)));
    }
    let read = |digest: &Digest| {
        let name = blob_name(digest);
        // A file that is not what its name says is no policy: blobs.digests fails.
        facts.source.file(&name).filter(|_| facts.digest(&name) == Some(*digest))
    };
    let toml = match read(&data.toml_sha256) {
        None => None,
        Some(toml) => Some(from_toml(toml, data)?),
    };
    let Some(resolved) = read(&data.sha256) else { return Ok(None) };
    let at = blob_name(&data.sha256);
    let policy = Policy::parse(resolved).map_err(|error| fail(error.to_string(), ReadsAs::Edit, &at))?;
    if let Some(toml) = toml
        && toml != policy
    {
        let what = "the policy as written does not resolve to the policy adopted";
        let found = toml.digest().ok();
        return Err(differs(what, ReadsAs::Edit, blob_name(&data.toml_sha256), data.sha256, shown(found)));
    }
    let said = (&data.version, data.effective_from, &data.author, &data.approved_by, &data.approval_ref);
    let is = (&policy.version, policy.effective_from, &policy.author, &policy.approved_by, &policy.approval_ref);
    if said != is {
        let what = "an adoption says other than the policy that it adopts";
        return Err(differs(what, ReadsAs::Edit, entry_place(position), format!("{is:?}"), format!("{said:?}")));
    }
    Ok(Some(policy))
}

fn from_toml(toml: &[u8], data: &PolicyAdopted) -> Result<Policy, Stop> {
    let at = blob_name(&data.toml_sha256);
    let text = std::str::from_utf8(toml).map_err(|_| fail("the policy as written is not UTF-8", ReadsAs::Edit, &at))?;
    Policy::from_toml(text).map_err(|error| fail(format!("the policy as written: {error}"), ReadsAs::Edit, &at))
}
