"""Rows, tables and the content root: spec/04-rows.md."""

import formats
import predicates

KEY = bytes(range(32))
OTHER_KEY = formats.sha256(b"walwarden test row key 2")

ROWS = {
    "one-column": (["id"], ["1"]),
    "null-is-not-the-word": (["a", "b"], [None, "null"]),
    "empty-text-is-not-null": (["a"], [""]),
    "no-columns": ([], []),
    "reading-order-does-not-count": (["b", "a"], ["2", "1"]),
    "backslash-n-as-text": (["a"], ["\\N"]),
    "escapes": (["a"], ['tab\t line\n quote" backslash\\ bell\x07']),
    "numbers-stay-text": (["big", "real", "nan"], ["123456789012345678901234567890.000", "1e-07", "NaN"]),
    "bytea-and-array": (["b", "x"], ["\\x00ff", "[0:1]={1,NULL}"]),
    "char-keeps-its-padding": (["c"], ["ab   "]),
    "names-in-utf16-order": (["\uffff", "\U00010000", "z"], ["1", "2", "3"]),
    "names-with-quotes": (['a"b', "a\nb", "A"], ["1", "2", "3"]),
    "emoji-and-accents": (["\u00e9"], ["e\u0301 \U0001f600"]),
}


def row_cases():
    cases = []
    for name, (columns, values) in ROWS.items():
        data = formats.row(columns, values)
        inner = formats.leaf_hash(data)
        cases.append(
            {
                "name": name,
                "rule": "rows-1",
                "key": KEY.hex(),
                "commitment": formats.row_key_commitment(KEY).hex(),
                "columns": columns,
                "values": values,
                "jcs": data.decode(),
                "inner": inner.hex(),
                "opening": formats.opening(KEY, inner).hex(),
                "leaf": formats.row_leaf(KEY, inner).hex(),
            }
        )
    return cases


def numbered(n):
    return [formats.row(["id", "note"], [str(i), f"row {i}"]).decode() for i in range(n)]


def large_object(loid, data):
    return formats.jcs({"loid": str(loid), "sha256": formats.sha256(data).hex()}).decode()


def table_cases():
    same = formats.row(["a"], ["x"]).decode()
    tables = {
        "no-rows": (KEY, "key", []),
        "no-rows-leaf-hash": (KEY, "leaf-hash", []),
        "one-row": (KEY, "key", numbered(1)),
        "one-row-other-key": (OTHER_KEY, "key", numbered(1)),
        "five-rows-key": (KEY, "key", numbered(5)),
        "five-rows-key-reversed-is-another-table": (KEY, "key", numbered(5)[::-1]),
        "five-rows-leaf-hash": (KEY, "leaf-hash", numbered(5)),
        "five-rows-leaf-hash-reversed-is-the-same": (KEY, "leaf-hash", numbered(5)[::-1]),
        "duplicates-stay": (KEY, "leaf-hash", [same, numbered(1)[0], same]),
        "duplicates-count": (KEY, "leaf-hash", [same, numbered(1)[0]]),
        "rows-without-columns": (KEY, "leaf-hash", ["{}", "{}", "{}"]),
        "large-objects": (KEY, "key", [large_object(9999, b""), large_object(16404, b"%PDF")]),
    }
    return [
        {
            "name": name,
            "rule": "rows-6" if name == "large-objects" else "rows-5",
            "key": key.hex(),
            "order": order,
            "rows": rows,
            "count": str(len(rows)),
            "root": formats.table_root(key, [r.encode() for r in rows], order).hex(),
        }
        for name, (key, order, rows) in tables.items()
    ]


EMPTY = formats.sha256().hex()
NO_LARGE_OBJECTS = {"kind": "large-objects", "count": "0", "root": EMPTY}


def table(schema, name, rows, root, order="key", key=("id",), columns=(("id", "bigint"), ("note", "text"))):
    return {
        "kind": "table",
        "schema": schema,
        "name": name,
        "columns": [{"name": n, "type": t} for n, t in columns],
        "key": list(key),
        "order": order,
        "rows": str(rows),
        "root": root,
    }


