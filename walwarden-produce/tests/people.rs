//! People's part: reviews with keys of their own, and what people record.

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use support::{Server, Vault, always, assert_success, assert_two_lines, judged, stdout};
use walwarden_core::{
    Digest,
    chain::{ActorKind, Auth, Entries},
    dsse::Envelope,
    event::{ActionState, Delivery, Event, HoldAction, Reviewed, Role},
    statement::{RestoreTest, Statement},
};

const NOWHERE: &str = "host=/nonexistent dbname=shop";

/// A vault with a review key for each of some persons.
fn vault_with(persons: &[&str]) -> Vault {
    let vault = Vault::init(NOWHERE);
    fs::write(vault.dir.path().join("own"), "a person's own\n").unwrap();
    for person in persons {
        let file = format!("{person}-review.pem");
        let new = ["key", "new", "review", "--root-key", "root.pem", "--out-passphrase-file", "own"];
        assert_success(&vault.run(&[new.as_slice(), &["--custodian", person, "--out", &file]].concat()));
    }
    vault
}

/// Connects a channel, `oncall`, that takes everything.
fn connect(vault: &Vault) {
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    let channel = "[[channel]]\nname = \"oncall\"\nkind = \"command\"\nargv = [\"true\"]\n";
    fs::write(&path, format!("{text}\n{channel}")).unwrap();
}

/// Runs `walwarden review` as a person.
fn review(vault: &Vault, person: &str, args: &[&str]) -> Output {
    let key = format!("{person}-review.pem");
    let own = ["--key", &key, "--key-passphrase-file", "own"];
    vault.run(&[["review"].as_slice(), args, &own].concat())
}

/// The id of the last entry of a kind.
fn last(vault: &Vault, kind: &str) -> String {
    let ndjson = vault.entries();
    let entries = Entries::parse(&ndjson).unwrap();
    let line = entries.all().iter().rev().find(|line| line.kind() == kind);
    line.unwrap_or_else(|| panic!("no {kind}")).id.to_string()
}

#[test]
fn a_policy_is_approved_by_its_approver_alone() {
    // The test vault's policy is by dba-lead, approved by cto.
    let vault = vault_with(&["dba-lead", "cto", "sec-lead"]);
    let approve = ["--policy", "--conclusion", "no_issue", "--title", "CTO"];
    let before = vault.entries();
    assert_two_lines(&review(&vault, "dba-lead", &approve), 2, "dba-lead wrote this policy");
    assert_two_lines(&review(&vault, "sec-lead", &approve), 2, "names cto as its approver");
    assert_eq!(vault.entries(), before, "nothing is recorded");
    assert_success(&review(&vault, "cto", &approve));
    let Some(Event::ReviewSigned(signed)) = vault.events().pop() else { panic!("not recorded") };
    assert_eq!((signed.subject, signed.role, signed.person.as_str()), (Reviewed::Policy, Role::Approver, "cto"));
    let ndjson = vault.entries();
    let entry = Entries::parse(&ndjson).unwrap().all().last().unwrap().entry().unwrap();
    assert_eq!((entry.actor.kind, entry.actor.id.as_str(), entry.actor.auth), (ActorKind::Person, "cto", Auth::Key));
    judged(&vault, "b.zip", &[]);
}

#[test]
fn a_period_is_signed_off_by_two_persons_over_one_head() {
    let vault = vault_with(&["ops-lead", "sec-lead"]);
    connect(&vault);
    let period = ["--period", &always(), "--conclusion", "no_issue"];
    let by = |role| [period.as_slice(), &["--role", role]].concat();
    assert_success(&review(&vault, "ops-lead", &by("preparer")));
    // Something else is recorded meanwhile; the reviewer signs what the preparer has seen all the same.
    assert_success(&vault.run(&["alert", "test", "--channel", "oncall"]));
    assert_two_lines(&review(&vault, "ops-lead", &by("reviewer")), 2, "ops-lead prepared this period");
    assert_success(&review(&vault, "sec-lead", &by("reviewer")));
    let heads: Vec<_> = vault
        .events()
        .into_iter()
        .filter_map(|event| if let Event::ReviewSigned(review) = event { Some(review.head) } else { None })
        .collect();
    assert_eq!((heads.len(), heads[0]), (2, heads[1]));
    assert_two_lines(
        &review(&vault, "sec-lead", &["--period", "2019", "--conclusion", "no_issue"]),
        2,
        "nothing was recorded in this period",
    );
    judged(&vault, "b.zip", &[]);
}

