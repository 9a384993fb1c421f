"""Canonical JSON and values with one spelling: spec/02-bytes.md."""

import base64

import formats

GOOD = {
    "empty-object": "{}",
    "empty-array": "[]",
    "scalars": '[null,true,false,0,-1,""]',
    "integers-at-the-limit": "[9007199254740991,-9007199254740991]",
    "short-escapes": '"\\b\\t\\n\\f\\r\\"\\\\"',
    "long-escapes": '"\\u0000\\u0001\\u000b\\u001f"',
    "delete-and-slash-stand-plain": '"\x7f/"',
    "names-beyond-the-basic-plane-come-before-uffff": '{"\U00010000":1,"\uffff":2}',
    "names-in-utf16-order": '{"":0,"A":1,"a":2,"\u00e9":3,"\u20ac":4,"\U0001f600":5,"\ufb33":6}',
    "escaped-name-sorts-by-what-it-means": '{"\\n":1,"\\r":2," ":3,"\\"":4,"\\\\":5,"a":6}',
    "a-name-is-before-its-extension": '{"a":1,"a\\"":2,"aa":3}',
    "no-normalisation-composed": '"\u00e9"',
    "no-normalisation-decomposed": '"e\u0301"',
    "noncharacter": '"\uffff\ufdd0"',
    "depth-16": "[" * 16 + "]" * 16,
    "depth-16-with-objects": '{"a":' * 15 + "[]" + "}" * 15,
    "five-thousand-items": "[" + ",".join(["0"] * 5000) + "]",
}

BAD = {
    "nothing": ("bytes-1", ""),
    "white-space-before": ("bytes-1", " 1"),
    "white-space-after": ("bytes-1", "1 "),
    "line-feed-after": ("bytes-1", "{}\n"),
    "space-after-colon": ("bytes-1", '{"a": 1}'),
    "space-after-comma": ("bytes-1", "[1, 2]"),
    "two-values": ("bytes-1", "1 2"),
    "byte-order-mark": ("bytes-1", "\ufeff{}"),
    "names-out-of-order": ("bytes-1", '{"b":1,"a":2}'),
    "names-in-utf8-order": ("bytes-1", '{"\uffff":2,"\U00010000":1}'),
    "escaped-name-out-of-order": ("bytes-1", '{"a":1,"\\n":2}'),
    "name-twice": ("bytes-1", '{"a":1,"a":1}'),
    "name-twice-apart": ("bytes-1", '{"a":1,"b":2,"a":1}'),
    "name-twice-once-escaped": ("bytes-1", '{"a":1,"\\u0061":2}'),
    "escaped-letter": ("bytes-1", '"\\u0041"'),
    "escaped-slash": ("bytes-1", '"\\/"'),
    "long-escape-for-line-feed": ("bytes-1", '"\\u000a"'),
    "upper-case-hex": ("bytes-1", '"\\u001F"'),
    "escaped-delete": ("bytes-1", '"\\u007f"'),
    "surrogate-pair-escaped": ("bytes-1", '"\\ud83d\\ude00"'),
    "lone-surrogate": ("bytes-1", '"\\ud800"'),
    "plain-control-character": ("bytes-1", '"\x01"'),
    "plain-tab": ("bytes-1", '"\t"'),
    "fraction": ("bytes-1", "1.0"),
    "exponent": ("bytes-1", "1e3"),
    "minus-zero": ("bytes-1", "-0"),
    "leading-zero": ("bytes-1", "01"),
    "minus-leading-zero": ("bytes-1", "-01"),
    "plus": ("bytes-1", "+1"),
    "minus-alone": ("bytes-1", "-"),
    "integer-beyond": ("bytes-1", "9007199254740992"),
    "negative-integer-beyond": ("bytes-1", "-9007199254740992"),
    "integer-far-beyond": ("bytes-1", "1" + "0" * 40),
    "not-a-number": ("bytes-1", "NaN"),
    "infinity": ("bytes-1", "-Infinity"),
    "word-cut": ("bytes-1", "nul"),
    "word-upper-case": ("bytes-1", "True"),
    "array-trailing-comma": ("bytes-1", "[1,]"),
    "object-trailing-comma": ("bytes-1", '{"a":1,}'),
    "array-open": ("bytes-1", "[1"),
    "object-open": ("bytes-1", '{"a":1'),
    "string-open": ("bytes-1", '"a'),
    "name-without-quotes": ("bytes-1", "{a:1}"),
    "single-quotes": ("bytes-1", "'a'"),
    "comment": ("bytes-1", "[1/**/]"),
    "depth-17": ("bytes-6", "[" * 17 + "]" * 17),
    "depth-17-with-objects": ("bytes-6", '{"a":' * 16 + "[]" + "}" * 16),
}

NOT_UTF8 = {
    "byte-ff": b'"\xff"',
    "overlong-slash": b'"\xc0\xaf"',
    "surrogate-as-utf8": b'"\xed\xa0\x80"',
    "cut-sequence": b'"\xe2\x82"',
    "beyond-10ffff": b'"\xf4\x90\x80\x80"',
}


def make(kind, n):
    """Large documents that are described instead of written out."""
    if kind == "string":  # n bytes, quotes included
        return b'"' + b"a" * (n - 2) + b'"'
    return b"{" + b",".join(b'"%05d":0' % i for i in range(n)) + b"}"  # "members"


