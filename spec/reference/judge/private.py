"""What parses as a private key: keys-13, keys-14."""

import base64
import json
import re

LAYERS, SHORTEST, PEM_BYTES = 3, 40, 64 << 10
JWK_BEFORE, JWK_BYTES, STRETCH = 8 << 10, 16 << 10, 64 << 10

_RUN = re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % SHORTEST)
_HEX = re.compile(rb"[0-9a-f]*")
_BEGIN, _OPENSSH, _AGE = b"-----BEGIN ", b"openssh-key-v1\0", b"AGE-SECRET-KEY-1"
INTEGER, OCTETS, OID, SEQUENCE = 0x02, 0x04, 0x06, 0x30
# Encryption schemes of PKCS#5 and PKCS#12; and how far before each of these bytes a key may begin.
_SCHEMES = (bytes.fromhex("2a864886f70d0105"), bytes.fromhex("2a864886f70d010c"))
_STARTS = [(b"\x02\x01\x00", 4), (b"\x02\x01\x01", 4)] + [(scheme, 10) for scheme in _SCHEMES]
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/_-]")
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def find(data, layer=0):
    """The form of a private key that stands somewhere in these bytes; None without one."""
    found = _in_der(data) or _in_pem(data) or _openssh(data) or _age(data) or _jwk(data)
    if found or layer == LAYERS:
        return found
    for run in _RUN.findall(data):
        if not _HEX.fullmatch(run):
            found = find(_lenient_base64(run), layer + 1)
            if found:
                return found
    return None


def _lenient_base64(text):
    """Either alphabet, with padding or without; None when something else stands before the padding."""
    text = text.split(b"=")[0].replace(b"-", b"+").replace(b"_", b"/")
    if _NOT_BASE64.search(text):
        return None
    text = text[: len(text) - 1] if len(text) % 4 == 1 else text
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def _element(data):
    """DER: (tag, content, what follows); None when the bytes are no element."""
    if len(data) < 2:
        return None
    tag, length, at = data[0], data[1], 2
    if length >= 0x80:
        if not 0x81 <= length <= 0x83 or len(data) < 2 + (length & 0x7F):
            return None
        at += length & 0x7F
        length = int.from_bytes(data[2:at], "big")
    return (tag, data[at : at + length], data[at + length :]) if at + length <= len(data) else None


def _outermost(data, start):
    """The bytes of the element that begins there, as far as there are any."""
    more = max(data[start + 1] - 0x80, 0) if start + 1 < len(data) else 0
    long = int.from_bytes(data[start + 2 : start + 2 + more], "big") if 0 < more < 4 else data[start + 1 : start + 2][0]
    return data[start : start + 2 + more + long]


def _elements(data):
    """Every element in these bytes, one after the other; None when they are anything else."""
    found = []
    while data:
        element = _element(data)
        if not element:
            return None
        tag, content, data = element
        found.append((tag, content))
    return found


def _is_der_key(data):
    """Whether all of these bytes are one private key."""
    outer = _element(data)
    inner = _element(outer[1]) if outer and outer[0] == SEQUENCE and not outer[2] else None
    rest = _elements(inner[2]) if inner else None
    if not rest:
        return False
    if inner[0] == SEQUENCE:
        return _is_encrypted(inner[1], rest)
    return (
        inner[0] == INTEGER and inner[1] in (b"\x00", b"\x01") and (_is_pkcs8(rest) or _is_sec1(rest) or _is_rsa(rest))
    )


def _is_encrypted(algorithm, rest):
    """PKCS#8 encrypted under a scheme of PKCS#5 or PKCS#12."""
    identifier = _element(algorithm)
    known = identifier and identifier[0] == OID and identifier[1].startswith(_SCHEMES)
    return bool(known) and len(rest) == 1 and rest[0][0] == OCTETS and len(rest[0][1]) >= 16


def _is_pkcs8(rest):
    tags = [tag for tag, _ in rest]
    algorithm = _element(rest[0][1])
    follows = tags[:2] == [SEQUENCE, OCTETS] and rest[1][1] and len(tags) <= 4 and all(tag & 0x80 for tag in tags[2:])
    return bool(follows and algorithm and algorithm[0] == OID)


def _is_sec1(rest):
    return len(rest) <= 3 and rest[0][0] == OCTETS and 20 <= len(rest[0][1]) <= 66 and {tag for tag, _ in rest[1:]} <= {0xA0, 0xA1}


def _is_rsa(rest):
    """PKCS#1 after its version: eight integers; five are a key of DSA."""
    return {tag for tag, _ in rest} == {INTEGER} and len(rest[0][1]) >= 64 and len(rest) in (5, 8)


