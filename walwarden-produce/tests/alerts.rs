//! Alerts reach real listeners, or are recorded as not delivered; each is told once, escalated, and judged by the rule.

mod support;
#[path = "support/world.rs"]
mod world;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value;
use support::{Vault, assert_success, assert_two_lines};
use walwarden_core::{
    EntryId,
    event::{AlertAcknowledged, AlertRaised, Delivery, Event},
};
use world::{World, time, verifier};

const NOWHERE: &str = "host=/nonexistent dbname=shop";

const POLICY: &str = r#"
[policy]
version = "1"
organisation = "Acme"
effective_from = "2026-03-01T00:00:00Z"
author = "dba-lead"
approved_by = "cto"
timezone = "UTC"

[defaults]
rpo = "27h"
rto = "4h"
schedule = "0 2 * * *"
start_tolerance = "30m"
max_run = "1h"
max_resolution = "24h"

[alerts]
raise_within = "15m"
ack_within = "2h"
channels = ["hook", "broken", "slow", "script", "absent"]
escalation = ["sec-lead", "ops-lead"]

[[database]]
id = "shop"
owner = "dba-lead"
provider = "self-hosted"
account_ref = "acme-prod"
region = "local"
criticality = "high"
"#;

/// A webhook: what it gets, and whether it works.
#[derive(Clone)]
struct Hook {
    url: String,
    got: Arc<Mutex<Vec<Value>>>,
    works: Arc<AtomicBool>,
}

impl Hook {
    fn start(works: bool, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?token=hunter2", listener.local_addr().unwrap());
        let hook = Self { url, got: Arc::default(), works: Arc::new(AtomicBool::new(works)) };
        let of_thread = hook.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
                let body = loop {
                    let n = stream.read(&mut chunk).unwrap();
                    request.extend_from_slice(&chunk[..n]);
                    let Some(at) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                    let head = String::from_utf8_lossy(&request[..at]).to_lowercase();
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                    if request.len() >= at + 4 + length.unwrap_or(0_usize) {
                        break request[at + 4..].to_vec();
                    }
                };
                of_thread.got.lock().unwrap().push(serde_json::from_slice(&body).unwrap_or(Value::Null));
                thread::sleep(delay);
                let status = if of_thread.works.load(Ordering::SeqCst) { "204 No Content" } else { "503 No" };
                // A client that gave up has closed the line.
                let _ = write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            }
        });
        hook
    }

    fn got(&self, alert: &str) -> usize {
        self.got.lock().unwrap().iter().filter(|message| message["alert"] == alert).count()
    }
}

/// A vault of a database that is not there.
fn nowhere(config: &str) -> World {
    World::new(POLICY, NOWHERE, "03-01T12:00", |_| config.into())
}

fn acknowledge(world: &mut World, alert: EntryId) {
    let event = AlertAcknowledged { alert, by: "ops-lead".into(), note: None, escalated_to: None };
    world.record(Event::AlertAcknowledged(Box::new(event)));
}

/// Alerts in the chain that were delivered by the webhook.
fn delivered(world: &World) -> Vec<(EntryId, AlertRaised)> {
    let alerts = world.events().into_iter().filter_map(|(id, event)| match event {
        Event::AlertRaised(alert) if alert.channel == "hook" => Some((id, *alert)),
        _ => None,
    });
    alerts.filter(|(_, alert)| alert.delivery == Delivery::Delivered).collect()
}

fn of<'a>(raised: &'a [AlertRaised], alert: &str, channel: &str) -> Vec<&'a AlertRaised> {
    raised.iter().filter(|raised| raised.alert == alert && raised.channel == channel).collect()
}

fn config(dir: &Path, hook: &Hook, broken: &Hook, slow: &Hook) -> String {
    let file = |name: &str, url: &str| {
        let path = dir.join(name);
        fs::write(&path, format!("{url}\n")).unwrap();
        format!(
            "[[channel]]\nname = \"{name}\"\nkind = \"webhook\"\nurl_file = \"{}\"\ntimeout_seconds = 1\n",
            path.display()
        )
    };
    let script = format!(
        "[[channel]]\nname = \"script\"\nkind = \"command\"\nargv = [\"tee\", \"-a\", \"{}\"]\nrecipients_ref = \"rota\"\n",
        dir.join("script.json").display()
    );
    [file("hook", &hook.url), file("broken", &broken.url), file("slow", &slow.url), script].concat()
}

