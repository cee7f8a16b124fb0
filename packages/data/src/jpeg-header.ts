const [MARK, START, SCAN] = [0xff, 0xd8, 0xda];

/** Frames of a JPEG file: SOF0 to SOF15, but for tables that have numbers between them. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/**
 * Whether a file is a JPEG of three colours of 8 bits, as nearly all photographs are. That is known from its first segments; where
 * they are not as they should be, it is not said.
 */
export function isColourJpeg(bytes: Uint8Array): boolean {
  if (bytes[0] !== MARK || bytes[1] !== START) return false;
  let at = 2;
  while (at + 9 < bytes.length && bytes[at] === MARK) {
    const marker = bytes[at + 1]!;
    if (isFrame(marker)) return bytes[at + 4] === 8 && bytes[at + 9] === 3;
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (marker === SCAN || length < 2) return false;
    at += 2 + length;
  }
  return false;
}