def _in_der(data):
    for needle, reach in _STARTS:
        at = data.find(needle)
        while at >= 0:
            for start in range(max(at - reach, 0), at - 1):
                if data[start] == SEQUENCE and _is_der_key(_outermost(data, start)):
                    return "DER"
            at = data.find(needle, at + 1)
    return None


def _in_pem(data):
    """PEM, the ends of its lines possibly escaped inside a JSON string."""
    at = data.find(_BEGIN)
    while at >= 0:
        frame = data[at + len(_BEGIN) : at + len(_BEGIN) + PEM_BYTES]
        label, named, body = frame.partition(b"-----")
        body, _, ended = body.partition(b"-----")
        if named and ended.startswith(b"END "):
            lines = [line.strip() for line in _unfolded(body).split(b"\n")]
            headers = [line for line in lines if b":" in line]
            digits = b"".join(line for line in lines if b":" not in line)
            decoded = _lenient_base64(b"".join(digits.split()))
            if decoded and (_is_der_key(decoded) or _openssh(decoded)):
                return "PEM"
            if decoded and digits.split() == [digits] and _says_encrypted(label, headers, decoded):
                return "encrypted PEM"
        at = data.find(_BEGIN, at + 1)
    return None


def _says_encrypted(label, headers, content):
    """The old way of PEM: what is inside cannot be parsed, so the form decides."""
    named = dict(line.split(b":", 1) for line in reversed(headers))
    kind, info = named.get(b"Proc-Type", b"").strip(), named.get(b"DEK-Info", b"").strip()
    vector = info.partition(b",")[2]
    form = label.endswith(b"PRIVATE KEY") and kind == b"4,ENCRYPTED" and re.fullmatch(rb"[0-9A-Fa-f]{16,32}", vector)
    return form and len(content) >= 16 and len(content) % 8 == 0


def _unfolded(body):
    """Escapes of white space taken away, however often escaped; the ends of lines stay."""
    return re.sub(rb"\\+([nrt]?)", lambda found: b"\n" if found[1] == b"n" else b" " if found[1] else b"", body)


def _openssh(data):
    """The magic; cipher, KDF and its options; one key: public and private part, each with its length."""
    at = data.find(_OPENSSH)
    while at >= 0:
        parts, place = [], at + len(_OPENSSH)
        for number in range(5):
            if number == 3:
                place = place + 4 if data[place : place + 4] == b"\0\0\0\1" else len(data) + 1
            length = int.from_bytes(data[place : place + 4], "big")
            if place + 4 + length > len(data):
                break
            parts.append(length)
            place += 4 + length
        if len(parts) == 5 and parts[4]:
            return "OpenSSH"
        at = data.find(_OPENSSH, at + 1)
    return None


def _age(data):
    """An age identity in Bech32, its checksum right."""
    at = data.find(_AGE)
    while at >= 0:
        text = data[at + len(_AGE) : at + len(_AGE) + 58]
        if len(text) == 58 and _bech32_holds("age-secret-key-", text.decode("latin-1").lower()):
            return "age"
        at = data.find(_AGE, at + 1)
    return None


def _bech32_holds(prefix, text):
    """BIP 173."""
    if set(text) - set(_BECH32):
        return False
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + [_BECH32.index(c) for c in text]
    checksum = 1
    for value in values:
        top, checksum = checksum >> 25, (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            checksum ^= generator if top >> bit & 1 else 0
    return checksum == 1


def _jwk(data):
    """A JSON object with `kty` and its private member, possibly escaped inside a string."""
    at = data.find(b"kty")
    while at >= 0:
        text = data[max(at - JWK_BEFORE, 0) : at + STRETCH + JWK_BYTES]
        for _ in range(LAYERS):
            if _holds_private_object(text):
                return "JWK"
            if b"\\" not in text:
                break
            text = re.sub(rb"\\(.)", lambda match: b"\n" if match[1] == b"n" else match[1], text, flags=re.DOTALL)
        at = data.find(b"kty", at + STRETCH)
    return None


def _holds_private_object(data):
    if b'"d"' not in data and b'"k"' not in data:
        return False
    text, tried = data.decode("latin-1"), 0
    for found in re.finditer("kty", text):
        starts = range(max(tried, found.start() - JWK_BEFORE), found.start())
        if any(text[start] == "{" and _is_private_jwk(text[start : start + JWK_BYTES]) for start in starts):
            return True
        tried = found.start()
    return False


def _is_private_jwk(text):
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    kind = value.get("kty")
    member = value.get("k" if kind == "oct" else "d")
    if type(kind) is not str or type(member) is not str:
        return False
    secret = _lenient_base64(member.encode())
    return bool(secret) and len(secret) >= 16