#[test]
fn who_recorded_something_does_not_review_it() {
    let user = stdout(&Command::new("id").arg("-un").output().unwrap()).trim().to_owned();
    let vault = vault_with(&[&user, "sec-lead"]);
    let deviating = last(&vault, "scope.declared");
    let asked = [deviating.as_str(), "--conclusion", "issue", "--notes", "the server did not answer"];
    assert_two_lines(&review(&vault, &user, &asked), 2, "recorded what is reviewed");
    assert_success(&review(&vault, "sec-lead", &asked));
    let Some(Event::ReviewSigned(signed)) = vault.events().pop() else { panic!("not recorded") };
    assert_eq!(signed.subject, Reviewed::Exception);
    assert_two_lines(&review(&vault, "sec-lead", &["nothing", "--conclusion", "issue"]), 2, "is no entry");

    // Only an active review key signs reviews.
    let key = vault.keys().join("statement.pem");
    let other = ["review", &deviating, "--conclusion", "issue", "--key", key.to_str().unwrap()];
    let other = vault.run(&[other.as_slice(), &["--key-passphrase-file", "passphrase"]].concat());
    assert_two_lines(&other, 2, "is not an active review key");
    let list = stdout(&vault.run(&["key", "list"]));
    let line = list.lines().find(|line| line.contains("  sec-lead  ")).unwrap();
    let id = line.split_whitespace().nth(1).unwrap();
    assert_success(&vault.run(&["key", "retire", id, "--root-key", "root.pem"]));
    assert_two_lines(&review(&vault, "sec-lead", &asked), 2, "is not an active review key");
    judged(&vault, "b.zip", &[]);
}

#[test]
fn what_people_record_is_verified_with_the_rest() {
    let vault = Vault::init(NOWHERE);
    let run = |args: &[&str]| assert_success(&vault.run(args));
    let refused = |args: &[&str], what: &str| {
        let before = vault.entries();
        assert_two_lines(&vault.run(args), 2, what);
        assert_eq!(vault.entries(), before, "nothing is recorded");
    };
    refused(&["alert", "test"], "no channel");
    connect(&vault);
    run(&["alert", "test", "--channel", "oncall"]);
    let alert = last(&vault, "alert.raised");
    run(&["alert", "ack", &alert, "--by", "ops-lead", "--note", "arrived"]);
    refused(&["alert", "ack", &last(&vault, "alert.acknowledged")], "is no alert");

    let open = ["action", "open", &alert, "--text", "connect the channel", "--reason-code", "no-channel"];
    run(&[open.as_slice(), &["--owner", "ops-lead", "--due", "2999-01-01"]].concat());
    let action = last(&vault, "action.recorded");
    run(&["action", "update", &action, "--text", "ordered"]);
    run(&["action", "close", &action, "--text", "connected", "--closed-by", &alert]);
    refused(&["action", "update", &action, "--text", "late"], "still open");
    refused(&["action", "open", &"0".repeat(26), "--text", "x", "--reason-code", "x"], "is no entry");

    run(&["hold", "place", "shop", "--reason", "lawsuit", "--by", "ciso"]);
    refused(&["hold", "place", "shop", "--reason", "again"], "one is placed already");
    refused(&["hold", "place", "nowhere", "--reason", "x"], "scope");
    run(&["hold", "release", "shop", "--reason", "over", "--by", "ciso"]);
    refused(&["hold", "release", "shop", "--reason", "again"], "under a hold");

    let rest = ["maintenance", "declare", "shop", "--reason", "move", "--approved-by", "cto", "--kind", "backup"];
    run(&[rest.as_slice(), &["--from", "2998-01-01", "--to", "2998-01-02T06:00:00+01:00"]].concat());
    refused(&[rest.as_slice(), &["--from", "2020-01-01", "--to", "2998-01-02"]].concat(), "still to come");
    refused(&[rest.as_slice(), &["--from", "2998-01-02", "--to", "2998-01-01"]].concat(), "after the beginning");
    refused(&[rest.as_slice(), &["--from", "soon", "--to", "2998-01-01"]].concat(), "neither a date");

    run(&["note", "correct", &alert, "--member", "channel", "--now", "chat", "--reason", "it was the other one"]);
    refused(&["note", "correct", &alert, "--member", "nothing", "--now", "x", "--reason", "x"], "member");
    run(&["operator", "record", "config_change", "db1", "--reason", "new disk", "--approved-by", "cto"]);
    let moved = ["handoff", "record", &alert, "--from-region", "eu-1", "--to-region", "eu-2"];
    refused(&moved, "no completed backup");

    let events = vault.events();
    let states: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::ActionRecorded(action) = event { Some(action.state) } else { None })
        .collect();
    assert_eq!(states, [ActionState::Opened, ActionState::Updated, ActionState::Closed]);
    let find = |wanted: &dyn Fn(&Event) -> bool| assert!(events.iter().any(wanted));
    find(&|event| matches!(event, Event::AlertRaised(a) if a.test && a.delivery == Delivery::Delivered));
    find(&|event| matches!(event, Event::HoldChanged(h) if h.action == HoldAction::Released && h.by == "ciso"));
    find(&|event| matches!(event, Event::RecordCorrected(c) if c.was == "oncall" && c.now == "chat"));
    let report = judged(&vault, "b.zip", &[]);
    assert!(report.contains("WW-"), "{report}");
    assert!(Path::new(&vault.dir.path().join("b.zip")).exists());
}

