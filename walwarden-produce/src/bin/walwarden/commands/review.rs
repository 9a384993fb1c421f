//! `walwarden review`.

use walwarden_core::event::Role;
use walwarden_produce::{
    ProduceError, files,
    passphrase::Source,
    review::{Asked, ReviewRequest, Reviewer, review},
};

use super::{open, passphrase, print};
use crate::{
    args::review::{ReviewArgs, RoleArg},
    exit::Exit,
    job::Job,
};

pub(super) fn run(job: &Job, args: &ReviewArgs) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    // Before anything is asked for: a file that is not there needs no passphrase.
    files::read(&args.key)?;
    let own = match (&args.key_passphrase_file, args.key_passphrase_fd) {
        (Some(file), _) => Source::File(file.clone()),
        (None, Some(number)) => Source::Descriptor(number),
        (None, None) => Source::Prompt,
    };
    let own = own.read(&format!("your key {}", args.key.display()), false)?;
    let reviewer = Reviewer::open(&producer.registry, &args.key, &own)?;
    drop(own);
    let passphrase = passphrase(job, &producer, "the log key")?;
    let mut head = producer.unlock_head(&passphrase)?;
    drop(passphrase);
    let (asked, usual) = match &args.period {
        Some(period) => (Asked::Period(period), Role::Reviewer),
        None if args.policy => (Asked::Policy, Role::Approver),
        None => (Asked::Entries { ids: &args.entries, role_list: args.role_list }, Role::Reviewer),
    };
    let request = ReviewRequest {
        asked,
        role: args.role.map_or(usual, RoleArg::role),
        conclusion: args.conclusion.conclusion(),
        title: &args.title,
        notes: &args.notes,
    };
    let signed = review(&mut producer, &mut head, &reviewer, &request)?;
    let seen = signed.review.seen;
    let items: Vec<&str> = signed.review.subjects.iter().map(|item| item.id.as_str()).collect();
    print(&[
        ("review", signed.entry.id.to_string()),
        ("person", reviewer.person),
        ("of", items.join(" ")),
        ("seen", format!("{} {}", seen.size, seen.root)),
        ("head", format!("{} {}", signed.entry.head.size, signed.entry.head.root)),
    ]);
    Ok(Exit::Done)
}
