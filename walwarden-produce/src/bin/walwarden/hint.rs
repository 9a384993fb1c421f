//! What to do about an error: the library says what is wrong, only the program knows its flags.

use walwarden_core::sign::{Refusal, SignError};
use walwarden_produce::{
    ProduceError,
    error::{OperatorError, SignerError, StorageError, VaultError, VerifierError},
    postgres::ConnectionError,
};

/// One line.
pub(crate) fn of(error: &ProduceError) -> String {
    match error {
        ProduceError::Operator(error) => operator(error).into(),
        ProduceError::Storage(error) => storage(error).into(),
        ProduceError::Vault(error) => vault(error).into(),
        ProduceError::Signer(error) => signer(error).into(),
        ProduceError::Database(error) => reason(error.reason_code()).into(),
        ProduceError::Dump(error) => reason(error.reason_code).into(),
        ProduceError::Cluster(error) => reason(error.reason_code()).into(),
        ProduceError::Verifier(error) => verifier(error).into(),
        ProduceError::Random => "the system has no working source of randomness (getrandom)".into(),
        _ => "please report this with the command and its output".into(),
    }
}

fn operator(error: &OperatorError) -> &'static str {
    match error {
        OperatorError::StatementTooLong => {
            "divide the database, or drop what nothing uses: no verifier reads longer lists"
        }
        OperatorError::Config(_) => "correct walwarden.toml in the vault",
        OperatorError::Policy(_) => {
            "correct the policy; `walwarden policy init` writes one that can be taken as a start"
        }
        OperatorError::AdoptedAlready(_) => {
            "give this one a `version` of its own under [policy]; any other text will do"
        }
        OperatorError::Connection { error, .. } => connection(error),
        OperatorError::Period(_) => "write 2026-Q3, 2026-07, 2026, or START/END such as 2026-07-01/2026-08-01",
        OperatorError::Exists(_) => "nothing is overwritten: give another path, or remove what is there",
        OperatorError::KeysInVault { .. } => {
            "a vault is copied and shown; put the keys outside of it with --keys and --root-key"
        }
        OperatorError::UnknownDatabase { .. } => "give one of those ids, or add a [[database]] to walwarden.toml",
        OperatorError::WhichDatabase(_) => "name one: walwarden backup ID",
        OperatorError::NoBackup(_) => "see `walwarden status` for what exists; `walwarden backup` makes one",
        OperatorError::NoCopyOfVault => "add [vault] copy_to = \"NAME\" to walwarden.toml, or give --from NAME",
        OperatorError::UnknownStore { .. } => "give one of those names, or add a [[copy]] to walwarden.toml",
        OperatorError::Unencrypted(_) => {
            "add [encryption] recipients = [\"age1...\"] to walwarden.toml, or adopt a policy that promises none"
        }
        OperatorError::WeakTls(_) => {
            "add sslmode=verify-full to its connection, and TLS to the server; or adopt a policy that promises less"
        }
        OperatorError::NoIdentity(_) => "fetch the identity from where it is kept, and give it: --identity FILE",
        OperatorError::OtherIdentity(_) => {
            "its statement names the recipients; `age-keygen -y FILE` says whose identity a file is"
        }
        OperatorError::Encryption(_) => {
            "age-keygen -o FILE makes an identity; its public key (age1...) is what [encryption] recipients wants"
        }
        OperatorError::UnknownKey { .. } => {
            "`walwarden key list` shows ids and states; give more letters where several begin so"
        }
        OperatorError::UnknownEntry { .. } => {
            "give the whole id of 26 letters and digits, as the command that recorded it printed it"
        }
        OperatorError::NothingToReview(_) => "`walwarden status` shows what is recorded",
        OperatorError::NotApart { .. } => "somebody else has to do it, with a key of their own",
        OperatorError::NotTheApprover { .. } => "give --role reviewer, or let the approver sign",
        OperatorError::Witness { .. } => {
            "nothing was kept; where it has seen another history, keep this vault as it is and find out which one it saw"
        }
        OperatorError::NoWitness => "add [[witness]] with url and key to walwarden.toml",
        OperatorError::SignerAtWork(_) => "leave that one at work: one signer has a folder of keys",
        OperatorError::UnknownUser(_) => "give a name of /etc/passwd, or a number",
        OperatorError::WithoutKms => {
            "take a walwarden that was built with it (cargo install walwarden-produce --features kms), or take [kms] out"
        }
        OperatorError::KeyInService(_) => {
            "make the new key there, `walwarden key new PURPOSE.. --public-key FILE --storage kms`, then `walwarden key retire` the old one"
        }
        OperatorError::NoSigner => "add [signer] socket = \"PATH\" to walwarden.toml, or command = [\"PROGRAM\", ..]",
        OperatorError::NoChannel => "name one with --channel NAME",
        OperatorError::KeyListed(_) => "a key is entered once; make a new one",
        OperatorError::LastLogKey(_) => "give it a successor: walwarden key rotate log",
        OperatorError::NotAPublicKey { .. } => {
            "write it with: openssl pkey -in KEY -pubout -out FILE (Ed25519 or P-256)"
        }
        OperatorError::ChainGrew => "let nothing run meanwhile, and ask the roots again",
        OperatorError::RootsDidNotSign(_) => "nothing was changed; ask again when they are at hand",
        OperatorError::NoNewRoot => "give --out FILE, or --root-public FILE and --root-exchange DIR",
        OperatorError::NobodyToAsk => "read what it shows, then give --yes",
        OperatorError::Threshold { .. } => "give --root-public FILE once for each root, and --root-threshold N of them",
        OperatorError::NotAVersion(_) => "give the registry-N.json that the asking host wrote, unchanged",
        OperatorError::RegistryMoved => "look at `walwarden key list`, and run it again if it is still needed",
        OperatorError::Value { .. } => "see `walwarden --help`",
        _ => "see `walwarden --help`",
    }
}

