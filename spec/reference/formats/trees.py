"""Merkle trees, rows and the content root: spec/04-rows.md and spec/05-merkle.md."""

import hmac

from .values import jcs, sha256


def leaf_hash(data):
    """merkle-1."""
    return sha256(b"\x00", data)


def node_hash(left, right):
    """merkle-2."""
    return sha256(b"\x01", left, right)


def split(n):
    """The largest power of two below n."""
    return 1 << (n - 1).bit_length() - 1


def root(leaves):
    """merkle-2 and merkle-3, by their definition."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node_hash(root(leaves[:k]), root(leaves[k:]))


def inclusion(leaves, index):
    """RFC 9162 2.1.3.1: PATH(index, leaves)."""
    n = len(leaves)
    if n == 1:
        return []
    k = split(n)
    if index < k:
        return inclusion(leaves[:k], index) + [root(leaves[k:])]
    return inclusion(leaves[k:], index - k) + [root(leaves[:k])]


def consistency(leaves, old, whole=True):
    """RFC 9162 2.1.4.1: SUBPROOF(old, leaves, whole)."""
    n = len(leaves)
    if old == n:
        return [] if whole else [root(leaves)]
    k = split(n)
    if old <= k:
        return consistency(leaves[:k], old, whole) + [root(leaves[k:])]
    return consistency(leaves[k:], old - k, False) + [root(leaves[:k])]


def _included(leaf, index, size, proof):
    if size == 1:
        return None if proof else leaf
    if not proof:
        return None
    k, below, sibling = split(size), proof[:-1], proof[-1]
    if index < k:
        left = _included(leaf, index, k, below)
        return left and node_hash(left, sibling)
    right = _included(leaf, index - k, size - k, below)
    return right and node_hash(sibling, right)


def includes(proof, leaf, index, size, expected):
    """merkle-5: walks PATH backwards, from the root to the leaf."""
    return 0 <= index < size and _included(leaf, index, size, proof) == expected


def _extended(old_root, old, new, whole, proof):
    if old == new:
        if whole:
            return None if proof else (old_root, old_root)
        return (proof[0], proof[0]) if len(proof) == 1 else None
    if not proof:
        return None
    k, below, sibling = split(new), proof[:-1], proof[-1]
    if old <= k:
        pair = _extended(old_root, old, k, whole, below)
        return pair and (pair[0], node_hash(pair[1], sibling))
    pair = _extended(old_root, old - k, new - k, False, below)
    return pair and (node_hash(sibling, pair[0]), node_hash(sibling, pair[1]))


def extends(proof, old, old_root, new, new_root):
    """merkle-6: walks SUBPROOF backwards."""
    return 0 < old <= new and _extended(old_root, old, new, True, proof) == (old_root, new_root)


def row(columns, values):
    """rows-1."""
    return jcs(dict(zip(columns, values, strict=True)))


def row_key_commitment(key):
    """rows-3."""
    return sha256(b"walwarden/rowkey/v1\x00", key)


def opening(key, inner):
    """rows-2."""
    return hmac.digest(key, b"walwarden/row/v1\x00" + inner, "sha256")


def row_leaf(key, inner):
    """rows-2."""
    return sha256(b"\x00", opening(key, inner), inner)


def table_root(key, rows, order):
    """rows-5: rows as read, or sorted by inner digest."""
    inners = [leaf_hash(r) for r in rows]
    if order == "leaf-hash":
        inners.sort()
    return root([row_leaf(key, inner) for inner in inners])


def content_place(leaf):
    """rows-7: what leaf objects are sorted by."""
    return tuple(leaf.get(part, "").encode() for part in ("kind", "schema", "name"))


def content_root(leaves):
    """rows-7; None when the list is not strictly sorted."""
    places = [content_place(leaf) for leaf in leaves]
    for leaf in leaves:
        names = [column["name"].encode() for column in leaf.get("columns", [])]
        if names != sorted(set(names)):
            return None
    if places != sorted(set(places)):
        return None
    return root([leaf_hash(jcs(leaf)) for leaf in leaves])
