//! Ways to reach people: a webhook, a command. Addresses are secrets, and stand in the configuration by name only.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use walwarden_core::{EntryId, Time, event::Delivery};

use crate::http::{self, block_on};

/// How long a channel may take, where it does not say.
const TIMEOUT_S: u64 = 15;

/// A channel of `walwarden.toml`; the policy names it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelConfig {
    /// As the policy calls it.
    pub name: String,
    /// What it is.
    pub kind: ChannelKind,
    /// The variable of the environment that holds a webhook's address.
    pub url_env: Option<String>,
    /// The file whose first line is a webhook's address.
    pub url_file: Option<PathBuf>,
    /// A command and its arguments; the message is its standard input.
    #[serde(default)]
    pub argv: Vec<String>,
    /// Where it stands who gets what is sent: a rota, a list. No address.
    pub recipients_ref: Option<String>,
    /// How long it may take.
    pub timeout_seconds: Option<u64>,
}

/// What a channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// JSON is sent by POST; any answer of 200 to 299 says that it was taken.
    Webhook,
    /// JSON is its standard input; exit code 0 says that it was taken.
    Command,
}

/// What is asked for at the end of each run, so that somebody else notices when no run ends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatConfig {
    /// The variable of the environment that holds the address.
    pub url_env: Option<String>,
    /// The file whose first line is the address.
    pub url_file: Option<PathBuf>,
}

/// What is sent; nothing of it comes from a database's rows.
#[derive(Debug, Serialize)]
pub struct Message<'a> {
    /// The chain that it is recorded in.
    pub origin: &'a str,
    /// Its name, such as `backup-failed`.
    pub alert: &'a str,
    /// How bad it is.
    pub severity: &'a str,
    /// In words.
    pub text: &'a str,
    /// When it was sent.
    pub at: Time,
    /// The entry that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<EntryId>,
    /// Who is to get it, by reference.
    pub recipients_ref: &'a str,
    /// Whether it only tests that alerts arrive.
    pub test: bool,
}

/// Why a message is not known to be delivered. It never names the address.
#[derive(Debug)]
pub struct NotDelivered {
    /// `Unknown` where it may have arrived all the same.
    pub delivery: Delivery,
    /// In words.
    pub why: String,
}

impl NotDelivered {
    /// It did not arrive.
    pub(crate) fn failed(why: impl Into<String>) -> Self {
        Self { delivery: Delivery::Failed, why: why.into() }
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self { delivery: Delivery::Unknown, why: why.into() }
    }
}

impl ChannelConfig {
    /// Sends a message, once.
    ///
    /// # Errors
    /// It was refused, or nothing is known of it.
    pub fn send(&self, message: &Message<'_>) -> Result<(), NotDelivered> {
        let body = serde_json::to_vec(message).map_err(|error| NotDelivered::failed(error.to_string()))?;
        let within = Duration::from_secs(self.timeout_seconds.unwrap_or(TIMEOUT_S));
        match self.kind {
            ChannelKind::Webhook => {
                let url = address(self.url_env.as_deref(), self.url_file.as_deref())?;
                request(&url, Some(body), within)
            }
            ChannelKind::Command => command(&self.argv, &body, within),
        }
    }
}

impl HeartbeatConfig {
    /// Asks for the address, once.
    ///
    /// # Errors
    /// It was refused, or nothing is known of it.
    pub fn ping(&self) -> Result<(), NotDelivered> {
        let url = address(self.url_env.as_deref(), self.url_file.as_deref())?;
        request(&url, None, Duration::from_secs(TIMEOUT_S))
    }
}

/// The address that a variable or a file holds.
fn address(variable: Option<&str>, file: Option<&Path>) -> Result<String, NotDelivered> {
    let text = match (variable, file) {
        (Some(name), None) => {
            env::var(name).map_err(|_| NotDelivered::failed(format!("{name} is not in the environment")))?
        }
        (None, Some(path)) => {
            let unread = |error: io::Error| NotDelivered::failed(format!("cannot read {}: {error}", path.display()));
            fs::read_to_string(path).map_err(unread)?
        }
        _ => return Err(NotDelivered::failed("it needs either url_env or url_file")),
    };
    Ok(text.lines().next().unwrap_or_default().trim().into())
}

/// POST with a body, GET without one.
fn request(url: &str, body: Option<Vec<u8>>, within: Duration) -> Result<(), NotDelivered> {
    block_on(async {
        let client = http::client().map_err(NotDelivered::failed)?;
        let request = match body {
            Some(body) => client.post(url).header("content-type", "application/json").body(body),
            None => client.get(url),
        };
        let sent = request.timeout(within).send().await;
        let response = sent.map_err(|error| {
            // What was sent whole may have been taken, whatever became of the answer.
            let never = error.is_builder() || error.is_connect();
            let why =
                if error.is_timeout() { "it did not answer in time".into() } else { error.without_url().to_string() };
            if never { NotDelivered::failed(why) } else { NotDelivered::unknown(why) }
        })?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(NotDelivered::failed(format!("it answers {status}"))) }
    })
}

fn command(argv: &[String], input: &[u8], within: Duration) -> Result<(), NotDelivered> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(NotDelivered::failed("it needs argv"));
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| NotDelivered::failed(format!("cannot start it: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input is none the worse; a message is shorter than a pipe holds.
        let _ = stdin.write_all(input);
    }
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(NotDelivered::failed(format!("it ended with {status}"))),
            Ok(None) if began.elapsed() < within => thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(NotDelivered::unknown("it did not end in time"));
            }
            Err(error) => return Err(NotDelivered::unknown(error.to_string())),
        }
    }
}
