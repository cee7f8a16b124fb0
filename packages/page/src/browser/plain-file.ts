/** Parts of a file's bytes one after another. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const isJpeg = (bytes: Uint8Array) => bytes[0] === 0xff && bytes[1] === 0xd8;
const isPng = (bytes: Uint8Array) => bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e;

/** Markers of JPEG: Exif and ICC profiles are in application segments 1 and 2, and where the pixels begin no such segment follows. */
const [APP1, APP2, START_OF_SCAN] = [0xe1, 0xe2, 0xda];

function plainJpeg(bytes: Uint8Array, dropped: readonly number[]): Uint8Array<ArrayBuffer> {
  const parts = [bytes.subarray(0, 2)];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== START_OF_SCAN) {
    const end = at + 2 + bytes[at + 2]! * 256 + bytes[at + 3]!;
    if (!dropped.includes(bytes[at + 1]!)) parts.push(bytes.subarray(at, end));
    at = end;
  }
  return joined([...parts, bytes.subarray(at)]);
}

/** Chunks of PNG that say how colours are meant, and that the image is to be turned. */
const COLOUR_CHUNKS = ['iCCP', 'gAMA', 'cHRM', 'sRGB', 'cICP'];

function plainPng(bytes: Uint8Array, dropped: readonly string[]): Uint8Array<ArrayBuffer> {
  const parts = [bytes.subarray(0, 8)];
  let at = 8;
  while (at + 12 <= bytes.length) {
    const { buffer, byteOffset } = bytes;
    const end = at + 12 + new DataView(buffer, byteOffset + at, 4).getUint32(0);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!dropped.includes(name)) parts.push(bytes.subarray(at, end));
    at = end;
  }
  return joined([...parts, bytes.subarray(at)]);
}

/**
 * A JPEG or PNG file without what makes browsers change its pixels: colour profiles and gamma, and, if `stored`, the note that it is
 * to be turned. Files of other formats, and damaged ones, as they are.
 */
export function plainFile(
  bytes: Uint8Array<ArrayBuffer>,
  stored: boolean,
): Uint8Array<ArrayBuffer> {
  if (isJpeg(bytes)) return plainJpeg(bytes, stored ? [APP1, APP2] : [APP2]);
  if (isPng(bytes)) return plainPng(bytes, stored ? [...COLOUR_CHUNKS, 'eXIf'] : COLOUR_CHUNKS);
  return bytes;
}
