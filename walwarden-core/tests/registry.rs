//! Registry versions in force: which key counts for which entry, by the entries that enter the versions
//! (`spec:keys-7`, `spec:keys-9`, `spec:keys-11`).

use ed25519_dalek::{Signer as _, SigningKey};
use walwarden_core::{
    Digest,
    chain::{Entries, entry_hash},
    dsse::{Envelope, Signed, pae},
    key::PublicKey,
    merkle::TreeHead,
    registry::{KeyState, Registry, RegistryError, Versions},
    statement::{
        KeyRegistry, Statement,
        key_registry::{Ceremony, LastHead, RegistryKey, RevocationKind, State, Storage, Use},
    },
    value::Base64,
};

const ROOT: u8 = 1;
const LOG: u8 = 10;
const NEW_LOG: u8 = 11;
const KEY: u8 = 20;
const NEW_KEY: u8 = 21;

fn public(seed: u8) -> PublicKey {
    PublicKey::ed25519(SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes()).unwrap()
}

fn head(size: u64) -> TreeHead {
    TreeHead { size, root: Digest::of(b"root") }
}

fn active(seed: u8, uses: &[Use]) -> RegistryKey {
    RegistryKey {
        jwk: public(seed),
        uses: uses.to_vec(),
        custodian: "ops".into(),
        storage: Storage::File,
        state: State::Active,
        last_head: None,
        last_trusted: None,
        kind: None,
        reason: None,
    }
}

/// The key, retired or revoked at a cut.
fn ended(key: &RegistryKey, state: State, cut: u64) -> RegistryKey {
    let mut key = RegistryKey { state, ..key.clone() };
    if key.uses == [Use::Log] {
        key.last_head =
            Some(LastHead { origin: "acme.example/x".parse().unwrap(), size: cut, root: Digest::of(b"root") });
    } else {
        key.last_trusted = Some(head(cut));
    }
    key.kind = (state == State::Revoked).then_some(RevocationKind::Compromised);
    key
}

fn log() -> RegistryKey {
    active(LOG, &[Use::Log])
}

fn key() -> RegistryKey {
    active(KEY, &[Use::Backup, Use::RestoreTest])
}

/// Versions that list these keys, one after the other.
fn envelopes(lists: &[Vec<RegistryKey>]) -> Vec<Envelope> {
    let mut envelopes: Vec<Envelope> = Vec::new();
    for (index, keys) in lists.iter().enumerate() {
        let registry = KeyRegistry {
            origin: "acme.example/x".parse().unwrap(),
            version: i64::try_from(index).unwrap() + 1,
            previous: envelopes.last().map(Envelope::payload_digest),
            roots: vec![public(ROOT)],
            threshold: 1,
            ceremony: Ceremony::Separate,
            keys: keys.clone(),
        };
        let payload = Statement::new(registry.subjects(), registry).to_jcs().unwrap();
        let sig = Base64(SigningKey::from_bytes(&[ROOT; 32]).sign(&pae(&payload)).to_bytes().to_vec());
        envelopes.push(Envelope::new(payload, vec![Signed { keyid: public(ROOT).id(), sig }]));
    }
    envelopes
}

fn versions(lists: &[Vec<RegistryKey>]) -> Result<Versions, RegistryError> {
    let lines: Vec<Vec<u8>> = envelopes(lists).iter().map(|envelope| envelope.to_jcs().unwrap()).collect();
    Versions::parse(lines.iter().map(Vec::as_slice))
}

/// A line: its type, its data, its statements, what it states as `seq` and `origin`.
#[derive(Clone)]
struct Said {
    kind: &'static str,
    data: String,
    payloads: Vec<Digest>,
    seq: usize,
    origin: &'static str,
}

fn other(seq: usize) -> Said {
    Said { kind: "future.event", data: "{}".into(), payloads: vec![], seq, origin: "acme.example/x" }
}