fn connection(error: &ConnectionError) -> &'static str {
    match error {
        ConnectionError::PasswordInArgument => {
            "use ~/.pgpass, service=NAME, or env:NAME with the whole string in that variable"
        }
        ConnectionError::SslPassword => "use a client key without a passphrase, readable by this user only",
        ConnectionError::VariableMissing(_) => "export it in the environment of this command",
        _ => "write a URI like postgres://host/db, key=value pairs, or service=NAME",
    }
}

pub(crate) fn storage(error: &StorageError) -> &'static str {
    match error.reason_code() {
        "disk-full" => "free some space there and run it again",
        "not-writable" => "check owner and mode, and who runs this; of a bucket, its policy and the credentials",
        "object-exists" => "nothing is overwritten; somebody else writes into this store under the same names",
        "bucket-missing" => {
            "correct `bucket` of this store in walwarden.toml ([store], or the [[copy]] of that name), or make the bucket"
        }
        "store-unreachable" => "check address, region and credentials of the store, and run it again",
        "file-missing" => {
            "check the path: typed ones start from the current folder, those of walwarden.toml from the vault"
        }
        _ => "check the disk and the path",
    }
}

fn vault(error: &VaultError) -> &'static str {
    match error {
        VaultError::NotAVault(_) => {
            "give the folder with --vault DIR or WALWARDEN_VAULT, make one: walwarden init --help, or bring a lost one back: walwarden vault restore --help"
        }
        VaultError::SetBack { .. } => {
            "nothing is appended to it: `walwarden chain recover` brings the missing lines from the vault's copy in a store, or bring back the newest folder"
        }
        VaultError::OtherHistory { .. } => {
            "nothing is appended to it: these keys belong to another copy of the vault; bring that one back"
        }
        VaultError::Damaged(_) | VaultError::Checkpoint { .. } => {
            "nothing is appended to it: bring back the vault's folder from its copy"
        }
        VaultError::Missing { .. } => "bring back the file from a copy of the vault's folder",
        VaultError::Handover => "bring back handover.json from a copy of the vault's folder",
        VaultError::Spool(_) => "look at it; once it is moved out of `spool`, what it holds will not be recorded",
        VaultError::KeysChanged => "run it again",
        VaultError::Empty => "remove the folder and run `walwarden init` again",
        _ => "bring back keys/registry.ndjson from a copy of the vault's folder",
    }
}

