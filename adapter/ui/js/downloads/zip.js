// Files in one, as they are, without compression.
// The layout is that of PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.

const UTF8_NAMES = 0x0800;
const DAY = 0x0021; // 1 January 1980: the same content is the same file

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let sum = index;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? 0xedb88320 ^ (sum >>> 1) : sum >>> 1;
  return sum;
});

/** The CRC-32 of bytes. */
export function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = table[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/**
 * @param {Object<string, string>} files - texts by their names.
 * @returns {Uint8Array}
 */
export function zip(files) {
  const encoder = new TextEncoder();
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const [path, bytes] = [encoder.encode(name), encoder.encode(text)];
    // Version, flags, method, time, day, sum, sizes, lengths of the name and of nothing more.
    const about = fields([2, 20], [2, UTF8_NAMES], [2, 0], [2, 0], [2, DAY], [4, crc32(bytes)],
      [4, bytes.length], [4, bytes.length], [2, path.length], [2, 0]);
    parts.push(fields([4, 0x04034b50]), about, path, bytes);
    directory.push(fields([4, 0x02014b50], [2, 20]), about,
      fields([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), path);
    offset += 4 + about.length + path.length + bytes.length;
  }
  const count = Object.keys(files).length;
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const end = fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, length], [4, offset], [2, 0]);
  return joined([...parts, ...directory, end]);
}

/** Numbers, each with its bytes, the lowest first. */
function fields(...numbers) {
  return Uint8Array.from(
    numbers.flatMap(([bytes, value]) =>
      Array.from({ length: bytes }, (_, index) => (value >>> (8 * index)) & 0xff),
    ),
  );
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
