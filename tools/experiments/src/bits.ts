/** Yes or no for each image, as base64 of one bit each: the first image is the lowest bit of the first byte. */
export function toBits(values: readonly boolean[]): string {
  const bytes = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, i) => {
    if (value) bytes[i >> 3]! |= 1 << (i & 7);
  });
  return Buffer.from(bytes).toString('base64');
}

/** How many images there are a yes for in the first, the second, and in one alone. */
export interface Agreement {
  readonly first: number;
  readonly second: number;
  readonly firstAlone: number;
  readonly secondAlone: number;
}

const count = (byte: number): number => {
  let bits = 0;
  for (let rest = byte; rest > 0; rest >>= 1) bits += rest & 1;
  return bits;
};

/** Compares two answers of {@link toBits} for the same images. */
export function agreement(first: string, second: string): Agreement {
  const [a, b] = [Buffer.from(first, 'base64'), Buffer.from(second, 'base64')];
  if (a.length !== b.length)
    throw new Error(`answers for ${a.length} and ${b.length} bytes of images`);
  const total = { first: 0, second: 0, firstAlone: 0, secondAlone: 0 };
  a.forEach((byte, i) => {
    const other = b[i]!;
    total.first += count(byte);
    total.second += count(other);
    total.firstAlone += count(byte & ~other);
    total.secondAlone += count(other & ~byte);
  });
  return total;
}

/** How many images there is a yes for. */
export const countBits = (bits: string): number => agreement(bits, bits).first;
