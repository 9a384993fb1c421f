"""Leaf objects and the content root: rows-6 to rows-8."""

from .document import write
from .tree import leaf_hash, root
from .value import each, has, is_decimal, is_digest, is_text, refuse_unless, shape, words

LIST_BYTES = 67_108_864

_COLUMN = shape({"name": is_text, "type": is_text})
_TABLE = {"kind": words("table"), "schema": is_text, "name": is_text, "columns": each(_COLUMN), "key": each(is_text)}
_TABLE |= {"order": words("key", "leaf-hash"), "rows": is_decimal, "root": is_digest}
_LARGE = {"kind": words("large-objects"), "count": is_decimal, "root": is_digest}
LEAVES = each(lambda value: has(value, _TABLE) or has(value, _LARGE))


def content_root(leaves):
    """rows-7; refused unless the leaf objects, and the columns in each, are in order."""
    for leaf in leaves:
        names = [column["name"].encode() for column in leaf.get("columns", [])]
        refuse_unless(names == sorted(set(names)), "rows-6: columns out of order, or one twice")
    places = [tuple(leaf.get(part, "").encode() for part in ("kind", "schema", "name")) for leaf in leaves]
    refuse_unless(places == sorted(set(places)), "rows-7: leaf objects out of order, or one twice")
    return root([leaf_hash(write(leaf)) for leaf in leaves]).hex()


def counts(leaves):
    """rows-8: the number of tables, and of rows in them."""
    tables = [leaf for leaf in leaves if leaf["kind"] == "table"]
    return len(tables), sum(int(table["rows"]) for table in tables)
