import { createEagerEngine, type Engine } from '@kcr/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attentionMaps, attentionMatrices } from './attention-maps.ts';
import { attentionModel, imagesOf, rowsOf, setHead, withClassToken } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

describe('a class token and four patches', () => {
  const model = attentionModel([{ heads: 2, tokens: 5, layout: withClassToken }]);
  beforeAll(() => setHead(engine, model, [[1], [1]]));
  // Entry (head, query, key) of image i is i + 0.hqk.
  const image = (i: number) =>
    Array.from({ length: 50 }, (_, at) => {
      const [head, query, key] = [Math.floor(at / 25), Math.floor(at / 5) % 5, at % 5];
      return i + head / 10 + query / 100 + key / 1000;
    });
  const images = imagesOf([1, 1, 50], [image(0), image(1)]);

  // The query's token, with the class token first.
  test.each([
    ['the centre, by default', undefined, 4],
    ['the class token', 'class' as const, 0],
    ['the upper left', { y: 0, x: 0 }, 1],
    ['the upper right', { y: 0.2, x: 0.9 }, 2],
    ['the lower left', { y: 0.9, x: 0.49 }, 3],
    ['the border', { y: 1, x: 1 }, 4],
  ])('%s', async (_, query, token) => {
    const maps = await attentionMaps(engine, model, images, { query });
    expect(maps.shape).toEqual([2, 2, 2, 2]);
    const row = (i: number, head: number) =>
      [1, 2, 3, 4].map((key) => expect.closeTo(i + head / 10 + token / 100 + key / 1000, 5));
    const found = Array.from({ length: 4 }, (__, at) => [...maps.data.slice(4 * at, 4 * at + 4)]);
    expect(found).toEqual([row(0, 0), row(0, 1), row(1, 0), row(1, 1)]);
  });
});

test('a token in a window attends within it', async () => {
  // Two windows of two rows and one column each.
  const layout = { height: 2, width: 2, positions: [0, 2, 1, 3] };
  const model = attentionModel([{ heads: 1, tokens: 2, layout, parts: 2 }]);
  setHead(engine, model, [[1], [1]]);
  const images = imagesOf(
    [1, 1, 8],
    [
      [0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ],
  );
  const at = async (y: number, x: number) =>
    rowsOf(await attentionMaps(engine, model, images, { query: { y, x } })).map((row) =>
      row.map((value) => Number(value.toFixed(6))),
    );
  expect(await at(0, 0)).toEqual([
    [0.1, 0],
    [0.9, 0],
    [1, 0],
    [2, 0],
  ]);
  expect(await at(1, 1)).toEqual([
    [0, 0.4],
    [0, 0.6],
    [0, 7],
    [0, 8],
  ]);
});

test('of several layers the last one is read, or the one that is named', async () => {
  const layout = { height: 1, width: 1, positions: [0] };
  const layer = { heads: 1, tokens: 1, layout };
  const model = attentionModel([layer, layer]);
  setHead(engine, model, [
    [1, 1],
    [1, 1],
  ]);
  const images = imagesOf([1, 1, 2], [[3, 4]]);
  expect([...(await attentionMaps(engine, model, images)).data]).toEqual([4]);
  const first = await attentionMaps(engine, model, images, { tap: '0.weights' });
  expect([...first.data]).toEqual([3]);
  await expect(attentionMaps(engine, model, images, { tap: '2.weights' })).rejects.toThrow(
    expect.objectContaining({ code: 'TAP_UNKNOWN' }),
  );
});

describe('the whole affinity of a head', () => {
  // Two parts of two heads and two tokens: entry (part, head, query, key) is 0.phqk.
  const layout = { height: 2, width: 2, positions: [0, 2, 1, 3] };
  const model = attentionModel([{ heads: 2, tokens: 2, layout, parts: 2 }]);
  const image = (i: number) =>
    Array.from({ length: 16 }, (_, at) => {
      const [part, head, query, key] = [at >> 3, (at >> 2) & 1, (at >> 1) & 1, at & 1];
      return i + part / 10 + head / 100 + query / 1000 + key / 10_000;
    });
  const images = imagesOf([1, 1, 16], [image(0), image(1)]);

  test.each([
    [undefined, 0],
    [1, 0.01],
  ])('head %s: of the first part, query by query', async (head, add) => {
    setHead(engine, model, [[1], [1]]);
    const found = await attentionMatrices(engine, model, images, { head });
    expect(found.shape).toEqual([2, 2, 2]);
    const own = (i: number) => [0, 0.0001, 0.001, 0.0011].map((x) => i + add + x);
    [...own(0), ...own(1)].forEach((x, at) => {
      expect(found.data[at]).toBeCloseTo(x, 6);
    });
  });

  test.each([-1, 2, 0.5])('OPTION for head %f', async (head) => {
    await expect(attentionMatrices(engine, model, images, { head })).rejects.toMatchObject({
      code: 'OPTION',
    });
  });
});
