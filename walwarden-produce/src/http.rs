//! Requests over HTTP: object stores, time-stamping authorities, witnesses, webhooks.

use std::{
    future::Future,
    io,
    sync::{Once, OnceLock},
    time::Duration,
};

use reqwest::{Client, Response};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: OnceLock<Runtime> = OnceLock::new();
static TLS: Once = Once::new();
static CLIENT: OnceLock<Result<Client, String>> = OnceLock::new();

/// Waits for a future, on the one thread that all requests share.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let make = || {
        let built = Builder::new_current_thread().enable_all().build();
        built.unwrap_or_else(|error| unreachable!("the kernel gives no event queue: {error}"))
    };
    RUNTIME.get_or_init(make).block_on(future)
}

/// TLS asks for the process's provider. One that is installed already is as good.
pub(crate) fn prepare_tls() {
    TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

/// The client; it follows no redirect, so that what is sent goes where it was meant to.
///
/// # Errors
/// TLS cannot be set up here.
pub(crate) fn client() -> Result<&'static Client, String> {
    prepare_tls();
    let make = || {
        let builder = Client::builder()
            .user_agent(concat!("walwarden/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(60));
        builder.build().map_err(|error| error.to_string())
    };
    CLIENT.get_or_init(make).as_ref().map_err(Clone::clone)
}

/// An answer's body of at most that many bytes.
///
/// # Errors
/// It is longer, or the line drops.
pub(crate) async fn body(mut response: Response, most: usize) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let dropped = |error: reqwest::Error| io::Error::new(io::ErrorKind::ConnectionAborted, error.without_url());
        let Some(chunk) = response.chunk().await.map_err(dropped)? else { return Ok(body) };
        if body.len() + chunk.len() > most {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is too long"));
        }
        body.extend_from_slice(&chunk);
    }
}
