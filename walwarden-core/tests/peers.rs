//! Other people's code agrees: trees and proofs with `rs_merkle` and `ct-merkle`, notes with `signed_note`, canonical
//! JSON with `serde_json_canonicalizer`. Programs: `peers_programs.rs`.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use ed25519_dalek::{Signer as _, SigningKey};
use proptest::prelude::*;
use rs_merkle::{Hasher, MerkleTree};
use signed_note::VerifierList;
use walwarden_core::{
    Digest,
    checkpoint::{Head, Note, key_hash},
    jcs,
    key::Ed25519Key,
    merkle::{
        Proof, Range, TreeHead, consistency, inclusion, leaf_hash, node_hash, verify_consistency, verify_inclusion,
    },
};

#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> [u8; 32] {
        // rs_merkle hands over the two children side by side.
        let (left, right) = data.split_at(32);
        node_hash(&Digest(left.try_into().unwrap()), &Digest(right.try_into().unwrap())).0
    }
}

fn data(n: u64) -> Vec<Vec<u8>> {
    (0..n).map(|i| i.to_be_bytes().to_vec()).collect()
}

fn leaves(n: u64) -> Vec<Digest> {
    data(n).iter().map(|d| leaf_hash(d)).collect()
}

fn head(leaves: &[Digest]) -> TreeHead {
    leaves.iter().copied().collect::<Range>().head()
}

#[test]
fn rs_merkle_builds_the_same_roots_and_inclusion_proofs() {
    for n in 1..=70 {
        let ours = leaves(n);
        let raw: Vec<[u8; 32]> = ours.iter().map(|d| d.0).collect();
        let tree = MerkleTree::<Rfc6962>::from_leaves(&raw);
        assert_eq!(tree.root().map(Digest), Some(head(&ours).root), "{n} leaves");
        for index in 0..ours.len() {
            let theirs = tree.proof(&[index]).proof_hashes().iter().copied().map(Digest).collect();
            assert_eq!(inclusion(&ours, index).unwrap(), Proof(theirs), "{index} of {n}");
        }
    }
}

#[test]
fn ct_merkle_and_we_accept_each_others_proofs() {
    for n in 1..=40u64 {
        let ours = leaves(n);
        let mut tree = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        data(n).into_iter().for_each(|d| tree.push(d));
        assert_eq!(tree.root().as_bytes().as_slice(), head(&ours).root.0);
        for old in 1..=n {
            let length = usize::try_from(old).unwrap();
            let additions = usize::try_from(n - old).unwrap();
            let theirs = tree.prove_consistency(additions);
            let theirs = Proof(theirs.as_bytes().chunks(32).map(|c| Digest(c.try_into().unwrap())).collect());
            let mine = consistency(&ours, length).unwrap();
            if additions > 0 {
                assert_eq!(mine, theirs, "{old} to {n}");
            }
            let small = head(&ours[..length]);
            assert_eq!(verify_consistency(&mine, &small, &head(&ours)), Ok(()));
            let bytes = mine.0.iter().flat_map(|d| d.0).collect();
            let small = RootHash::<sha2::Sha256>::new(small.root.0.into(), old);
            if additions > 0 {
                let proof = ConsistencyProof::try_from_bytes(bytes).unwrap();
                assert!(tree.root().verify_consistency(&small, &proof).is_ok(), "{old} to {n}");
            }
            let index = length - 1;
            let theirs = tree.prove_inclusion(index);
            let theirs = Proof(theirs.as_bytes().chunks(32).map(|c| Digest(c.try_into().unwrap())).collect());
            assert_eq!(verify_inclusion(&theirs, &ours[index], old - 1, &head(&ours)), Ok(()));
            let bytes = inclusion(&ours, index).unwrap().0.iter().flat_map(|d| d.0).collect();
            let proof = InclusionProof::<sha2::Sha256>::try_from_bytes(bytes).unwrap();
            assert!(tree.root().verify_inclusion(&data(n)[index], old - 1, &proof).is_ok());
        }
    }
}

#[test]
fn signed_note_accepts_our_checkpoints() {
    let signing = SigningKey::from_bytes(&[7; 32]);
    let key = Ed25519Key::from_bytes(signing.verifying_key().to_bytes()).unwrap();
    let origin = "acme.example/backups-7k2m9q4xtz";
    let mut note =
        Note { head: Head { origin: origin.parse().unwrap(), tree: head(&leaves(41)) }, signatures: Vec::new() };
    let signature = signing.sign(note.head.to_string().as_bytes()).to_vec();
    note.add(&key, signature);

    let encoded = walwarden_core::Base64([[1].as_slice(), &key.to_bytes()].concat());
    let hash = u32::from_be_bytes(key_hash(origin, &key));
    let verifier = signed_note::StandardVerifier::new(&format!("{origin}+{hash:08x}+{encoded}")).unwrap();
    let known = VerifierList::new(vec![Box::new(verifier)]);
    let theirs = signed_note::Note::from_bytes(note.to_text().as_bytes()).unwrap();
    assert_eq!(theirs.text(), note.head.to_string().as_bytes());
    let (verified, unverified) = theirs.verify(&known).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 0));

    let forged = note.to_text().replacen("\n41\n", "\n42\n", 1);
    assert!(signed_note::Note::from_bytes(forged.as_bytes()).unwrap().verify(&known).is_err());
}

proptest! {
    #[test]
    fn serde_json_canonicalizer_writes_the_same(members in prop::collection::btree_map(any::<String>(), any::<String>(), 0..12)) {
        let ours = jcs::to_vec(&members).unwrap();
        prop_assert_eq!(serde_json_canonicalizer::to_vec(&members).unwrap(), ours);
    }
}
