//! `walwarden check`.

use serde_json::{Value, json};
use walwarden_core::policy::lint::Severity;
use walwarden_produce::{
    ProduceError,
    preflight::{Found, Looked, preflight},
};

use super::{open, passphrase, plain};
use crate::{args::CheckArgs, exit::Exit, hint, job::Job};

/// What to do about a promise that cannot be kept.
const PROMISE: &str = "configure what it lacks, or adopt another policy: walwarden policy adopt FILE";

pub(super) fn run(job: &Job, args: &CheckArgs) -> Result<Exit, ProduceError> {
    let producer = open(job)?;
    // That there is none is one finding among others.
    let passphrase = passphrase(job, &producer, "the log and statement keys");
    let all = preflight(&producer, passphrase, args.network)?;
    let wrong = all.iter().filter(|looked| told(looked).word == WRONG).count();
    if args.json {
        say!("{:#}", json!({ "checked": all.iter().map(value).collect::<Vec<_>>(), "wrong": wrong }));
    } else {
        all.iter().for_each(line);
        say!("{}", if wrong == 0 { "nothing is wrong".into() } else { format!("{wrong} wrong") });
    }
    Ok(if wrong == 0 { Exit::Done } else { Exit::Failed })
}

const WRONG: &str = "wrong";

/// What is said of something.
struct Told {
    word: &'static str,
    text: String,
    hint: Option<String>,
}

fn told(looked: &Looked) -> Told {
    match &looked.found {
        Found::Good(text) => Told { word: "ok", text: plain(text), hint: None },
        Found::NotAsked => Told { word: "not asked", text: "only with --network".into(), hint: None },
        Found::Wrong(error) => {
            let text = plain(error.to_string().lines().next().unwrap_or_default());
            Told { word: WRONG, text, hint: Some(hint::of(error)) }
        }
        Found::Short(finding) => {
            let text = format!("{}: {}: {}", finding.lint.id, plain(&finding.at), plain(&finding.what));
            let is_error = finding.lint.severity == Severity::Error;
            Told { word: if is_error { WRONG } else { "warning" }, text, hint: is_error.then(|| PROMISE.into()) }
        }
    }
}

fn line(looked: &Looked) {
    let Told { word, text, hint } = told(looked);
    say!("{word:9}  {:10}  {}: {text}", looked.what, plain(&looked.name));
    if let Some(hint) = hint {
        say!("{:9}  hint: {hint}", "");
    }
}

fn value(looked: &Looked) -> Value {
    let Told { word, text, hint } = told(looked);
    json!({ "what": looked.what, "name": looked.name, "outcome": word, "text": text, "hint": hint })
}
