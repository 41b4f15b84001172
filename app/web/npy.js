// NumPy arrays in gzip (.npy.gz), read without believing their header: a claim of 10 GB costs nothing.

const HEADER_ROOM = 512; // bytes; NumPy writes 128
const KINDS = { "|u1": Uint8Array, "<u2": Uint16Array, "<i2": Int16Array, "<f4": Float32Array };

// Unpacks `stream` into values of that kind and shape. `onfirst(values)` is called as soon as the first
// entry along the first axis is there. Throws an Error that says what is wrong; no more is unpacked than
// the shape can need.
export async function unpackArray(stream, kind, shape, onfirst = null) {
  const Values = KINDS[kind];
  const count = shape.reduce((product, n) => product * n, 1);
  const size = count * Values.BYTES_PER_ELEMENT;
  const plain = new Uint8Array(HEADER_ROOM + size);
  const reader = stream.pipeThrough(new DecompressionStream("gzip")).getReader();
  const part = (begin, n) => new Values(plain.slice(begin, begin + n * Values.BYTES_PER_ELEMENT).buffer);
  let length = 0;
  let begin = null;
  let first = onfirst;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (length + value.length > (begin === null ? plain.length : begin + size)) {
      reader.cancel().catch(() => {});
      // a header of another shape is the likelier reason
      if (begin === null) plain.set(value.subarray(0, HEADER_ROOM - Math.min(length, HEADER_ROOM)), length);
      if (begin === null) readHeader(plain, kind, shape);
      throw new Error("it is longer than its shape says");
    }
    plain.set(value, length);
    length += value.length;
    if (begin === null && length >= HEADER_ROOM) begin = readHeader(plain, kind, shape);
    if (begin !== null && first && length >= begin + size / shape[0]) {
      first(part(begin, count / shape[0]));
      first = null;
    }
  }
  begin ??= readHeader(plain.subarray(0, length), kind, shape);
  if (length !== begin + size) throw new Error(length < begin + size ? "it is cut off" : "it is longer than its shape says");
  return part(begin, count);
}

// Where the values begin. NumPy's format, versions 1 and 2: magic, header length, a header that is a Python literal.
function readHeader(bytes, kind, shape) {
  const version = bytes[6];
  const is = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59].every((byte, i) => bytes[i] === byte) && (version === 1 || version === 2);
  if (!is) throw new Error("it holds no NumPy array");
  const text = version === 1 ? 10 : 12;
  const begin = text + bytes[8] + 256 * bytes[9] + (version === 1 ? 0 : 65536 * bytes[10] + 16777216 * bytes[11]);
  if (begin > HEADER_ROOM || begin > bytes.length) throw new Error("it holds no NumPy array of ours");
  const header = new TextDecoder("latin1").decode(bytes.subarray(text, begin));
  const found = header.match(/'shape': \(([\d, ]*)\)/)?.[1].split(",").map((n) => n.trim()).filter(Boolean) ?? [];
  const foundKind = header.match(/'descr': '([^']{1,8})'/)?.[1];
  if (foundKind !== kind || !header.includes("'fortran_order': False") || found.join() !== shape.join()) {
    throw new Error(`it holds ${foundKind ?? "something"} of shape (${found.join(", ").slice(0, 80)}), not ${kind} of (${shape.join(", ")})`);
  }
  return begin;
}
