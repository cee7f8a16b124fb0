import { createEagerEngine, type Engine, float32, type RefreshContext } from '@kcr/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SampledInputOptions, SampledInputs } from './sampled-inputs.ts';
import { pluginRun, rowsOf } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

const images = Int32Array.of(1, 4, 6, 7);
const options: SampledInputOptions = { clusters: 2, normalize: false, side: 2 };

/** Image i of 4 x 4 pixels is i in its upper half, and 100 below for those above 5. */
function contextOf() {
  const asked: (Int32Array | undefined)[] = [];
  const context: Partial<RefreshContext> = {
    async *images(indices) {
      asked.push(indices);
      for (const i of indices!) {
        const pixels = Array.from({ length: 16 }, (_, at) => (at < 8 ? i : i > 5 ? 100 : 0));
        yield float32([1, 4, 4, 1], pixels);
      }
    },
  };
  return { context: context as RefreshContext, asked };
}

test('pooled pixels of those asked for, in their order, with two clusters', async () => {
  const { run } = pluginRun(engine, { samples: 8, epochs: 2 });
  const { context, asked } = contextOf();
  const { points, centroids } = await new SampledInputs(run, options, images).of(
    context,
    Int32Array.of(7, 1),
  );
  expect(asked).toEqual([images]);
  expect(rowsOf(points)).toEqual([
    [7, 7, 100, 100],
    [1, 1, 0, 0],
  ]);
  const found = rowsOf(centroids).sort((a, b) => a[3]! - b[3]!);
  // The means of images 1 and 4, and of 6 and 7.
  [
    [2.5, 2.5, 0, 0],
    [6.5, 6.5, 100, 100],
  ].forEach((row, k) => row.forEach((x, j) => expect(found[k]![j]).toBeCloseTo(x, 9)));
});

test('images are read once, and clusters made once, also in a run that goes on', async () => {
  const { run, trainer } = pluginRun(engine, { samples: 8, epochs: 2 });
  const { context, asked } = contextOf();
  const inputs = new SampledInputs(run, options, images);
  const first = await inputs.of(context, images);
  const again = await inputs.of(context, images);
  expect(asked).toHaveLength(1);
  const close = (rows: number[][]) => rows.map((row) => row.map((x) => expect.closeTo(x, 4)));
  expect(rowsOf(again.centroids)).toEqual(close(rowsOf(first.centroids)));
  // What a checkpoint has is what a run goes on with.
  const { arrays, counts } = await trainer.save();
  const [name] = Object.keys(arrays).filter((key) => key.includes('inputCentroids'));
  expect(arrays[name!]!.shape).toEqual([2, 4]);
  arrays[name!]!.data.fill(3);
  trainer.restore({ arrays, counts });
  const resumed = await inputs.of(context, images);
  expect(rowsOf(resumed.centroids).flat()).toEqual(Array(8).fill(3));
});

test('normalised points have length 1; small images keep their pixels', async () => {
  const { run } = pluginRun(engine, { samples: 8, epochs: 2 });
  const whole = { ...options, normalize: true, side: 16 };
  const { context } = contextOf();
  const { points, centroids } = await new SampledInputs(run, whole, images).of(context, images);
  expect([points.d, centroids.d]).toEqual([16, 16]);
  for (const row of [...rowsOf(points), ...rowsOf(centroids)])
    expect(Math.hypot(...row)).toBeCloseTo(1, 9);
});