#[test]
fn a_failure_is_told_once_with_what_came_of_it_and_the_rule_finds_it() {
    let outside = tempfile::tempdir().unwrap();
    let (hook, broken) = (Hook::start(true, Duration::ZERO), Hook::start(false, Duration::ZERO));
    let slow = Hook::start(true, Duration::from_secs(3));
    let mut world = nowhere(&config(outside.path(), &hook, &broken, &slow));
    let raised = world.run(time("03-02T02:05")).raised;
    let expected = [
        ("hook", Delivery::Delivered),
        ("broken", Delivery::Failed),
        ("slow", Delivery::Unknown),
        ("script", Delivery::Delivered),
        ("absent", Delivery::Failed),
    ];
    let found: Vec<_> = raised.iter().map(|alert| (alert.channel.as_str(), alert.delivery)).collect();
    assert_eq!(found, expected);
    assert!(raised.iter().all(|alert| alert.alert == "backup-failed" && !alert.test), "{raised:?}");
    assert_eq!(of(&raised, "backup-failed", "script")[0].recipients_ref, "rota");
    let message = hook.got.lock().unwrap()[0].clone();
    assert_eq!(message["origin"], world.producer.config.origin.as_str());
    assert!(message["text"].as_str().unwrap().starts_with("backup of shop failed at "), "{message}");
    assert_eq!(message["subject"], raised[0].subject.unwrap().as_str());
    let script: Value = serde_json::from_slice(&fs::read(outside.path().join("script.json")).unwrap()).unwrap();
    assert_eq!((&script["alert"], &script["recipients_ref"]), (&"backup-failed".into(), &"rota".into()));
    // No address and no secret is in the chain.
    let entries = fs::read(world.producer.folder.join("chain/entries.ndjson")).unwrap();
    assert!(!entries.windows(7).any(|seven| seven == b"hunter2"));

    let first = delivered(&world)[0].0;
    acknowledge(&mut world, first);
    let Some(verifier) = verifier() else { return };
    let bundle = world.seal(&verifier, time("03-03T00:30"), "2026-03-02/2026-03-03");
    let (_, report) = world.judged(&verifier, &bundle, time("03-03T01:00"));
    let rule = report["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == "WW-MO-01").unwrap().clone();
    assert_eq!(rule["status"], "supported", "{rule:#}");
    assert_eq!(rule["items"].as_array().unwrap().len(), 1, "{rule:#}");
}

#[test]
fn what_nobody_acknowledges_goes_to_one_person_after_the_other() {
    let outside = tempfile::tempdir().unwrap();
    let (hook, broken) = (Hook::start(true, Duration::ZERO), Hook::start(false, Duration::ZERO));
    let mut world = nowhere(&config(outside.path(), &hook, &broken, &broken));
    let raised = world.run(time("03-02T02:05")).raised;
    let subject = raised[0].subject;
    let first = delivered(&world)[0].0;
    let again = |raised: &[AlertRaised], channel: &str| {
        of(raised, "backup-failed", channel).iter().filter(|alert| alert.subject == subject).count()
    };
    let overdue = |raised: &[AlertRaised]| {
        let hook = of(raised, "ack-overdue", "hook");
        let about = hook.iter().filter(|alert| alert.subject == Some(first));
        about.map(|alert| alert.recipients_ref.clone()).collect::<Vec<_>>()
    };
    // What arrived is not sent again, what did not is, ever more rarely.
    let second = world.run(time("03-02T02:07")).raised;
    assert_eq!((again(&second, "hook"), again(&second, "broken")), (0, 1));
    let third = world.run(time("03-02T02:08")).raised;
    assert_eq!((again(&third, "hook"), again(&third, "broken")), (0, 0));
    broken.works.store(true, Ordering::SeqCst);
    assert_eq!(again(&world.run(time("03-02T02:20")).raised, "broken"), 1);
    assert_eq!(again(&world.run(time("03-02T03:30")).raised, "broken"), 0);
    assert_eq!(overdue(&world.run(time("03-02T04:03")).raised), [""; 0], "within two hours");
    // After them: the first person, and two hours later the second one.
    assert_eq!(overdue(&world.run(time("03-02T04:08")).raised), ["sec-lead"]);
    assert_eq!(overdue(&world.run(time("03-02T04:10")).raised), [""; 0], "once");
    assert_eq!(overdue(&world.run(time("03-02T06:08")).raised), ["ops-lead"]);
    assert_eq!(overdue(&world.run(time("03-02T08:10")).raised), [""; 0], "the list is at its end");
    assert!(hook.got("ack-overdue") >= 2);

    // Who acknowledges what was escalated has acknowledged it all.
    let mut world = nowhere(&config(outside.path(), &hook, &broken, &broken));
    world.run(time("03-02T02:05"));
    let first = delivered(&world)[0].0;
    world.run(time("03-02T04:08"));
    let escalated = delivered(&world).into_iter().find(|(_, alert)| alert.subject == Some(first)).unwrap().0;
    acknowledge(&mut world, escalated);
    let about_first = world.run(time("03-02T06:08")).raised.iter().filter(|alert| alert.subject == Some(first)).count();
    assert_eq!(about_first, 0);
}

#[test]
fn a_channel_and_the_heartbeat_are_named_by_a_variable() {
    let hook = Hook::start(true, Duration::ZERO);
    let vault = Vault::init(NOWHERE);
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    let channel =
        "[[channel]]\nname = \"hook\"\nkind = \"webhook\"\nurl_env = \"HOOK\"\n[heartbeat]\nurl_env = \"BEAT\"\n";
    fs::write(&path, format!("{text}\n{channel}")).unwrap();
    let test = ["alert", "test", "--channel", "hook"];
    assert_success(&vault.command().args(test).env("HOOK", &hook.url).output().unwrap());
    let message = hook.got.lock().unwrap().pop().unwrap();
    assert_eq!((&message["alert"], &message["test"]), (&"test".into(), &true.into()));
    assert_two_lines(&vault.run(&test), 1, "HOOK is not in the environment");
    let nowhere = "http://127.0.0.1:1/hunter2";
    let output = vault.command().args(test).env("HOOK", nowhere).output().unwrap();
    assert_two_lines(&output, 1, "not known to have arrived by hook");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2"), "{output:?}");
    let deliveries: Vec<Delivery> = vault
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::AlertRaised(alert) => Some(alert.delivery),
            _ => None,
        })
        .collect();
    assert_eq!(deliveries, [Delivery::Delivered, Delivery::Failed, Delivery::Failed]);

    // The heartbeat is asked for though nothing is due; that it does not arrive is no failure of the run.
    let beat = Hook::start(true, Duration::ZERO);
    assert_success(&vault.command().arg("run").env("BEAT", &beat.url).env("HOOK", nowhere).output().unwrap());
    assert_eq!(*beat.got.lock().unwrap(), [Value::Null]);
    let output = vault.command().arg("run").env("BEAT", nowhere).env("HOOK", nowhere).output().unwrap();
    assert_success(&output);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("the heartbeat did not arrive") && !told.contains("hunter2"), "{told}");
}
