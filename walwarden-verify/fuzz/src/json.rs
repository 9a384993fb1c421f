//! JSON and everything written in it: what one door lets in has exactly one spelling.

use serde_json::{Value, value::RawValue};
use walwarden_core::{
    chain::Entry,
    dsse::Envelope,
    event::Event,
    handover::Handover,
    jcs,
    policy::Policy,
    registry::Versions,
    statement::{Backup, Bundle, KeyRegistry, Predicate, RestoreTest, Statement},
};

/// Reads the bytes as every document.
pub fn run(data: &[u8]) {
    if jcs::check(data).is_ok() {
        let value: Value = serde_json::from_slice(data).expect("canonical JSON is JSON");
        assert_eq!(jcs::to_vec(&value).expect("it has a canonical form"), data, "one spelling");
    }
    if let Ok(entry) = Entry::parse(data) {
        assert_eq!(entry.to_jcs().expect("an entry is written"), data, "an entry has one spelling");
        assert!(jcs::check(data).is_ok(), "an entry is canonical");
    }
    if let Ok(envelope) = Envelope::parse(data) {
        assert_eq!(envelope.to_jcs().expect("an envelope is written"), data, "an envelope has one spelling");
        every_statement(&envelope.payload.0);
    }
    every_statement(data);
    event(data);
    _ = Handover::parse(data);
    _ = Versions::parse(data.split(|byte| *byte == b'\n'));
    if let Ok(policy) = Policy::parse(data) {
        assert_eq!(policy.to_jcs().expect("a policy is written"), data, "a policy has one spelling");
    }
    if let Ok(text) = std::str::from_utf8(data) {
        _ = Policy::from_toml(text);
    }
}

fn every_statement(payload: &[u8]) {
    statement::<Backup>(payload);
    statement::<Bundle>(payload);
    statement::<KeyRegistry>(payload);
    statement::<RestoreTest>(payload);
}

fn statement<P: Predicate>(payload: &[u8])
where
    Statement<P>: Clone,
{
    if let Ok(statement) = Statement::<P>::parse_payload(payload) {
        assert_eq!(statement.to_jcs().expect("a statement is written"), payload, "a statement has one spelling");
    }
}

/// `type LF data`, as an entry carries them.
fn event(data: &[u8]) {
    let Some(line) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (kind, rest) = data.split_at(line);
    let (Ok(kind), Ok(rest)) =
        (std::str::from_utf8(kind), String::from_utf8(rest.get(1..).unwrap_or_default().to_vec()))
    else {
        return;
    };
    if jcs::check(rest.as_bytes()).is_err() {
        return;
    }
    let Ok(raw) = RawValue::from_string(rest) else { return };
    let parsed = Event::parse(kind, &raw);
    if let Ok(written) = parsed.data()
        && !matches!(parsed, Event::NotInterpreted)
    {
        assert_eq!(written.get(), raw.get(), "an event has one spelling");
    }
}
