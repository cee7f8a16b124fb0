import { describe, expect, test } from 'vitest';
import { float32 } from '../ground/array.ts';
import { Generator } from '../ground/random.ts';
import type { Batch, ImageSet } from '../model/batch.ts';
import { aheadBytes, batches, batchOrder, imageBatches, range } from './batches.ts';
import { tinyImages } from './testing.ts';

const lists = (order: readonly Int32Array[]) => order.map((batch) => [...batch]);

test('a range counts from 0', () => {
  expect([...range(3)]).toEqual([0, 1, 2]);
  expect(range(0)).toHaveLength(0);
});

test('an order is cut into batches, of which the last may be smaller', () => {
  const order = Int32Array.of(4, 2, 0, 1, 3);
  expect(lists(batchOrder(order, 2))).toEqual([[4, 2], [0, 1], [3]]);
  expect(lists(batchOrder(order, 2, { full: true }))).toEqual([
    [4, 2],
    [0, 1],
  ]);
  expect(lists(batchOrder(order, 5, { full: true }))).toEqual([[4, 2, 0, 1, 3]]);
  expect(lists(batchOrder(order, 6))).toEqual([[4, 2, 0, 1, 3]]);
  expect(batchOrder(order, 6, { full: true })).toEqual([]);
  expect(batchOrder(new Int32Array(0), 2)).toEqual([]);
});

test.each([0, -1, 2.5, Number.NaN])('no order is cut into batches of %d', (size) => {
  expect(() => batchOrder(Int32Array.of(1, 2), size)).toThrow(
    expect.objectContaining({ code: 'BATCH_SIZE', found: `a batch size of ${size}` }),
  );
});

test.each([
  ['four', [32, 32, 3], 64, 4 * 786_432],
  ['what fits into 512 MiB', [224, 224, 3], 256, 3 * 154_140_672],
  ['one that does not fit', [224, 224, 3], 1024, 616_562_688],
] as const)('the bytes of batches that are read ahead: %s', (_, shape, images, bytes) =>
  expect(aheadBytes({ ...tinyImages([[1]], [0]), shape }, images)).toBe(bytes),
);

describe('batches', () => {
  /** Images that tell what is read; the batch that begins with `broken` fails. */
  function watched(broken = -1) {
    const read: Int32Array[] = [];
    const generators: (Generator | undefined)[] = [];
    const set: ImageSet = {
      length: 6,
      classes: ['a'],
      shape: [1, 1, 1],
      async batch(indices, augment): Promise<Batch> {
        read.push(indices);
        generators.push(augment);
        if (indices[0] === broken) throw new Error('no such file');
        return { image: float32([indices.length, 1, 1, 1], indices) };
      },
    };
    return { set, read, generators };
  }
  const order = [Int32Array.of(5, 1), Int32Array.of(0, 2), Int32Array.of(3)];

  test('come in the given order, with their indices', async () => {
    const { set } = watched();
    const found: [number[], number[]][] = [];
    for await (const { indices, batch } of batches(set, order))
      found.push([[...indices], Array.from(batch.image.data)]);
    expect(found).toEqual(lists(order).map((batch) => [batch, batch]));
  });

  test.each([
    ['four ahead', [1, 1, 1], [5, 6, 7, 7, 7, 7, 7]],
    // Two images of 192 MiB each.
    ['fewer where these are larger than 512 MiB', [4096, 4096, 3], [2, 3, 4, 5, 6, 7, 7]],
    ['two of 256 MiB', [4096, 2048, 4], [3, 4, 5, 6, 7, 7, 7]],
  ] as const)('are read %s, and no further', async (_, shape, expected) => {
    const read: number[] = [];
    const set: ImageSet = {
      ...watched().set,
      shape,
      async batch(indices) {
        read.push(indices[0]!);
        return { image: { dtype: 'float32', shape: [2, ...shape], data: new Float32Array(2) } };
      },
    };
    const ahead: number[] = [];
    const order = Array.from({ length: 7 }, () => Int32Array.of(0, 1));
    for await (const _ of batches(set, order)) ahead.push(read.length);
    expect(ahead).toEqual(expected);
  });

  test('are augmented by the generator of their place, or not at all', async () => {
    const { set, generators } = watched();
    const given = order.map((_, i) => new Generator(i));
    for await (const _ of batches(set, order, (i) => given[i]!));
    expect(generators.splice(0)).toEqual(given);
    for await (const _ of batches(set, order));
    expect(generators).toEqual([undefined, undefined, undefined]);
  });

  test('fail when their turn comes', async () => {
    const { set } = watched(0);
    const found: number[][] = [];
    const run = async () => {
      for await (const { indices } of batches(set, order)) {
        found.push([...indices]);
        // An unhandled rejection would be reported by now.
        await new Promise((done) => setTimeout(done));
      }
    };
    await expect(run()).rejects.toThrow('no such file');
    expect(found).toEqual([[5, 1]]);
  });

  test('of an empty order are none', async () => {
    const { set, read } = watched();
    for await (const _ of batches(set, [])) throw new Error('a batch');
    expect(read).toEqual([]);
  });
});

test('images come in batches, all of them or those asked for', async () => {
  const images = tinyImages(
    [0, 1, 2, 3, 4].map((i) => [i, 10 * i]),
    [0, 0, 0, 1, 1],
  );
  const read = async (indices?: Int32Array) => {
    const found: [readonly number[], number[]][] = [];
    for await (const { shape, data } of imageBatches(images, 2, indices))
      found.push([shape, Array.from(data)]);
    return found;
  };
  expect(await read()).toEqual([
    [
      [2, 1, 1, 2],
      [0, 0, 1, 10],
    ],
    [
      [2, 1, 1, 2],
      [2, 20, 3, 30],
    ],
    [
      [1, 1, 1, 2],
      [4, 40],
    ],
  ]);
  expect(await read(Int32Array.of(4, 1))).toEqual([
    [
      [2, 1, 1, 2],
      [4, 40, 1, 10],
    ],
  ]);
});
