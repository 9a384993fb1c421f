//! `walwarden proof`.

use walwarden_produce::{
    ProduceError,
    proof_site::{self, ProofRequest},
    seal::judged::verifier,
};

use crate::{args::ProofArgs, exit::Exit};

pub(super) fn run(args: &ProofArgs) -> Result<Exit, ProduceError> {
    proof_site::write(&ProofRequest {
        bundle: &args.bundle,
        handover: &args.trust,
        tsa_roots: &args.tsa_roots,
        witnesses: args.witness.as_deref(),
        as_of: args.as_of.as_deref(),
        page: &args.page,
        second: &args.second,
        spec: args.spec.as_deref(),
        out: &args.out,
        verifier: &verifier()?,
    })?;
    say!("{}", args.out.join("index.html").display());
    Ok(Exit::Done)
}
