import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import { evaluate } from './classification-evaluation.ts';
import { compileInference } from './inference.ts';
import { type Layers, tinyImages, tinyModel } from './testing.ts';

/** The pixels are the logits. */
const identity: Layers = (_, pixels) => ({ features: pixels, logits: pixels });

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

/** -log softmax(logits)[label] */
const crossEntropy = (logits: readonly number[], label: number) =>
  Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0)) - logits[label]!;

test.each([1, 2, 3, 5])('every image counts once; batches of %i', async (batchSize) => {
  const rows = [
    [3, 2, 1, 0, -1, -2],
    [3, 2, 1, 0, -1, -2],
    [0, 0, 5, 0, 0, 0],
    [1, 2, 3, 4, 5, 6],
    [2, 1, 0, 0, 0, 0],
  ];
  // Right, in the top five, right, sixth, second.
  const labels = [0, 4, 2, 0, 1];
  const model = tinyModel(identity, { pixels: 6, classes: 6 });
  await using inference = compileInference(engine, model);
  const found = await evaluate(inference, tinyImages(rows, labels, 6), batchSize);
  const loss = rows.reduce((sum, row, i) => sum + crossEntropy(row, labels[i]!) / 5, 0);
  expect(found).toEqual({ n: 5, top1: 2 / 5, top5: 4 / 5, loss: expect.closeTo(loss, 6) });
});
