//! What people record: actions, alerts, holds, maintenance, corrections.

use walwarden_core::{
    EntryId,
    event::{
        ActionRecorded, ActionState, AlertAcknowledged, Event, HandoffRecorded, HoldAction, HoldChanged,
        MaintenanceDeclared, OperatorAction,
    },
};
use walwarden_produce::{
    ProduceError,
    alert::{Alert, raise},
    error::OperatorError,
    host, people,
    producer::Producer,
};

use super::{open, passphrase, place, print, waits};
use crate::{
    args::people::{
        ActionCommand, ActionNextArgs, ActionOpenArgs, AlertAckArgs, AlertCommand, AlertTestArgs, HandoffArgs,
        HandoffCommand, HoldArgs, HoldCommand, MaintenanceArgs, MaintenanceCommand, NoteCommand, OperatorCommand,
    },
    exit::Exit,
    job::Job,
    talk,
};

pub(super) fn action(job: &Job, command: &ActionCommand) -> Result<Exit, ProduceError> {
    let producer = open(job)?;
    let event = match command {
        ActionCommand::Open(args) => opened(&producer, args)?,
        ActionCommand::Update(args) => next(&producer, args, ActionState::Updated)?,
        ActionCommand::Close(args) => next(&producer, args, ActionState::Closed)?,
    };
    record(job, producer, Event::ActionRecorded(Box::new(event)))
}

fn opened(producer: &Producer, args: &ActionOpenArgs) -> Result<ActionRecorded, ProduceError> {
    Ok(ActionRecorded {
        action: None,
        kind: args.kind.kind(),
        state: ActionState::Opened,
        subjects: ids(&args.subjects)?,
        reason_code: args.reason_code.clone(),
        root_cause: args.root_cause.clone(),
        owner: person(args.owner.as_ref()),
        due: args.due.as_ref().map(|due| producer.instant(due)).transpose()?,
        closed_by: Vec::new(),
        text: args.text.clone(),
    })
}

/// The next state of an action repeats what its opening said.
fn next(producer: &Producer, args: &ActionNextArgs, state: ActionState) -> Result<ActionRecorded, ProduceError> {
    let (opening, before) = people::open_action(producer, &args.action)?;
    let due = args.due.as_ref().map(|due| producer.instant(due)).transpose()?;
    Ok(ActionRecorded {
        action: Some(opening),
        state,
        root_cause: args.root_cause.clone().or(before.root_cause),
        due: due.or(before.due),
        closed_by: ids(&args.closed_by)?,
        text: args.text.clone(),
        ..before
    })
}

pub(super) fn alert(job: &Job, command: &AlertCommand) -> Result<Exit, ProduceError> {
    match command {
        AlertCommand::Ack(AlertAckArgs { alert, by, note, escalated_to }) => {
            let (note, escalated_to) = (note.clone(), escalated_to.clone());
            let event = AlertAcknowledged { alert: id(alert)?, by: person(by.as_ref()), note, escalated_to };
            record(job, open(job)?, Event::AlertAcknowledged(Box::new(event)))
        }
        AlertCommand::Test(args) => test(job, args),
    }
}

fn test(job: &Job, args: &AlertTestArgs) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    let policy = producer.policy(&producer.chain.read()?)?;
    let promised = policy.and_then(|policy| policy.alerts).map(|alerts| alerts.channels).unwrap_or_default();
    let channels: Vec<String> = args.channel.clone().map_or(promised, |channel| vec![channel]);
    if channels.is_empty() {
        return Err(OperatorError::NoChannel.into());
    }
    let passphrase = passphrase(job, &producer, "the log key")?;
    let mut head = producer.unlock_head(&passphrase)?;
    drop(passphrase);
    let mut exit = Exit::Done;
    for channel in &channels {
        let alert = Alert {
            name: "test",
            severity: "info",
            text: "a test: whoever reads this acknowledges it with `walwarden alert ack`",
            subject: None,
            channel,
            recipients_ref: "policy",
            test: true,
        };
        let raised = raise(&mut producer, &mut head, &alert)?;
        let delivery = raised.delivery();
        print(&[("alert", raised.entry.id.to_string()), ("channel", channel.clone()), ("delivery", delivery.into())]);
        if let Some(why) = raised.why {
            let hint = "it is recorded; see [[channel]] in walwarden.toml, and test again";
            talk::two_lines(&format!("the alert is not known to have arrived by {channel}: {why}"), hint);
            exit = Exit::Failed;
        }
    }
    Ok(exit)
}

