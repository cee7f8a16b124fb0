import {
  createEagerEngine,
  type Engine,
  reindex,
  type Tensor,
  type TokenLayout,
  tf,
} from '@kcr/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gradCam } from './grad-cam.ts';
import { imagesOf, modelOf, rowsOf, setHead } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

const grid: TokenLayout = { height: 2, width: 2, positions: [0, 1, 2, 3] };
/** Four tokens of two channels; the features are the sums of their squares. */
const squares = (layout: TokenLayout) =>
  modelOf([2, 2, 2], (m, image) => {
    const x = m.tap('in', tf.reshape(image, [-1, 4, 2]), undefined, { layout });
    return tf.sum(tf.square(x), 1);
  });
const head = [
  [1, 2],
  [2, -5],
];
const tokens = [
  [1, 0],
  [2, 1],
  [0, -1],
  [3, 2],
];

/**
 * By hand: the gradient of logit k by a token is 2 W_k x, so the weights are W_k times twice the mean token, (3, 1), and
 * the map is relu(W_k (3, 1) x) over its largest value.
 */
const expected = (k: number) => {
  const cam = tokens.map(([a, b]) => Math.max(head[k]![0]! * 3 * a! + head[k]![1]! * b!, 0));
  return cam.map((x) => x / Math.max(...cam));
};
const close = (values: number[]) => values.map((x) => expect.closeTo(x, 5));

test('the map of each image is that of its own class', async () => {
  const model = squares(grid);
  setHead(engine, model, head);
  const images = imagesOf([2, 2, 2], [tokens.flat(), tokens.flat()]);
  const maps = await gradCam(engine, model, images, { classes: Int32Array.of(0, 1) });
  expect(maps.shape).toEqual([2, 2, 2]);
  expect(rowsOf(maps).flat()).toEqual(close([...expected(0), ...expected(1)]));
});

test('without a class it is the one that is predicted', async () => {
  const model = squares(grid);
  setHead(engine, model, head);
  const images = imagesOf([2, 2, 2], [tokens.flat()]);
  // Features are 14 and 6: logits of 26 and -2.
  expect(rowsOf(await gradCam(engine, model, images)).flat()).toEqual(close(expected(0)));
});

test('tokens lie where their layout says; those on no position are left out', async () => {
  const model = squares({ height: 1, width: 4, positions: [-1, 3, 1, 0] });
  setHead(engine, model, head);
  const maps = await gradCam(engine, model, imagesOf([2, 2, 2], [tokens.flat()]));
  const [, second, third, fourth] = expected(0);
  expect(rowsOf(maps)).toEqual([close([fourth!, third!, 0, second!])]);
});

test('where nothing speaks for a class the map is 0', async () => {
  const model = squares(grid);
  setHead(engine, model, [
    [-1, -1],
    [1, 1],
  ]);
  const positive = tokens.map((token) => token.map(Math.abs));
  const images = imagesOf([2, 2, 2], [positive.flat()]);
  const maps = await gradCam(engine, model, images, { classes: Int32Array.of(0) });
  expect(rowsOf(maps).flat()).toEqual([0, 0, 0, 0]);
});

test('of several taps the last one is read, or the one that is named', async () => {
  const model = modelOf([2, 2, 2], (m, image) => {
    const tap = (name: string, x: Tensor) =>
      m.child(name).tap('in', x, undefined, { layout: grid });
    // The second tap is turned round, so that what speaks for a class is elsewhere.
    const x = tap('first', tf.reshape(image, [-1, 4, 2]));
    return tf.sum(tf.square(tap('second', reindex(x, [3, 2, 1, 0], 1))), 1);
  });
  setHead(engine, model, head);
  const images = imagesOf([2, 2, 2], [tokens.flat()]);
  const first = await gradCam(engine, model, images, { tap: 'first.in' });
  const last = await gradCam(engine, model, images);
  expect(rowsOf(first).flat()).toEqual(close(expected(0)));
  expect(rowsOf(last).flat()).toEqual(close(expected(0).reverse()));
  await expect(gradCam(engine, model, images, { tap: 'third.in' })).rejects.toThrow(
    expect.objectContaining({ code: 'TAP_UNKNOWN' }),
  );
});
