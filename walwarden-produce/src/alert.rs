//! Alerts: the one place where they are sent and recorded.

use walwarden_core::{
    EntryId,
    event::{AlertRaised, Delivery, Event},
};

use crate::{
    channel::{Message, NotDelivered},
    error::ProduceError,
    producer::Producer,
    signer::HeadSigner,
    vault::{Appended, Draft},
};

/// What people are told.
pub struct Alert<'a> {
    /// Its name, such as `backup-failed`.
    pub name: &'a str,
    /// How bad it is: `page`, `warn`, `info`.
    pub severity: &'a str,
    /// In words; sent, not recorded.
    pub text: &'a str,
    /// The entry that it is about.
    pub subject: Option<EntryId>,
    /// By which channel of the configuration.
    pub channel: &'a str,
    /// Where it stands who gets it.
    pub recipients_ref: &'a str,
    /// Whether it only tests that alerts arrive.
    pub test: bool,
}

/// What came of an alert.
#[derive(Debug)]
pub struct Raised {
    /// Its entry.
    pub entry: Appended,
    /// What the entry says.
    pub recorded: AlertRaised,
    /// Why it is not known to be delivered.
    pub why: Option<String>,
}

impl Raised {
    /// What is known of the delivery, in a word.
    #[must_use]
    pub const fn delivery(&self) -> &'static str {
        match self.recorded.delivery {
            Delivery::Delivered => "delivered",
            Delivery::Failed => "failed",
            Delivery::Unknown => "unknown",
        }
    }
}

/// Sends an alert and records what came of it. One whose record fails may be sent again by the next run.
///
/// # Errors
/// The chain did not take the record.
pub fn raise(producer: &mut Producer, head: &mut HeadSigner, alert: &Alert<'_>) -> Result<Raised, ProduceError> {
    let sent = send(producer, alert).err();
    let recorded = AlertRaised {
        alert: alert.name.into(),
        severity: alert.severity.into(),
        subject: alert.subject,
        channel: alert.channel.into(),
        recipients_ref: alert.recipients_ref.into(),
        delivery: sent.as_ref().map_or(Delivery::Delivered, |failure| failure.delivery),
        test: alert.test,
    };
    let event = Event::AlertRaised(Box::new(recorded.clone()));
    let entry = producer.append(head, |_| Ok(Draft::plain(event)))?;
    Ok(Raised { entry, recorded, why: sent.map(|failure| failure.why) })
}

fn send(producer: &Producer, alert: &Alert<'_>) -> Result<(), NotDelivered> {
    let configured = producer.config.channel.iter().find(|channel| channel.name == alert.channel);
    let channel = configured.ok_or_else(|| NotDelivered::failed("walwarden.toml has no such channel"))?;
    let message = Message {
        origin: producer.config.origin.as_str(),
        alert: alert.name,
        severity: alert.severity,
        text: alert.text,
        at: producer.now(),
        subject: alert.subject,
        recipients_ref: alert.recipients_ref,
        test: alert.test,
    };
    channel.send(&message)
}
