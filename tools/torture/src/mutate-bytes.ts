import type { Generator } from '@kcr/core';

/** One of a list. */
export const oneOf = <T>(generator: Generator, list: readonly T[]): T =>
  list[generator.integer(list.length)]!;

/** Whether something that happens with a probability does. */
export const chance = (generator: Generator, probability: number): boolean =>
  generator.uniform() < probability;

const BYTES = [0, 1, 2, 4, 8, 16, 0x20, 0x2d, 0x2e, 0x30, 0x39, 0x7f, 0x80, 0xfe, 0xff];
const WORDS = [0, 1, 255, 65_535, 65_536, 1e9, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff];

type Change = (generator: Generator, bytes: Buffer, at: number) => Buffer;

const changes: readonly Change[] = [
  (generator, bytes, at) => withByte(bytes, at, bytes[at]! ^ (1 << generator.integer(8))),
  (generator, bytes, at) => withByte(bytes, at, oneOf(generator, BYTES)),
  (generator, bytes, at) => withByte(bytes, at, generator.integer(256)),
  (_, bytes, at) => bytes.subarray(0, at),
  (generator, bytes, at) =>
    Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + generator.integer(32))]),
  (generator, bytes, at) =>
    Buffer.concat([bytes.subarray(0, at + 1 + generator.integer(32)), bytes.subarray(at)]),
  (generator, bytes, at) => {
    const word = Buffer.alloc(4);
    if (chance(generator, 0.5)) word.writeUInt32LE(oneOf(generator, WORDS));
    else word.writeUInt32BE(oneOf(generator, WORDS));
    return written(bytes, word, at);
  },
  (generator, bytes, at) => {
    const from = generator.integer(bytes.length);
    return written(bytes, bytes.subarray(from, from + 1 + generator.integer(64)), at);
  },
  (generator, bytes) => {
    const more = Array.from({ length: 1 + generator.integer(40) }, () => generator.integer(256));
    return Buffer.concat([bytes, Buffer.from(more)]);
  },
];

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}

function written(bytes: Buffer, part: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  part.copy(copy, at);
  return copy;
}

/**
 * Bytes with one to four changes: bits, bytes and words of a kind that breaks readers, and parts that are cut, doubled or moved.
 *
 * @param hot places where most changes are made, such as those of a header
 */
export function mutateBytes(
  generator: Generator,
  bytes: Uint8Array,
  hot: readonly number[] = [],
): Buffer {
  let result: Buffer = Buffer.from(bytes);
  for (let left = 1 + generator.integer(4); left > 0 && result.length > 0; left--) {
    const near = hot.filter((at) => at < result.length);
    const at =
      near.length > 0 && chance(generator, 0.6)
        ? oneOf(generator, near)
        : generator.integer(result.length);
    result = oneOf(generator, changes)(generator, result, at);
  }
  return result;
}

/** Bytes with one bit that is another. */
export function flipBit(generator: Generator, bytes: Uint8Array): Buffer {
  const at = generator.integer(bytes.length);
  return withByte(Buffer.from(bytes), at, bytes[at]! ^ (1 << generator.integer(8)));
}