/// An entry that enters a version.
fn enters(seq: usize, version: usize, payload: Digest) -> Said {
    let (kind, data) = match version {
        1 => ("chain.genesis", r#"{"org_name":"x","root_fingerprints":[],"spec_version":"1","zone":"UTC"}"#.to_owned()),
        version => ("key.changed", format!(r#"{{"changes":[],"registry_version":{version}}}"#)),
    };
    Said { kind, data, payloads: vec![payload], seq, origin: "acme.example/x" }
}

fn ndjson(lines: &[Said]) -> Vec<u8> {
    let (mut prev, mut out) = (Digest::of(b"none"), Vec::new());
    for (place, said) in lines.iter().enumerate() {
        let Said { kind, data, payloads, seq, origin } = said;
        let statement = |payload: &Digest| format!(r#"{{"envelope":"{prev}","payload":"{payload}"}}"#);
        let statements: Vec<String> = payloads.iter().map(statement).collect();
        let line = format!(
            r#"{{"_type":"https://walwarden.dev/spec/entry/v1","actor":{{"auth":"none","id":"x","kind":"person"}},"at":"2026-07-01T08:00:00.000000Z","blobs":[],"data":{data},"id":"01K3QZ8E5P{place:016}","origin":"{origin}","policy":null,"prev":"{prev}","recorded_at":"2026-07-{:02}T08:00:00.000000Z","refs":[],"seq":{seq},"statements":[{}],"tool":{{"name":"x","sha256":"{prev}","version":"1"}},"type":"{kind}"}}"#,
            place + 1,
            statements.join(",")
        );
        prev = entry_hash(line.as_bytes());
        out.extend(line.into_bytes());
        out.push(b'\n');
    }
    out
}

/// Ten lines; the versions are entered at these places.
fn chain(lists: &[Vec<RegistryKey>], places: &[usize]) -> Vec<Said> {
    let payloads: Vec<Digest> = envelopes(lists).iter().map(Envelope::payload_digest).collect();
    let mut lines: Vec<Said> = (0..10).map(other).collect();
    for (index, place) in places.iter().enumerate() {
        lines[*place] = enters(*place, index + 1, payloads[index]);
    }
    lines
}

fn enter(lists: &[Vec<RegistryKey>], lines: &[Said]) -> Result<Registry, RegistryError> {
    let bytes = ndjson(lines);
    versions(lists).unwrap().in_force(&Entries::parse(&bytes).unwrap())
}

fn registry(lists: &[Vec<RegistryKey>], places: &[usize]) -> Registry {
    enter(lists, &chain(lists, places)).unwrap()
}

/// What becomes of a key at an entry, in a word.
fn word<T>(found: &Result<T, KeyState>) -> String {
    match found {
        Ok(_) => "counts".into(),
        Err(KeyState::Unknown(_)) => "unknown".into(),
        Err(KeyState::Use { wanted, .. }) => format!("no {wanted}"),
        Err(KeyState::Cut { state, cut, .. }) => format!("{} at {cut}", state.word()),
        Err(other) => format!("{other}"),
    }
}

fn at(registry: &Registry, seed: u8, purpose: Use, seq: u64) -> String {
    word(&registry.key_at(&public(seed).id(), purpose, seq))
}

#[test]
fn a_version_is_in_force_from_its_entry() {
    let registry = registry(&[vec![log(), key()], vec![log(), key(), active(NEW_KEY, &[Use::Backup])]], &[0, 5]);
    assert_eq!([0, 4, 5, 9].map(|seq| registry.at(seq).unwrap().version), [1, 1, 2, 2]);
    assert_eq!(registry.versions().all().len(), 2);
    assert_eq!(registry.origin().unwrap().as_str(), "acme.example/x");
    assert_eq!(at(&registry, NEW_KEY, Use::Backup, 4), "unknown");
    assert_eq!(at(&registry, NEW_KEY, Use::Backup, 5), "counts");
    assert_eq!(at(&registry, NEW_KEY, Use::RestoreTest, 5), "no restore-test");
    assert_eq!(registry.key_at(&public(NEW_KEY).id(), Use::Backup, 5), Ok(public(NEW_KEY)));
    assert_eq!(registry.keys_at(Use::Backup, 4), [public(KEY)]);
    assert_eq!(registry.keys_at(Use::Backup, 5), [public(KEY), public(NEW_KEY)]);
    assert_eq!(registry.keys_at(Use::Log, 5), [public(LOG)]);
    assert_eq!(registry.keys_at(Use::Bundle, 5), []);
}

#[test]
fn nothing_is_in_force_before_the_first_version() {
    let lists = [vec![log(), key()]];
    let registry = enter(&lists, &chain(&lists, &[3])).unwrap();
    assert!(registry.at(2).is_none());
    assert_eq!(at(&registry, KEY, Use::Backup, 2), "unknown");
    assert_eq!(at(&registry, KEY, Use::Backup, 3), "counts");
    assert_eq!(registry.keys_at(Use::Backup, 2), []);
}

/// `spec:keys-7`: places count lines, whatever the lines state.
#[test]
fn the_place_of_an_entry_is_its_line() {
    let lists = [vec![log(), key()], vec![log(), key(), active(NEW_KEY, &[Use::Backup])]];
    let mut lines = chain(&lists, &[0, 5]);
    lines[0].seq = 7;
    lines[5].seq = 2;
    let registry = enter(&lists, &lines).unwrap();
    assert_eq!([0, 4, 5, 9].map(|seq| registry.at(seq).unwrap().version), [1, 1, 2, 2]);
}

#[test]
fn versions_enter_in_order_each_once_by_an_entry_of_their_own() {
    let lists = [vec![log(), key()], vec![log(), key(), active(NEW_KEY, &[Use::Backup])]];
    let good = chain(&lists, &[0, 5]);
    let refused = |version: usize, change: &dyn Fn(&mut Vec<Said>)| {
        let mut lines = good.clone();
        change(&mut lines);
        assert_eq!(enter(&lists, &lines).unwrap_err(), RegistryError::NotEntered { version });
    };
    assert!(enter(&lists, &good).is_ok());
    let payload = good[5].payloads[0];
    refused(1, &|lines| lines[0] = other(0));
    refused(2, &|lines| lines[5] = other(5));
    refused(3, &|lines| lines[8] = enters(8, 3, payload));
    refused(3, &|lines| lines[8] = enters(8, 2, payload));
    refused(1, &|lines| lines.swap(0, 5));
    refused(2, &|lines| lines[5].payloads.push(payload));
    refused(2, &|lines| lines[5].payloads.clear());
    refused(2, &|lines| lines[5].payloads = vec![Digest::of(b"another")]);
    refused(2, &|lines| lines[5] = enters(5, 3, payload));
    refused(2, &|lines| lines[5].data = r#"{"changes":[],"registry_version":-2}"#.into());
    refused(2, &|lines| lines[5].data = r#"{"changes":[],"more":1,"registry_version":2}"#.into());
    refused(2, &|lines| lines[5].origin = "acme.example/y");
}

#[test]
fn a_key_counts_below_its_cut() {
    let retired = [vec![log(), key()], vec![log(), ended(&key(), State::Retired, 4)]];
    let registry = registry(&retired, &[0, 6]);
    for (seq, expected) in [(3, "counts"), (4, "retired at 4"), (5, "retired at 4"), (6, "retired at 4")] {
        assert_eq!(at(&registry, KEY, Use::Backup, seq), expected, "{seq}");
    }
    assert_eq!(registry.keys_at(Use::Backup, 3), [public(KEY)]);
    assert_eq!(registry.keys_at(Use::Backup, 4), []);
    // Of both cuts the lower one counts, and a version that no longer lists the key leaves it standing.
    let twice = [retired[0].clone(), retired[1].clone(), vec![log(), ended(&key(), State::Revoked, 2)], vec![log()]];
    let registry = self::registry(&twice, &[0, 6, 8, 9]);
    for (seq, expected) in [(1, "counts"), (2, "revoked at 2"), (7, "revoked at 2"), (9, "unknown")] {
        assert_eq!(at(&registry, KEY, Use::Backup, seq), expected, "{seq}");
    }
    // One that only lies before, and is higher, does not move it.
    let higher = [vec![log(), key()], vec![log(), ended(&key(), State::Retired, 3)], vec![log()]];
    let registry = self::registry(&higher, &[0, 6, 8]);
    assert_eq!(at(&registry, KEY, Use::Backup, 3), "retired at 3");
}

#[test]
fn a_key_that_is_retired_during_a_run_is_judged_where_the_run_began() {
    let lists = |end: RegistryKey| [vec![log()], vec![log(), key()], vec![log(), end]];
    let judge = |end: RegistryKey, seq: u64, began: Option<u64>| {
        let registry = registry(&lists(end), &[0, 2, 6]);
        word(&registry.key_of_run(&public(KEY).id(), Use::Backup, seq, || began))
    };
    let retired = || ended(&key(), State::Retired, 5);
    assert_eq!(judge(retired(), 4, None), "counts");
    assert_eq!(judge(retired(), 8, Some(4)), "counts");
    assert_eq!(judge(retired(), 8, Some(5)), "retired at 5");
    assert_eq!(judge(retired(), 8, Some(9)), "retired at 5");
    assert_eq!(judge(retired(), 8, None), "retired at 5");
    assert_eq!(judge(retired(), 8, Some(2)), "counts");
    assert_eq!(judge(retired(), 8, Some(1)), "unknown", "no such key where the run began");
    assert_eq!(judge(ended(&key(), State::Revoked, 5), 8, Some(4)), "revoked at 5");
    // Retired at the place, revoked in the newest version.
    let later = [vec![log(), key()], vec![log(), retired()], vec![log(), ended(&key(), State::Revoked, 5)]];
    let registry = registry(&later, &[0, 6, 9]);
    assert_eq!(word(&registry.key_of_run(&public(KEY).id(), Use::Backup, 8, || Some(4))), "revoked at 5");
    // Not retired where the run began, nor in the newest version; the run began at the cut or beyond it all the same.
    let again = [vec![log(), key()], vec![log(), ended(&key(), State::Retired, 3)], vec![log(), key()]];
    let registry = self::registry(&again, &[0, 7, 9]);
    for (began, expected) in [(2, "counts"), (3, "retired at 3"), (6, "retired at 3")] {
        let found = word(&registry.key_of_run(&public(KEY).id(), Use::Backup, 8, || Some(began)));
        assert_eq!(found, expected, "{began}");
    }
    let registry = self::registry(&lists(retired()), &[0, 2, 6]);
    let unasked = registry.key_of_run(&public(KEY).id(), Use::Backup, 4, || panic!("the run is not asked for"));
    assert_eq!(unasked, Ok(public(KEY)));
    assert_eq!(word(&registry.key_of_run(&public(KEY).id(), Use::Bundle, 8, || Some(4))), "no bundle");
}

#[test]
fn a_retired_log_key_agrees_to_its_successor() {
    let new = || active(NEW_LOG, &[Use::Log]);
    let gone = |state| ended(&log(), state, 3);
    let asked = |lists: &[Vec<RegistryKey>], places: &[usize]| {
        registry(lists, places).retired_log_keys().into_iter().map(|(seq, key)| (seq, key.into())).collect::<Vec<_>>()
    };
    let (first, then) = (vec![log(), key()], vec![gone(State::Retired), new(), key()]);
    assert_eq!(asked(&[first.clone(), then.clone()], &[0, 4]), [(4, public(LOG))]);
    // Retired once; later versions do not ask again.
    assert_eq!(asked(&[first.clone(), then.clone(), then.clone()], &[0, 4, 6]), [(4, public(LOG))]);
    assert_eq!(asked(&[first.clone(), vec![gone(State::Revoked), new(), key()]], &[0, 4]), []);
    assert_eq!(asked(&[first.clone(), vec![gone(State::Retired), key()]], &[0, 4]), [], "no successor");
    assert_eq!(asked(&[first.clone(), vec![log(), new(), key()]], &[0, 4]), [], "nobody retires");
    // A statement key that retires is no log key.
    assert_eq!(asked(&[first.clone(), vec![log(), ended(&key(), State::Retired, 3)]], &[0, 4]), []);
    // The successor is revoked from a head before it came, or at it: none of its heads counts there.
    let revoked = |cut| vec![gone(State::Retired), ended(&new(), State::Revoked, cut), active(12, &[Use::Log])];
    for (cut, expected) in [(3, vec![]), (4, vec![]), (5, vec![(4, public(LOG))])] {
        assert_eq!(asked(&[first.clone(), then.clone(), revoked(cut)], &[0, 4, 7]), expected, "{cut}");
    }
    let retired = vec![gone(State::Retired), ended(&new(), State::Retired, 4), active(12, &[Use::Log])];
    assert_eq!(asked(&[first, then, retired], &[0, 4, 7]), [(4, public(LOG)), (7, public(NEW_LOG))], "retired only");
}

#[test]
fn the_table_says_when_a_key_became_active_and_when_it_ceased_to_be() {
    let lists = [vec![log(), key()], vec![log(), ended(&key(), State::Retired, 4), active(NEW_KEY, &[Use::Bundle])]];
    let row = |seed: u8, state: &str, from: &str, to: &str| {
        let key = public(seed);
        format!("{},{},Ed25519,{state},{from},{to}\n", key.id(), key.to_word())
    };
    let (first, second) = ("2026-07-01T08:00:00.000000Z", "2026-07-06T08:00:00.000000Z");
    let rows = [row(LOG, "active", first, ""), row(KEY, "retired", first, second), row(NEW_KEY, "active", second, "")];
    let head = "key_id,public_key,algorithm,status,activated_at,retired_at\n";
    assert_eq!(registry(&lists, &[0, 5]).csv(), format!("{head}{}", rows.concat()));
}

#[test]
fn a_version_alone_keeps_its_rules() {
    let rule = |keys: Vec<RegistryKey>| match versions(&[keys]) {
        Ok(_) => "",
        Err(RegistryError::Rule { rule, .. }) => rule,
        Err(other) => panic!("{other}"),
    };
    let uses = "the uses of a key are empty, doubled or unsorted";
    let alone = "a log or review key has another use";
    let cut = "a retired or revoked key has exactly one cut, an active one has none";
    let kind = "a revoked key, and no other, says what kind of revocation it was";
    let retired_log = ended(&log(), State::Retired, 1);
    let retired = ended(&key(), State::Retired, 1);
    let kinds = Some(RevocationKind::Superseded);
    let table: [(&str, RegistryKey); 19] = [
        ("", log()),
        ("", key()),
        ("", active(KEY, &[Use::Review])),
        ("", retired_log.clone()),
        ("", retired.clone()),
        ("", ended(&key(), State::Revoked, 1)),
        (uses, active(KEY, &[])),
        (uses, active(KEY, &[Use::Backup, Use::Backup])),
        (uses, active(KEY, &[Use::Bundle, Use::Backup])),
        (alone, active(KEY, &[Use::Bundle, Use::Log])),
        (alone, active(KEY, &[Use::Bundle, Use::Review])),
        (cut, RegistryKey { state: State::Retired, ..key() }),
        (cut, RegistryKey { state: State::Active, ..retired.clone() }),
        (cut, RegistryKey { last_head: retired_log.last_head.clone(), ..retired.clone() }),
        (cut, RegistryKey { last_head: retired_log.last_head.clone(), ..key() }),
        (cut, RegistryKey { last_trusted: retired.last_trusted, ..retired_log.clone() }),
        (cut, RegistryKey { last_head: None, last_trusted: retired.last_trusted, ..retired_log.clone() }),
        (kind, RegistryKey { kind: kinds, ..key() }),
        (kind, RegistryKey { kind: None, ..ended(&key(), State::Revoked, 1) }),
    ];
    for (expected, key) in table {
        assert_eq!(rule(vec![key.clone()]), expected, "{key:?}");
    }
    assert_eq!(rule(vec![key(), key()]), "a public key occurs twice");
    assert_eq!(rule(vec![active(ROOT, &[Use::Bundle])]), "a public key occurs twice");
}