#[test]
fn a_restore_test_says_who_performed_it() {
    let server = Server::start(20);
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    fs::write(vault.dir.path().join("runbook.md"), "1. Breathe.\n").unwrap();
    let before = vault.entries();
    let both = vault.run(&["restore-test", "--performed-by", "ops-lead", "--approved-by", "ops-lead"]);
    assert_two_lines(&both, 2, "ops-lead performs the test");
    assert_eq!(vault.entries(), before, "nothing is recorded");
    let who = ["restore-test", "--performed-by", "ops-lead", "--approved-by", "cto", "--lessons", "label the safe"];
    fs::write(vault.dir.path().join("screen.png"), b"not really a picture").unwrap();
    let brought = ["--runbook", "runbook.md", "--attach", "screen.png", "--keys-retrieved"];
    assert_success(&vault.run(&[who.as_slice(), &brought].concat()));
    let Some(Event::RestoreTested(tested)) = vault.events().pop() else { panic!("not recorded") };
    assert_eq!((tested.performed_by.as_str(), tested.approved_by.as_deref()), ("ops-lead", Some("cto")));
    assert_eq!(tested.lessons.as_deref(), Some("label the safe"));
    let ndjson = vault.entries();
    let entry = Entries::parse(&ndjson).unwrap().all().last().unwrap().entry().unwrap();
    assert_eq!(entry.actor.kind, ActorKind::Person);
    let attached = &entry.blobs[0];
    assert_eq!((attached.media.as_ref(), attached.sha256), ("image/png", Digest::of(b"not really a picture")));
    let line = fs::read_to_string(vault.path().join("statements/restore-test.ndjson")).unwrap();
    let envelope = Envelope::parse(line.trim_end().as_bytes()).unwrap();
    let stated = Statement::<RestoreTest>::parse_payload(&envelope.payload.0).unwrap().predicate;
    assert_eq!(stated.attachments, [attached.sha256]);
    assert_eq!((stated.set_retrieved.keys, stated.set_retrieved.config), (true, false));
    let runbook = stated.runbook.unwrap();
    assert_eq!((runbook.path.as_str(), runbook.sha256), ("runbook.md", Digest::of(b"1. Breathe.\n")));
    judged(&vault, "b.zip", &[]);
}
