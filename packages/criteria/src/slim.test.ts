import {
  adamw,
  createEagerEngine,
  definePlugin,
  type Engine,
  float32,
  Generator,
  type Kept,
  type LossContext,
  type PluginHooks,
  type PluginRun,
  Trainer,
} from '@kcr/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SlimGatesOptions, slim, slimGates } from './slim.ts';
import { scoresOf, twoLayers, weights } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

/** The plugin's hooks in a run, with other values of its gates. */
function attached(options: SlimGatesOptions, values = [1, -3, 0.5, 2]) {
  let found: PluginRun | undefined;
  const probe = definePlugin({
    name: 'probe',
    contract: 1,
    attach: () => (run: PluginRun) => {
      found = run;
      return {};
    },
  });
  new Trainer({
    model: twoLayers,
    engine,
    plugins: [probe({})],
    run: { stage: 'search', epochs: 1, samples: 5, travel: 10, warn: () => {} },
    generator: new Generator(1),
    labelSmoothing: 0,
    optimizer: adamw({ weightDecay: 0 }),
  });
  const before = new Set(engine.names());
  const hooks = slimGates(options).setup(found!) as PluginHooks;
  const [name] = engine.names().filter((own) => own.includes('hidden') || !before.has(own));
  const initial = engine.get([name!]);
  engine.set({ [name!]: float32([4], values) });
  return { hooks, initial: initial.then((arrays) => [...arrays[name!]!.data]) };
}

/** The loss, and a tapped value of ones. */
async function run(hooks: PluginHooks, dimension: string) {
  const step = engine.compile('gates', ({ inputs }) => ({
    outputs: {
      loss: hooks.loss!({} as LossContext),
      value: hooks.tap!(inputs.x!, {
        name: 'hidden',
        role: 'hidden',
        training: true,
        dim: twoLayers.dims.get(dimension)!,
      }),
    },
  }));
  const size = twoLayers.dims.get(dimension)!.size;
  const { loss, value } = await step({ x: float32([2, size], 1) });
  await step.dispose();
  return { loss: loss!.data[0]!, value: [...value!.data] };
}

describe('gates', () => {
  test('are 1 at first, and multiply the values of their channels', async () => {
    const { hooks, initial } = attached({});
    expect(await initial).toEqual([1, 1, 1, 1]);
    const gates = [1, -3, 0.5, 2];
    expect((await run(hooks, 'hidden')).value).toEqual([...gates, ...gates]);
    expect((await run(hooks, 'fixed')).value).toEqual([1, 1, 1, 1]);
  });

  // The sum of absolute values is 6.5; 5e-5 is the published weight of hidden channels.
  test.each<[SlimGatesOptions, number]>([
    [{}, 6.5 * 5e-5],
    [{ l1: { hidden: 0.1 } }, 0.65],
    [{ l1: { others: 0.1 } }, 6.5 * 5e-5],
    [{ dims: ['hidden'], l1: { qk: 7 } }, 6.5 * 5e-5],
  ])('have an L1 norm with the weight of their role, %j', async (options, expected) => {
    expect((await run(attached(options).hooks, 'hidden')).loss).toBeCloseTo(expected, 6);
  });

  test.each<[SlimGatesOptions, number[]]>([
    // A gate of -3 is below all others.
    [{}, [0, 3]],
    [{ keepRatio: 0.75 }, [0, 2, 3]],
    [{ keepRatio: 0.25 }, [3]],
  ])('that are highest are kept, %j', async (options, expected) => {
    const kept = (await attached(options).hooks.select!()) as Kept;
    expect(kept).toEqual({ hidden: expected });
  });

  test('of roles that the model does not have: DIM_ROLES', () => {
    expect(() => attached({ dims: ['qk'] })).toThrow(
      expect.objectContaining({ code: 'DIM_ROLES' }),
    );
  });
});

describe('the criterion', () => {
  test('scores are the sizes of trained gates: nearly 1 where nothing is learned', async () => {
    const { hidden, names } = await scoresOf(slim({ epochs: 1, lr: 1e-6 }), engine);
    expect(names).toEqual(['hidden']);
    for (const x of hidden) expect(x).toBeCloseTo(1, 3);
  });

  test('a strong L1 norm lowers all gates', async () => {
    const strong = slim({ epochs: 2, lr: 0.05, l1: { hidden: 100 } });
    const { hidden } = await scoresOf(strong, engine);
    for (const x of hidden) expect(x).toBeLessThan(0.95);
    expect(Math.min(...hidden)).toBeGreaterThanOrEqual(0);
  });

  test('weights are left as they were, and so is the engine; the same seed scores alike', async () => {
    const before = Object.values(weights).map(({ data }) => [...data]);
    const names = engine.names();
    const score = () => scoresOf(slim({ epochs: 2, lr: 0.01 }), engine);
    expect(await score()).toEqual(await score());
    expect(Object.values(weights).map(({ data }) => [...data])).toEqual(before);
    expect(engine.names()).toEqual(names);
  });
});