MADE = (
    ("document-of-1-mib", True, "string", 1 << 20),
    ("document-beyond-1-mib", False, "string", (1 << 20) + 1),
    ("members-4096", True, "members", 4096),
    ("members-4097", False, "members", 4097),
)


def json_cases():
    cases = []

    def case(name, rule, valid, data, **members):
        assert (formats.parse(data) is not None) == valid, name
        digest = {"sha256": formats.sha256(data).hex()} if valid else {}
        cases.append({"name": name, "rule": rule, "valid": valid, **members, **digest})

    for name, text in GOOD.items():
        case(name, "bytes-1", True, text.encode(), json=text)
    for name, (rule, text) in BAD.items():
        case(name, rule, False, text.encode(), json=text)
    for name, data in NOT_UTF8.items():
        case(name, "bytes-1", False, data, base64=base64.b64encode(data).decode())
    for name, valid, kind, n in MADE:
        case(name, "bytes-6", valid, make(kind, n), make={kind: n})
    return cases


GOOD_SPELLINGS = {
    "digest": ["0" * 64, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    "decimal": ["0", "7", "10", "9007199254740993", "18446744073709551615"],
    "time": [
        "2026-07-01T00:00:00.000001Z",
        "1970-01-01T00:00:00.000000Z",
        "1969-12-31T23:59:59.999999Z",
        "2000-02-29T12:34:56.789012Z",
        "0000-01-01T00:00:00.000000Z",
        "9999-12-31T23:59:59.999999Z",
    ],
    "base64": ["", "QQ==", "QUI=", "QUJD", "+/+/"],
    "entry-id": ["01K3QZ8E5P0000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "0" * 26],
    "origin": ["acme.example/backups-k3v9q2x7ta", "a", "9", "a/b", "a-b.c/d_e.f-g/h", "a" * 100],
}

BAD_SPELLINGS = {
    "digest": ["", "0" * 63, "0" * 65, "E" + "0" * 63, "g" + "0" * 63, " " + "0" * 63, "0" * 62 + "\u00e9"],
    "decimal": ["", "00", "01", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "18446744073709551616", "\u0661"],
    "time": [
        "2026-07-01T00:00:00Z",
        "2026-07-01T00:00:00.000Z",
        "2026-07-01T00:00:00.0000000Z",
        "2026-07-01T00:00:00.000000z",
        "2026-07-01t00:00:00.000000Z",
        "2026-07-01 00:00:00.000000Z",
        "2026-07-01T00:00:00.000000+00:00",
        "2026-07-01T02:00:00.000000+02",
        "2026-07-01T00:00:00,000000Z",
        "2026-02-29T00:00:00.000000Z",
        "1900-02-29T00:00:00.000000Z",
        "2026-13-01T00:00:00.000000Z",
        "2026-00-01T00:00:00.000000Z",
        "2026-07-32T00:00:00.000000Z",
        "2026-07-00T00:00:00.000000Z",
        "2026-07-01T24:00:00.000000Z",
        "2026-07-01T23:60:00.000000Z",
        "2016-12-31T23:59:60.000000Z",
        "+026-07-01T00:00:00.000000Z",
        "12026-07-01T00:00:00.00000Z",
        "2026-07-01T00:00:00.000000Z\n",
        "\u0662026-07-01T00:00:00.000000Z",
    ],
    "base64": ["QQ", "QQ=", "QR==", "QUJ=", "QQ==\n", " QQ==", "_-==", "Q", "=QQ=", "QQ==QQ==", "QQ==="],
    "entry-id": [
        "",
        "0" * 25,
        "0" * 27,
        "81K3QZ8E5P0000000000000000",
        "01k3qz8e5p0000000000000000",
        "01K3QZ8E5P000000000000000I",
        "01K3QZ8E5P000000000000000L",
        "01K3QZ8E5P000000000000000O",
        "01K3QZ8E5P000000000000000U",
    ],
    "origin": [
        "",
        "Acme",
        "/a",
        "a/",
        "a//b",
        "_a",
        "-a",
        ".a",
        "a b",
        "a/.b",
        "a/..",
        "a_b",
        "a/-b",
        "\u00e4",
        "a\n",
        "a" * 101,
    ],
}


def spelling_cases():
    cases = []
    for valid, table in ((True, GOOD_SPELLINGS), (False, BAD_SPELLINGS)):
        for kind, texts in table.items():
            rule = {"time": "bytes-5", "origin": "chain-2"}.get(kind, "bytes-4")
            for i, text in enumerate(texts):
                assert formats.SPELLINGS[kind](text) == valid, (kind, text)
                case = {"name": f"{kind}-{'good' if valid else 'bad'}-{i}", "rule": rule, "kind": kind}
                case |= {"valid": valid, "text": text}
                if valid and kind == "time":
                    case["micros"] = str(formats.micros(text))
                cases.append(case)
    return cases


def files():
    return {
        "json": (
            "02-bytes",
            "Documents that are canonical JSON or not. The document is `json` in UTF-8, or the bytes of `base64`, or made: "
            "`string` n is n bytes of a string of letters a; `members` n is an object of n members, named by five digits.",
            json_cases(),
        ),
        "spellings": (
            "02-bytes",
            "Texts that are, or are not, the one spelling of a value of the kind named.",
            spelling_cases(),
        ),
    }
