//! `walwarden witness`.

use walwarden_produce::{ProduceError, error::OperatorError, witness::cosign};

use super::{open, passphrase, print};
use crate::{exit::Exit, hint, job::Job, talk};

pub(super) fn run(job: &Job) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    let witnesses = producer.config.witness.clone();
    if witnesses.is_empty() {
        return Err(OperatorError::NoWitness.into());
    }
    for config in &witnesses {
        config.witness().map_err(OperatorError::from)?;
    }
    let passphrase = passphrase(job, &producer, "the log key")?;
    let mut head = producer.unlock_head(&passphrase)?;
    drop(passphrase);
    let mut exit = Exit::Done;
    for config in &witnesses {
        match cosign(&mut producer, &mut head, config) {
            Ok(cosigned) => print(&[
                ("witness", cosigned.witness),
                ("over", format!("{} {}", cosigned.head.size, cosigned.head.root)),
                ("time", cosigned.at.to_string()),
                ("entry", cosigned.entry.id.to_string()),
            ]),
            Err(error) => {
                talk::two_lines(&error.to_string(), &hint::of(&error));
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}
