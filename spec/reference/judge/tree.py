"""Merkle trees: merkle-1 to merkle-6, with the proofs of RFC 9162 2.1.3.2 and 2.1.4.2."""

from .value import sha256


def leaf_hash(data):
    """merkle-1."""
    return sha256(b"\x00", data)


def node_hash(left, right):
    """merkle-2."""
    return sha256(b"\x01", left, right)


def roots(leaves, sizes):
    """merkle-4: the root of the first n leaves, for each of these n that there are leaves for."""
    wanted, found, peaks = set(sizes), {}, []
    for n, leaf in enumerate([None, *leaves]):
        if leaf is not None:
            height = 0
            while peaks and peaks[-1][0] == height:
                leaf, height = node_hash(peaks.pop()[1], leaf), height + 1
            peaks.append((height, leaf))
        if n in wanted:
            found[n] = _join(peaks)
    return found


def _join(peaks):
    if not peaks:
        return sha256()  # merkle-3
    result = peaks[-1][1]
    for _, left in reversed(peaks[:-1]):
        result = node_hash(left, result)
    return result


def root(leaves):
    """merkle-2."""
    return roots(leaves, [len(leaves)])[len(leaves)]


def includes(proof, index, leaf, size, expected):
    """merkle-5, as RFC 9162 2.1.3.2 says: whether a leaf stands at this index of the tree of this size and root."""
    if not 0 <= index < size:
        return False
    fn, sn, found = index, size - 1, leaf
    for digest in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node_hash(digest, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, digest)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == expected


def extends(proof, old, old_root, new, new_root):
    """merkle-6, as RFC 9162 2.1.4.2 says: whether the tree of `new` leaves begins with that of `old` leaves."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for digest in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(digest, fr), node_hash(digest, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, digest)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == new_root
