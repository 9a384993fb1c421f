"""The fixed text of `readme.txt`, format version 1: bundle-3."""

TEXT = """\
This is a walwarden evidence bundle, format version 1.

It holds the record of an organisation's PostgreSQL backups and restore tests for one period: every entry of its
chain from the first, the signed checkpoints over them, the signed statements, and the registry of public keys.
It holds no backup, no row of any table and no private key.

To judge it, get the organisation's root fingerprint (or handover.json) by another channel than this file, then:

    walwarden-verify this-bundle.zip --trust handover.json

The program needs no network and no account. It is not needed either: the specification says how to verify every
byte by other means, and every signature here can be checked with common tools.

Nothing found in this bundle creates trust in it. An organisation that holds all its keys can record things that did
not happen; the record makes such a statement signed, dated and permanent, it does not prevent it.
"""
