//! `walwarden signer`.

use std::sync::Arc;

use walwarden_core::{key::PublicKey, statement::key_registry::Use};
use walwarden_produce::{
    ProduceError,
    error::{OperatorError, StorageError},
    signer::{
        Holder as _,
        folder::Folder,
        server::{Server, listen},
    },
};

use super::{open, print};
use crate::{
    exit::Exit,
    job::{Job, SignerServeJob},
    talk,
};

pub(super) fn serve(job: &Job, task: &SignerServeJob) -> Result<Exit, ProduceError> {
    let passphrase = job.passphrase.read("the log and statement keys", false)?;
    let folder = Folder::new(&task.keys, passphrase);
    let server = Arc::new(Server::open(&task.keys, folder, task.clients.clone(), Box::new(talk::notice))?);
    let listener = listen(&task.socket)?;
    for key in server.keys() {
        say!("{}", held(&key.jwk, &key.uses));
    }
    talk::notice(&format!("signs for whoever may reach {}", task.socket.display()));
    server.serve(&listener).map_err(StorageError::at("listen on", &task.socket))?;
    Ok(Exit::Done)
}

pub(super) fn show(job: &Job) -> Result<Exit, ProduceError> {
    let producer = open(job)?;
    let config = producer.config.signer.as_ref().ok_or(OperatorError::NoSigner)?;
    let signer = config.open().map_err(OperatorError::from)?;
    for key in signer.keys().map_err(ProduceError::from)? {
        say!("{}", held(&key.jwk, &key.uses));
    }
    let last = signer.last_head()?;
    print(&[("origin", last.origin.to_string()), ("last head", format!("{} {}", last.head.size, last.head.root))]);
    Ok(Exit::Done)
}

fn held(key: &PublicKey, uses: &[Use]) -> String {
    let words: Vec<&str> = uses.iter().map(|purpose| purpose.word()).collect();
    format!("key  {}  {}", key.id(), words.join("+"))
}