def five_rows():
    return formats.table_root(KEY, [r.encode() for r in numbered(5)], "key").hex()


def content_cases():
    orders = table("public", "orders", 5, five_rows())
    log = table("public", "log", 0, EMPTY, "leaf-hash", ())
    audit = table("audit", "z", 0, EMPTY, "leaf-hash", ())
    sorted_names = table("public", "t", 0, EMPTY, columns=(("Z", "text"), ("a", "text"), ("\u00e9", "text")))
    unsorted_names = table("public", "t", 0, EMPTY, columns=(("a", "text"), ("Z", "text")))
    doubled_name = table("public", "t", 0, EMPTY, columns=(("a", "text"), ("a", "text")))
    # UTF-8 puts U+FFFF first, UTF-16 would put it second.
    wide = [table("public", n, 0, EMPTY) for n in ("\uffff", "\U00010000")]
    lists = {
        "no-tables": (True, [NO_LARGE_OBJECTS]),
        "one-table": (True, [NO_LARGE_OBJECTS, orders]),
        "schemas-then-names": (True, [NO_LARGE_OBJECTS, audit, log, orders]),
        "columns-by-utf8": (True, [NO_LARGE_OBJECTS, sorted_names]),
        "names-by-utf8": (True, [NO_LARGE_OBJECTS, *wide]),
        "partition-and-parent": (True, [NO_LARGE_OBJECTS, orders, table("public", "orders_2026", 5, five_rows())]),
        "names-out-of-order": (False, [NO_LARGE_OBJECTS, orders, log]),
        "names-by-utf16": (False, [NO_LARGE_OBJECTS, *wide[::-1]]),
        "schemas-out-of-order": (False, [NO_LARGE_OBJECTS, orders, audit]),
        "large-objects-last": (False, [orders, NO_LARGE_OBJECTS]),
        "table-twice": (False, [NO_LARGE_OBJECTS, orders, orders]),
        "large-objects-twice": (False, [NO_LARGE_OBJECTS, NO_LARGE_OBJECTS]),
        "columns-out-of-order": (False, [NO_LARGE_OBJECTS, unsorted_names]),
        "column-twice": (False, [NO_LARGE_OBJECTS, doubled_name]),
        "unknown-member": (False, [NO_LARGE_OBJECTS, orders | {"note": "x"}]),
        "unknown-member-of-a-column": (
            False,
            [NO_LARGE_OBJECTS, orders | {"columns": [{"name": "id", "type": "bigint", "note": "x"}]}],
        ),
        "unknown-member-of-large-objects": (False, [NO_LARGE_OBJECTS | {"note": "x"}, orders]),
        "member-missing": (False, [NO_LARGE_OBJECTS, {n: v for n, v in orders.items() if n != "key"}]),
        "rows-as-number": (False, [NO_LARGE_OBJECTS, orders | {"rows": 5}]),
        "unknown-order": (False, [NO_LARGE_OBJECTS, orders | {"order": "heap"}]),
        "unknown-kind": (False, [NO_LARGE_OBJECTS, orders | {"kind": "view"}]),
    }
    cases = []
    for name, (valid, leaves) in lists.items():
        root = formats.content_root(leaves) if predicates.LEAVES(leaves) else None
        assert (root is not None) == valid, name
        rule = "rows-7" if predicates.LEAVES(leaves) else "rows-6"
        case = {"name": name, "rule": rule, "valid": valid, "tables": formats.jcs(leaves).decode()}
        if valid:
            case["leaf_hashes"] = [formats.leaf_hash(formats.jcs(leaf)).hex() for leaf in leaves]
            case["root"] = root.hex()
        cases.append(case)
    return cases


def files():
    return {
        "rows": (
            "04-rows",
            "Rows as read, their canonical bytes and their blinded leaves under the row key.",
            row_cases(),
        ),
        "tables": ("04-rows", "Rows in the order in which they were read, and the root of their table.", table_cases()),
        "content": ("04-rows", "Lists of leaf objects, as JCS, and the content root.", content_cases()),
    }
