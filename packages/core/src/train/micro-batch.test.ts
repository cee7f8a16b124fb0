import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { alone } from '../engine/communicator.ts';
import { float32, int32 } from '../ground/array.ts';
import {
  chosenPieces,
  divisors,
  freeMemory,
  imagesAtOnce,
  type MicroBatch,
  shapesLike,
} from './micro-batch.ts';

/** What a step needs that takes 100 bytes, and 10 for each image at once. */
function asked(images: number, room: number, microBatch: MicroBatch = 'auto') {
  const tried: number[] = [];
  const needed = async (pieces: number) => {
    tried.push(pieces);
    return 100 + 10 * (images / pieces);
  };
  return { tried, pieces: chosenPieces({ images, microBatch, needed, room }) };
}

describe('as many images as there is memory for', () => {
  test.each([
    [12, 220, 1],
    [12, 219, 2],
    [12, 140, 3],
    [12, 110, 12],
    [512, 1000, 8],
    [7, 150, 7],
  ])('%i images with room for %i bytes are %i pieces', async (images, room, pieces) => {
    expect(await asked(images, room).pieces).toBe(pieces);
  });

  test('few sizes are looked at, the whole batch first', async () => {
    const { tried, pieces } = asked(4096, 200);
    expect(await pieces).toBe(512);
    expect(tried[0]).toBe(1);
    expect(tried.length).toBeLessThanOrEqual(5);
  });

  test('where not even one fits, it is said what would be needed', async () => {
    await expect(asked(12, 109).pieces).rejects.toMatchObject({ code: 'MEMORY' });
  });

  test('an engine that cannot say is an error, and not all at once', async () => {
    const needed = async () => undefined;
    const options = { images: 4, microBatch: 'auto', needed, room: 1e9 } as const;
    await expect(chosenPieces(options)).rejects.toMatchObject({
      code: 'OPTION',
      where: 'microBatch',
    });
  });
});

test.each([
  [12, 12, 1],
  [12, 5, 3],
  [12, 4, 3],
  [12, 100, 1],
  [7, 3, 7],
])('%i images, at most %i at once, are %i equal pieces', async (images, most, pieces) => {
  const own = asked(images, 0, most);
  expect(await own.pieces).toBe(pieces);
  expect(own.tried).toEqual([]);
});

test('all processes take the most pieces that one needs', async () => {
  const others = { ...alone, size: 2 };
  const communicator = {
    ...others,
    allGather: async (own: Uint8Array) => {
      const other = own.slice();
      // The last four bytes are the number.
      new DataView(other.buffer).setInt32(other.length - 4, 6, true);
      return [own, other];
    },
  };
  const needed = async () => 0;
  const options = { images: 12, microBatch: 3, needed, room: 0, communicator };
  expect(await chosenPieces(options)).toBe(6);
});

test('divisors rise from 1', () => {
  expect(divisors(12)).toEqual([1, 2, 3, 4, 6, 12]);
});

test('what is evaluated at once is a batch, and less where memory may be short', () => {
  expect(imagesAtOnce(512)).toBe(512);
  expect(imagesAtOnce(512, 32)).toBe(32);
  expect(imagesAtOnce(8, 32)).toBe(8);
  expect(imagesAtOnce(512, 'auto')).toBe(64);
  expect(imagesAtOnce(8, 'auto')).toBe(8);
});

test('processes of one machine share what is free there', async () => {
  const bytes = new TextEncoder();
  const names = [hostname(), hostname(), 'elsewhere'].map((name) => bytes.encode(name));
  const communicator = { ...alone, size: 3, allGather: async () => names };
  const [own, all] = [await freeMemory(communicator), await freeMemory()];
  expect(all).toBeGreaterThan(1e6);
  expect(own / all).toBeGreaterThan(0.4);
  expect(own / all).toBeLessThan(0.6);
});

test('a batch of other images has the same arrays', () => {
  const batch = { image: float32([2, 4, 4, 3]), label: int32([2], [0, 1]) };
  expect(shapesLike(batch)(5)).toEqual({
    image: { dtype: 'float32', shape: [5, 4, 4, 3] },
    label: { dtype: 'int32', shape: [5] },
  });
});
