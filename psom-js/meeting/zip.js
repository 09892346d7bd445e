// @ts-check
// ZIP archives without compression.

/**
 * Returns a ZIP archive of stored entries, in pieces, so that large files are not copied.
 * @param {[string, Uint8Array][]} entries
 */
export function zip(entries) {
  /** @type {Uint8Array[]} */
  const parts = [];
  /** @type {Uint8Array[]} */
  const directory = [];
  let offset = 0;
  for (const [name, data] of entries) {
    const encoded = new TextEncoder().encode(name);
    // Version 2.0, flags with UTF-8 names, method "stored", and 1980-01-01 as the date.
    const common = [...le16(20), ...le16(0x0800), ...le16(0), ...le16(0), ...le16(0x21), ...le32(crc32(data))];
    const sizes = [...le32(data.length), ...le32(data.length), ...le16(encoded.length), ...le16(0)];
    const local = Uint8Array.from([...le32(0x04034b50), ...common, ...sizes]);
    parts.push(local, encoded, data);
    directory.push(
      Uint8Array.from([...le32(0x02014b50), ...le16(20), ...common, ...sizes, ...le16(0), ...le16(0), ...le16(0), ...le32(0), ...le32(offset)]),
      encoded,
    );
    offset += local.length + encoded.length + data.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const count = entries.length;
  const end = Uint8Array.from([...le32(0x06054b50), ...le16(0), ...le16(0), ...le16(count), ...le16(count), ...le32(size), ...le32(offset), ...le16(0)]);
  return [...parts, ...directory, end];
}

/** @param {Uint8Array[]} parts */
export function concat(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {number} value */
const le16 = (value) => [value & 0xff, value >> 8];
/** @param {number} value */
const le32 = (value) => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
