import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import { float32 } from '../ground/array.ts';
import { linear } from '../layers/linear.ts';
import { tf } from '../tensor/tf.ts';
import { constant } from '../trace/tracer.ts';
import type { Plugin } from './plugin.ts';
import { search } from './search.ts';
import { plainPlugin, tinyImages, tinyModel } from './testing.ts';

let engine: Engine;
beforeEach(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterEach(() => engine.dispose());

/** Two layers of two channels each, which can be pruned. */
const model = tinyModel((m, pixels) => {
  const [a, b] = [m.child('a'), m.child('b')];
  const [first, second] = [a.dim('hidden', 2), b.dim('hidden', 2)];
  const low = a.tap('hidden', linear(a, pixels, 2, first), first);
  const features = b.tap('hidden', linear(b, low, first, second), second);
  return { features, logits: linear(m.child('head'), features, second, 2) };
});
const rows = [0, 1, 2, 3].map((i) => [i, 1]);
const options = (plugins: readonly Plugin[]) => ({
  model,
  engine,
  train: tinyImages(rows, [0, 1, 0, 1]),
  architectureShare: 0.5,
  epochs: 2,
  batchSize: 1,
  seed: 1,
  optimizer: { lr: 0.1 },
  plugins,
});

/** Architecture parameters whose loss has its minimum at 1, 2, ...; it keeps the channels whose parameter has grown. */
const growing = (name: string, dim: string) =>
  plainPlugin(name, (run) => {
    const alpha = run.parameter('alpha', float32([2], [0, 5]));
    return {
      loss: () => tf.sum(tf.square(tf.sub(alpha.value, constant(float32([2], [1, 2]))))),
      async select() {
        const { data } = await alpha.read();
        return { [dim]: [0, 1].filter((i) => data[i]! > [0, 5][i]!) };
      },
    };
  });

test('channels are chosen at the end, by every plugin that selects', async () => {
  const silent = plainPlugin('silent', () => ({}));
  const { kept, history, weights } = await search(
    options([growing('one', 'a.hidden'), silent, growing('two', 'b.hidden')]),
  );
  expect(kept).toEqual({ 'a.hidden': [0], 'b.hidden': [0] });
  expect(history).toHaveLength(2);
  expect(Object.keys(weights)).toEqual(model.params.map(({ name }) => name));
  expect(engine.names()).toEqual([]);
});

test('of two plugins that choose for one dimension neither decides', async () => {
  const choosing = plainPlugin('one', () => ({ select: async () => ({ 'a.hidden': [1] }) }));
  await expect(search(options([growing('mask', 'a.hidden'), choosing]))).rejects.toMatchObject({
    code: 'SELECTION_CONFLICT',
    where: 'plugin "one", select, a.hidden',
  });
});

describe('SEARCH_NOTHING', () => {
  const select = { select: async () => ({}) };
  test.each<[string, readonly Plugin[]]>([
    ['without plugins', []],
    ['without architecture parameters', [plainPlugin('mask', () => select)]],
    [
      'without a selection',
      [
        plainPlugin('mask', (run) => {
          run.parameter('alpha', float32([], [1]));
          return {};
        }),
      ],
    ],
  ])('%s, and the engine is left as it was', async (_, plugins) => {
    await expect(search(options(plugins))).rejects.toMatchObject({
      code: 'SEARCH_NOTHING',
      where: 'search',
    });
    expect(engine.names()).toEqual([]);
  });
});
