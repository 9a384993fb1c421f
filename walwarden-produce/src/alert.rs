//! Alerts: the one place where they are raised and recorded.

use walwarden_core::{
    EntryId,
    event::{AlertRaised, Delivery, Event},
};

use crate::{
    error::ProduceError,
    producer::Producer,
    signer::HeadSigner,
    vault::{Appended, Draft},
};

/// What people are told.
pub struct Alert<'a> {
    /// Its name, such as `backup-failed`.
    pub name: &'a str,
    /// How bad it is, in the organisation's own word.
    pub severity: &'a str,
    /// The entry that it is about.
    pub subject: Option<EntryId>,
    /// By which channel of the configuration.
    pub channel: &'a str,
    /// Where it stands who gets it.
    pub recipients_ref: &'a str,
    /// Whether it only tests that alerts arrive.
    pub test: bool,
}

/// Sends an alert and records what came of it.
///
/// No channel is connected yet: the record says `delivery: unknown`, which no rule counts as delivered.
///
/// # Errors
/// The chain did not take the record.
pub fn raise(producer: &mut Producer, head: &mut HeadSigner, alert: &Alert<'_>) -> Result<Appended, ProduceError> {
    let event = AlertRaised {
        alert: alert.name.into(),
        severity: alert.severity.into(),
        subject: alert.subject,
        channel: alert.channel.into(),
        recipients_ref: alert.recipients_ref.into(),
        delivery: Delivery::Unknown,
        test: alert.test,
    };
    producer.append(head, |_| Ok(Draft::plain(Event::AlertRaised(Box::new(event)))))
}
