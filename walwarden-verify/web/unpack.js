// Unpacks what this page carries: LZMA, as the specification of that format in the LZMA SDK has it, written as text. Both
// are plain, so that nobody has to take a packed verifier on trust: the SHA-256 of what comes out is shown.
"use strict";

// Five characters are four bytes, the high one first; the 85 characters are those from # to x but for <.
function fromText(text) {
  const bytes = new Uint8Array(text.length / 5 * 4);
  for (let from = 0, to = 0; from < text.length; to += 4) {
    let number = 0;
    for (const end = from + 5; from < end; from += 1) {
      const code = text.charCodeAt(from);
      number = number * 85 + code - (code < 60 ? 35 : 36);
    }
    bytes.set([number >>> 24, number >>> 16, number >>> 8, number], to);
  }
  return bytes;
}

// The bytes of a .lzma file whose header says how long they are.
function fromLzma(data) {
  const even = (length) => new Uint16Array(length).fill(1024); // each bit is as likely as the other
  const [lc, lp, pb] = [data[0] % 9, Math.floor(data[0] / 9) % 5, Math.floor(data[0] / 45)];
  const out = new Uint8Array(Number(new DataView(data.buffer).getBigUint64(5, true)));
  const coder = new Uint32Array([0xffffffff, new DataView(data.buffer).getUint32(14)]); // the range, and the code in it
  let from = 18;

  function shift() {
    if (coder[0] >= 0x1000000) return;
    coder[0] <<= 8;
    coder[1] = (coder[1] << 8) | data[from];
    from += 1;
  }
  function bit(odds, at) {
    const bound = (coder[0] >>> 11) * odds[at];
    const one = coder[1] >= bound;
    if (one) {
      coder[0] -= bound;
      coder[1] -= bound;
      odds[at] -= odds[at] >> 5;
    } else {
      coder[0] = bound;
      odds[at] += (2048 - odds[at]) >> 5;
    }
    shift();
    return one ? 1 : 0;
  }
  function evenBits(count) {
    let number = 0;
    for (; count; count -= 1) {
      coder[0] >>>= 1;
      const one = coder[1] >= coder[0];
      if (one) coder[1] -= coder[0];
      number = number * 2 + (one ? 1 : 0);
      shift();
    }
    return number;
  }
  function bits(odds, base, count) {
    let node = 1;
    for (let i = 0; i < count; i += 1) node = (node << 1) | bit(odds, base + node);
    return node - (1 << count);
  }
  function bitsFromLow(odds, base, count) {
    let [node, number] = [1, 0];
    for (let i = 0; i < count; i += 1) {
      const one = bit(odds, base + node);
      node = (node << 1) | one;
      number |= one << i;
    }
    return number;
  }
  const lengths = () => ({ choice: even(2), low: even(16 * 8), middle: even(16 * 8), high: even(256) });
  function length({ choice, low, middle, high }, place) {
    if (!bit(choice, 0)) return 2 + bits(low, place * 8, 3);
    return bit(choice, 1) ? 18 + bits(high, 0, 8) : 10 + bits(middle, place * 8, 3);
  }
  const [slots, near, aligned] = [even(4 * 64), even(128), even(16)];
  function distance(copied) {
    const slot = bits(slots, Math.min(copied - 2, 3) * 64, 6);
    if (slot < 4) return slot;
    const count = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << count;
    if (slot < 14) return base + bitsFromLow(near, base - slot, count);
    return (base >>> 0) + evenBits(count - 4) * 16 + bitsFromLow(aligned, 0, 4);
  }

  const literals = even(0x300 << (lc + lp));
  const [isMatch, isRepeated, isOlder, isThird, isFourth, isLong] = [192, 12, 12, 12, 12, 192].map(even);
  const [ofMatch, ofRepeated] = [lengths(), lengths()];
  const last = [0, 0, 0, 0]; // distances, the one used last before the others
  let [state, at] = [0, 0];
  const literal = () => {
    const base = 0x300 * (((at & ((1 << lp) - 1)) << lc) + ((at ? out[at - 1] : 0) >> (8 - lc)));
    let node = 1;
    if (state >= 7) {
      for (let match = out[at - last[0] - 1]; node < 0x100;) {
        const expected = (match >> 7) & 1;
        match <<= 1;
        const one = bit(literals, base + ((1 + expected) << 8) + node);
        node = (node << 1) | one;
        if (one !== expected) break;
      }
    }
    while (node < 0x100) node = (node << 1) | bit(literals, base + node);
    out[at] = node;
    at += 1;
    state = state < 4 ? 0 : state - (state < 10 ? 3 : 6);
  };
  while (at < out.length) {
    const place = at & ((1 << pb) - 1);
    if (!bit(isMatch, state * 16 + place)) {
      literal();
      continue;
    }
    let copied;
    if (!bit(isRepeated, state)) {
      copied = length(ofMatch, place);
      last.unshift(distance(copied));
      last.length = 4;
      state = state < 7 ? 7 : 10;
    } else {
      const older = bit(isOlder, state);
      if (!older && !bit(isLong, state * 16 + place)) {
        copied = 1;
        state = state < 7 ? 9 : 11;
      } else {
        if (older) last.unshift(...last.splice(!bit(isThird, state) ? 1 : !bit(isFourth, state) ? 2 : 3, 1));
        copied = length(ofRepeated, place);
        state = state < 7 ? 8 : 11;
      }
    }
    for (const end = at + copied; at < end; at += 1) out[at] = out[at - last[0] - 1];
  }
  return out;
}

// The bytes of what is given by name: files of the reader are read here, in a worker.
async function readAll(files) {
  const read = async ([name, file]) => [name, file instanceof Blob ? new Uint8Array(await file.arrayBuffer()) : file];
  return Object.fromEntries(await Promise.all(Object.entries(files).map(read)));
}
