//! Words about `zip.*`, `bundle.*`, `json.*` and `blobs.*`.

use super::CheckText;
use crate::report::ReadsAs::{Deletion, Edit, Insertion, Other, ReSigning};

pub(super) const TEXTS: &[CheckText] = &[
    CheckText {
        id: "zip.profile",
        asks: "Whether every program that opens the zip sees the same files. Ordinary zips can be built so that two readers see different content.",
        compares: "Every header, offset and length of the raw bytes with the one value that the profile allows; local headers with the central directory; the checksum of each entry.",
        fails: &[(
            Edit,
            "a field, a gap, an overlap, a foreign byte, a compressed entry or a repeated name that the profile does not allow",
        )],
        not_run: "an unpacked folder was given: it claims no zip profile",
        ask: "Ask for the file again, as `walwarden bundle` wrote it. A zip that was unpacked and packed again by another program fails here and may be unchanged otherwise: judge the unpacked folder too.",
    },
    CheckText {
        id: "bundle.listed",
        asks: "Whether the bundle holds exactly the files that its own signed statement lists.",
        compares: "The names in the bundle with the subjects of bundle.dsse.json, both ways, and with the names that this format version knows.",
        fails: &[
            (Deletion, "a file that is listed, or that every bundle has, is missing"),
            (Insertion, "a file that is not listed, or that this format version does not know"),
            (Edit, "the statement cannot be read, or its list is not in order"),
            (Other, "a folder holds something that is no plain file of the bundle"),
        ],
        not_run: "",
        ask: "Ask for the bundle again by another way, and compare the digests of the two files.",
    },
    CheckText {
        id: "bundle.digests",
        asks: "Whether each file is byte for byte the one that was there when the bundle was sealed.",
        compares: "SHA-256 of each file with the digest under which the bundle's statement lists it.",
        fails: &[(Edit, "a file has another digest: it was changed after the bundle was sealed")],
        not_run: "",
        ask: "Ask for the bundle again by another way. If that one passes, keep both: one of them was changed on its way.",
    },
    CheckText {
        id: "bundle.signed",
        asks: "Whether the bundle was sealed by a key that was allowed to seal bundles at its last entry.",
        compares: "Every signature of bundle.dsse.json, under keys that the registry in force at the end gives the use `bundle`.",
        fails: &[
            (ReSigning, "a signature is by a key that is unknown, retired, revoked or for something else"),
            (Edit, "a signature does not hold over these bytes"),
        ],
        not_run: "the bundle ends before its first entry",
        ask: "Ask who sealed this bundle, with which key, and whether a key was replaced about that time.",
    },
    CheckText {
        id: "bundle.agrees",
        asks: "Whether what the bundle says of itself (organisation, period, counts, policies, zone) is what its chain says.",
        compares: "Each member of the bundle's statement with the value computed from the entries and the policy; readme.txt with its fixed text. When it was sealed is its own word, but not before the last entry.",
        fails: &[
            (Edit, "a member differs from what the chain gives, or readme.txt is another text"),
            (Deletion, "the chain does not begin with its genesis"),
        ],
        not_run: "the chain has no entry",
        ask: "Read which member differs. Counts that differ hide or invent entries of the period: ask for the list of entries behind the number.",
    },
    CheckText {
        id: "bundle.complete",
        asks: "Whether everything that the entries of the period refer to is here, or is named as withheld.",
        compares: "Every statement and attached file that must be carried (of the period, the last completed backup and passed restore test of each database before it, each policy in force) with what is carried, and with the list of withheld ones.",
        fails: &[
            (Deletion, "something referred to is neither carried nor named as withheld"),
            (Edit, "something is named as withheld that is carried, or that nothing in the period refers to"),
        ],
        not_run: "",
        ask: "Ask for the missing file by its digest: anyone who has it can prove that it is the one. Ask why each withheld one is withheld.",
    },
    CheckText {
        id: "json.canonical",
        asks: "Whether every document has the one spelling that it can have, so that no two programs read it differently.",
        compares: "Each .json file, and each line of each .ndjson file, with its RFC 8785 form and the limits of size and depth.",
        fails: &[(
            Edit,
            "a document has a repeated member, white space, another spelling of a number or a string, or is over a limit",
        )],
        not_run: "",
        ask: "No program of ours writes such a document: ask what touched the file after it was written.",
    },
    CheckText {
        id: "blobs.digests",
        asks: "Whether each attached file is what its name says, and something in the record refers to it.",
        compares: "SHA-256 of each file under blobs/ with its name; its length with the one that an entry states; its name with every reference.",
        fails: &[
            (Edit, "a file has another digest or length than stated"),
            (Insertion, "nothing in the record refers to the file"),
        ],
        not_run: "nothing is attached",
        ask: "Ask for the file by its digest. One that nothing refers to is no evidence of anything: ask how it came into the bundle.",
    },
];
