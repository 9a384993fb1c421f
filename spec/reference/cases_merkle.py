"""Roots and proofs: spec/05-merkle.md."""

import formats


def data(i):
    """The bytes of leaf i: its number in ASCII."""
    return str(i).encode()


LEAVES = [formats.leaf_hash(data(i)) for i in range(17)]
ROOTS = [formats.root(LEAVES[:n]) for n in range(18)]


def root_cases():
    return [
        {"name": f"size-{n}", "rule": "merkle-3" if n == 0 else "merkle-2", "size": str(n), "root": ROOTS[n].hex()}
        for n in range(18)
    ]


def hexes(digests):
    return [digest.hex() for digest in digests]


def inclusion_cases():
    cases = []

    def case(name, valid, index, size, proof, leaf, root):
        assert formats.includes(proof, leaf, index, size, root) == valid, name
        cases.append(
            {"name": name, "rule": "merkle-5", "valid": valid, "index": str(index), "size": str(size)}
            | {"leaf": leaf.hex(), "proof": hexes(proof), "root": root.hex()}
        )

    for size in (*range(1, 9), 17):
        for index in range(size) if size < 17 else (0, 1, 7, 8, 15, 16):
            proof = formats.inclusion(LEAVES[:size], index)
            case(f"{index}-of-{size}", True, index, size, proof, LEAVES[index], ROOTS[size])
    for index, size in ((0, 1), (0, 2), (2, 3), (3, 7), (6, 7), (7, 8), (16, 17)):
        proof, leaf, root = formats.inclusion(LEAVES[:size], index), LEAVES[index], ROOTS[size]
        of = f"{index}-of-{size}"
        case(f"{of}-index-is-size", False, size, size, proof, leaf, root)
        case(f"{of}-index-beyond", False, 2**62, size, proof, leaf, root)
        case(f"{of}-size-zero", False, index, 0, proof, leaf, root)
        case(f"{of}-digest-appended", False, index, size, [*proof, leaf], leaf, root)
        case(f"{of}-digest-prepended", False, index, size, [leaf, *proof], leaf, root)
        case(f"{of}-other-leaf", False, index, size, proof, LEAVES[(index + 1) % 17], root)
        case(f"{of}-other-root", False, index, size, proof, leaf, ROOTS[size - 1])
        if proof:
            other = (index + 1) % size
            case(f"{of}-first-digest-cut", False, index, size, proof[1:], leaf, root)
            case(f"{of}-last-digest-cut", False, index, size, proof[:-1], leaf, root)
            case(f"{of}-empty", False, index, size, [], leaf, root)
            case(f"{of}-first-digest-replaced", False, index, size, [leaf, *proof[1:]], leaf, root)
            case(f"{of}-as-index-{other}", False, other, size, proof, leaf, root)
            case(f"{of}-size-doubled", False, index, size * 2, proof, leaf, root)
        if len(proof) > 1:
            case(f"{of}-reversed", False, index, size, proof[::-1], leaf, root)
    return cases


def consistency_cases():
    cases = []

    def case(name, valid, old, old_root, new, new_root, proof):
        assert formats.extends(proof, old, old_root, new, new_root) == valid, name
        cases.append(
            {"name": name, "rule": "merkle-6", "valid": valid}
            | {"old": {"root": old_root.hex(), "size": str(old)}, "new": {"root": new_root.hex(), "size": str(new)}}
            | {"proof": hexes(proof)}
        )

    for new in (*range(1, 9), 17):
        for old in range(1, new + 1) if new < 17 else (1, 2, 7, 8, 9, 15, 16, 17):
            proof = formats.consistency(LEAVES[:new], old)
            case(f"{old}-to-{new}", True, old, ROOTS[old], new, ROOTS[new], proof)
    for old, new in ((1, 2), (3, 3), (2, 5), (3, 7), (4, 8), (6, 8), (7, 8), (8, 17), (9, 17)):
        proof = formats.consistency(LEAVES[:new], old)
        a, b, to = ROOTS[old], ROOTS[new], f"{old}-to-{new}"
        case(f"{to}-old-size-zero", False, 0, formats.sha256(), new, b, proof)
        case(f"{to}-old-size-minus-one", False, old - 1, a, new, b, proof)
        case(f"{to}-digest-appended", False, old, a, new, b, [*proof, a])
        case(f"{to}-digest-prepended", False, old, a, new, b, [a, *proof])
        case(f"{to}-other-old-root", False, old, ROOTS[old - 1], new, b, proof)
        case(f"{to}-other-new-root", False, old, a, new, ROOTS[new - 1], proof)
        if proof:
            case(f"{to}-old-beyond-new", False, new + 1, a, new, b, proof)
            case(f"{to}-same-size", False, new, a, new, b, proof)
            case(f"{to}-old-size-plus-one", False, old + 1, a, new, b, proof)
            case(f"{to}-sizes-swapped", False, new, b, old, a, proof)
            case(f"{to}-roots-swapped", False, old, b, new, a, proof)
            case(f"{to}-first-digest-cut", False, old, a, new, b, proof[1:])
            case(f"{to}-last-digest-cut", False, old, a, new, b, proof[:-1])
            case(f"{to}-empty", False, old, a, new, b, [])
            case(f"{to}-last-digest-replaced", False, old, a, new, b, [*proof[:-1], a])
        if len(proof) > 1:
            case(f"{to}-reversed", False, old, a, new, b, proof[::-1])
    # The shape of a proof from 3 to 7 is that of one from 3 to 8: the note binds the size, the proof does not.
    case("3-to-7-told-as-8-holds", True, 3, ROOTS[3], 8, ROOTS[7], formats.consistency(LEAVES[:7], 3))
    case("3-to-7-told-as-16", False, 3, ROOTS[3], 16, ROOTS[7], formats.consistency(LEAVES[:7], 3))
    return cases


def files():
    about = "The data of leaf i is i in ASCII decimal, without leading zero."
    return {
        "roots": ("05-merkle", "Roots of trees. " + about, root_cases()),
        "inclusion": ("05-merkle", "Inclusion proofs that hold or do not. " + about, inclusion_cases()),
        "consistency": ("05-merkle", "Consistency proofs that hold or do not. " + about, consistency_cases()),
    }
