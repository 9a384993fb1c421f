//! Words about `keys.*`.

use super::CheckText;
use crate::report::ReadsAs::{Deletion, Edit, Insertion, Other, ReSigning, Truncation};

pub(super) const TEXTS: &[CheckText] = &[
    CheckText {
        id: "keys.registry-versions",
        asks: "Whether the list of keys changed only as its root keys signed, and only as the chain records.",
        compares: "The signatures of each registry version, under the roots of the version before and its own; each version with the entry that brings it into force.",
        fails: &[
            (ReSigning, "a version is not signed by enough of the roots that must sign it"),
            (Edit, "a version breaks a rule of its form, or does not follow from the one before"),
            (Deletion, "a version is entered in the chain and not carried, or carried and not entered"),
            (Other, "the registry has no version"),
        ],
        not_run: "",
        ask: "Ask who holds the root keys, and for the record of the ceremony at which the version was signed.",
    },
    CheckText {
        id: "keys.root-pinned",
        asks: "Whether the keys of this bundle lead back to the root keys that you got by another channel.",
        compares: "The fingerprints of the root keys that signed a registry version with those that you pinned; the threshold is yours.",
        fails: &[(
            ReSigning,
            "too few of your pinned keys signed: this is not the record of the one whose keys you pinned",
        )],
        not_run: "you pinned no root key: then anybody could have made this bundle, and no rule is called supported",
        ask: "Ask for the fingerprints again, by telephone or on paper. Do not take them from the bundle or from the mail that brought it.",
    },
    CheckText {
        id: "keys.not-rolled-back",
        asks: "Whether the list of keys is no older, and no other, than the one in the bundle that you saw before.",
        compares: "The digest of each registry version of the earlier bundle with the version of that number here.",
        fails: &[
            (
                Truncation,
                "the registry stops below the version that you have seen: a retirement or revocation would be undone",
            ),
            (ReSigning, "two registries of one version are signed: this one is not the one you have seen"),
        ],
        not_run: "no earlier bundle was given (--previous)",
        ask: "Keep both bundles. `walwarden-verify compare` says whether a fork of keys is shown. Ask the root custodian which version is theirs.",
    },
    CheckText {
        id: "keys.in-span",
        asks: "Whether each key signed only what it was listed for, and only while it was in force.",
        compares: "The key of each signature of each statement with the registry in force at the statement's entry, and with the cut of a retired or revoked key. A run that began before a retirement may end after it.",
        fails: &[
            (ReSigning, "a retired or revoked key signed beyond its cut"),
            (Other, "a key was not yet listed there, or is for something else"),
        ],
        not_run: "no statement with a known key is carried",
        ask: "Ask when the key was taken out of use, and what else it signed after that.",
    },
    CheckText {
        id: "keys.last-head",
        asks: "Whether retired and revoked keys were used to sign another history.",
        compares: "The last head of each such key, as the root-signed registry records it, with the lines shown; every checkpoint with the log keys that still count at its size.",
        fails: &[
            (
                ReSigning,
                "the lines up to a recorded last head differ, or a checkpoint is signed only by a log key beyond its last head",
            ),
            (Truncation, "fewer lines are shown than a recorded last head covers"),
            (Other, "a recorded last head is of another chain"),
        ],
        not_run: "no key is retired or revoked",
        ask: "Ask who held the key when it was taken out of use, and whether it was destroyed.",
    },
    CheckText {
        id: "keys.csv",
        asks: "Whether the table of keys for people says what the signed registry says.",
        compares: "keys/keys.csv, byte for byte, with the table computed from the registry and the chain.",
        fails: &[
            (Edit, "a row of the table is another than the registry gives"),
            (Other, "the table cannot be computed from the registry and the chain"),
        ],
        not_run: "",
        ask: "Use the registry, not the table. Ask what wrote the table.",
    },
    CheckText {
        id: "keys.no-private-material",
        asks: "Whether somebody put a private key into the bundle: whoever has the bundle could then sign or decrypt.",
        compares: "Every byte of every file, also inside base64, with the forms of private keys: what parses as one counts, text that merely looks like one does not.",
        fails: &[(Insertion, "a file holds a private key")],
        not_run: "",
        ask: "Do not pass the bundle on. Tell the organisation at once: the key must be revoked.",
    },
];