fn signer(error: &SignerError) -> &'static str {
    match error {
        SignerError::Passphrase(_) => "give the right one by prompt, --passphrase-file FILE or --passphrase-fd N",
        SignerError::NoPassphrase | SignerError::EmptyPassphrase => {
            "give one with --passphrase-file FILE or --passphrase-fd N"
        }
        SignerError::PassphrasesDiffer => "run it again and type the same passphrase twice",
        SignerError::NotAKey(_) | SignerError::NotInRegistry(_) => {
            "`keys` in walwarden.toml must name the folder that `init` wrote"
        }
        SignerError::NoKey(_) => "make one: walwarden key new --help",
        SignerError::NotAReviewKey(_) => {
            "enter it first: walwarden key new review --help; `walwarden key list` shows those that are"
        }
        SignerError::NotARoot(_) => "give the file of a key that `walwarden key list` shows as root",
        SignerError::Roots { .. } => "give each of them with --root-key FILE",
        SignerError::Revoked(_) => "run it again: the new key is used then",
        SignerError::Memory(_) => {
            "bring the file back from a copy: without it the signer cannot know what it signed, and signs nothing"
        }
        SignerError::Origin { .. } => "`keys` in walwarden.toml names the keys of another vault",
        SignerError::NotHeld(_) => {
            "`walwarden signer show` lists the keys that it holds, `walwarden key list` the others"
        }
        SignerError::Sign(SignError::Away(_)) => {
            "see that it runs and may be reached (`walwarden signer show`); nothing is acknowledged without it"
        }
        SignerError::Sign(SignError::Declined(_) | SignError::Unavailable(_)) => {
            "its own log says more; `walwarden signer show` asks it what it holds"
        }
        SignerError::Sign(SignError::Mismatch(_)) => {
            "nothing was recorded; a signer or service that signs anything else, or with another key, is of no use"
        }
        SignerError::Sign(SignError::Refused(Refusal::Statement(_) | Refusal::Use(_))) => {
            "the keys are in order, what was to be signed is not: please report this"
        }
        SignerError::Sign(SignError::Refused(_)) => {
            "the vault is not the one that was signed last; no option overrides this"
        }
        SignerError::Storage(error) => storage(error),
        _ => "check the folder of keys",
    }
}

fn verifier(error: &VerifierError) -> &'static str {
    match error {
        VerifierError::Missing(_) => "install walwarden-verify beside walwarden: one package holds both",
        VerifierError::Unusable(_) => "run it by hand to see why: walwarden-verify BUNDLE --trust handover.json",
        _ => "look at its report; --as-is writes the bundle all the same, as *.rejected.zip beside that report",
    }
}

/// By the word that the record has.
fn reason(code: &str) -> &'static str {
    match code {
        "psql-missing" | "pg-dump-missing" | "pg-dumpall-missing" | "pg-restore-missing" | "initdb-missing"
        | "postgres-missing" => {
            "install PostgreSQL's client and server programs, or set [postgres] bin_dir in walwarden.toml"
        }
        "database-missing" => "check the database's name in walwarden.toml",
        "connection-variable-missing" => "export that variable in the environment of this command",
        "password-in-argument" => connection(&ConnectionError::PasswordInArgument),
        "host-unknown" => "check the host's name in the connection string, and DNS",
        "connection-refused" | "connect-timeout" => {
            "check host and port, and that the server runs and lets this host in"
        }
        "server-not-ready" | "server-shutdown" | "server-resources" => {
            "wait until the server takes connections, and run it again"
        }
        "tls-failed" => "check sslmode and the certificates that it names",
        "service-unknown" => "check the service's name in ~/.pg_service.conf",
        "lock-timeout" | "tables-change" => "run it again when no migration is running",
        "server-newer-than-pg-dump" => "install client programs of the server's major version or a newer one",
        "insufficient-privilege" | "no-select-privilege" => {
            "grant the role SELECT on everything, for instance by GRANT pg_read_all_data"
        }
        "row-security" => "use a role with BYPASSRLS: rows that it cannot see cannot be backed up",
        "compression-unsupported" => "choose another compression in walwarden.toml, or a pg_dump that has this one",
        "sql-ascii" => "convert the database to UTF8: bytes without an encoding cannot be attested",
        "disk-full" => "free some space and run it again",
        "interrupted" => "run it again",
        "transaction-pooler" => "connect to the server itself, not through a transaction pooler",
        "authentication-failed" => "check user and password (~/.pgpass, service file, env:NAME)",
        "no-user-for-server" => "name a user with --run-as",
        "not-root" => "leave out --run-as, or run as root",
        _ => "check that `psql` reaches the database with the same connection string",
    }
}