pub(super) fn hold(job: &Job, command: &HoldCommand) -> Result<Exit, ProduceError> {
    let (action, HoldArgs { scope, reason, by }) = match command {
        HoldCommand::Place(args) => (HoldAction::Placed, args),
        HoldCommand::Release(args) => (HoldAction::Released, args),
    };
    let event = HoldChanged { action, scope: scope.clone(), reason: reason.clone(), by: person(by.as_ref()) };
    record(job, open(job)?, Event::HoldChanged(Box::new(event)))
}

pub(super) fn maintenance(job: &Job, command: &MaintenanceCommand) -> Result<Exit, ProduceError> {
    let MaintenanceCommand::Declare(MaintenanceArgs { database, from, to, kinds, reason, approved_by }) = command;
    let producer = open(job)?;
    let event = MaintenanceDeclared {
        database: database.clone(),
        from: producer.instant(from)?,
        to: producer.instant(to)?,
        kinds: kinds.iter().map(|kind| kind.duty()).collect(),
        reason: reason.clone(),
        approved_by: approved_by.clone(),
    };
    record(job, producer, Event::MaintenanceDeclared(Box::new(event)))
}

pub(super) fn note(job: &Job, command: &NoteCommand) -> Result<Exit, ProduceError> {
    let NoteCommand::Correct(args) = command;
    let producer = open(job)?;
    let event = people::correction(&producer, &args.entry, &args.member, &args.now, &args.reason)?;
    record(job, producer, Event::RecordCorrected(Box::new(event)))
}

pub(super) fn operator(job: &Job, command: &OperatorCommand) -> Result<Exit, ProduceError> {
    let OperatorCommand::Record(args) = command;
    let event = OperatorAction {
        action: args.action.action(),
        target: args.target.clone(),
        reason: args.reason.clone(),
        approved_by: args.approved_by.clone(),
    };
    record(job, open(job)?, Event::OperatorAction(Box::new(event)))
}

pub(super) fn handoff(job: &Job, command: &HandoffCommand) -> Result<Exit, ProduceError> {
    let HandoffCommand::Record(HandoffArgs {
        backup,
        from_region,
        to_region,
        root_verified,
        signature_valid,
        verified_by,
        online_at,
    }) = command;
    let producer = open(job)?;
    let (backup, database) = people::completed(&producer, backup)?;
    let event = HandoffRecorded {
        database,
        backup,
        from_region: from_region.clone(),
        to_region: to_region.clone(),
        root_verified: *root_verified,
        signature_valid: *signature_valid,
        verified_by: person(verified_by.as_ref()),
        online_at: online_at.as_ref().map(|at| producer.instant(at)).transpose()?,
    };
    record(job, producer, Event::HandoffRecorded(Box::new(event)))
}

/// Opens the log key and records.
fn record(job: &Job, mut producer: Producer, event: Event) -> Result<Exit, ProduceError> {
    let kind = event.kind();
    let passphrase = passphrase(job, &producer, "the log key")?;
    let mut head = producer.unlock_head(&passphrase)?;
    drop(passphrase);
    let recorded = people::record(&mut producer, &mut head, event)?;
    print(&[("entry", recorded.id().to_string()), ("type", kind.into()), place(&recorded)]);
    Ok(waits(&recorded))
}

fn person(named: Option<&String>) -> String {
    named.cloned().unwrap_or_else(host::user)
}

fn id(text: &str) -> Result<EntryId, OperatorError> {
    text.parse().map_err(|_| OperatorError::UnknownEntry { id: text.into(), kind: "entry" })
}

fn ids(texts: &[String]) -> Result<Vec<EntryId>, OperatorError> {
    texts.iter().map(|text| id(text)).collect()
}
