import { type Adapter, adapt, fit, type Plugin } from '@kcr/core';
import { ibBound } from '@kcr/ib-bound';
import { gumbelMasks, qkMask } from '@kcr/masks';
import { kcrNystrom } from '@kcr/nystrom';
import { describe, expect, test } from 'vitest';
import { engines, pairs, shortRun, smallModels, syntheticData } from './helpers.ts';

const masks: Readonly<Record<string, Plugin | Adapter>> = {
  'gumbel-masks': gumbelMasks({ dims: ['io', 'hidden'] }),
  'a q/k mask': qkMask({}),
};
const regularisers = {
  'kcr-nystrom': kcrNystrom({ eta: 0.1, rank: 3, landmarks: 12, warmup: 0 }),
  'ib-bound': ibBound({ eta: 1, warmup: 0 }),
};

/** Every choice of at least one of a table's entries. */
const choices = <T>(table: Readonly<Record<string, T>>): Record<string, T[]> => {
  let sets: [string, T][][] = [[]];
  for (const entry of Object.entries(table)) sets = sets.concat(sets.map((set) => [...set, entry]));
  return Object.fromEntries(
    sets
      .slice(1)
      .map((set) => [set.map(([name]) => name).join(' and '), set.map(([, value]) => value)]),
  );
};

describe.each(Object.entries(smallModels))('on %s', (_model, makeModel) => {
  test.each(pairs(choices(masks), choices(regularisers)))(
    '%s with %s: two steps, alike on both engines',
    async (_masks, _regularisers, chosenMasks, chosenRegularisers) => {
      const adapters = chosenMasks.filter((mask) => 'attach' in mask);
      const model = adapt(makeModel(), adapters);
      const losses: number[] = [];
      for (const makeEngine of Object.values(engines)) {
        const engine = await makeEngine();
        const { history } = await fit({
          ...shortRun(model),
          train: syntheticData(model, 16),
          epochs: 1,
          engine,
          plugins: [...chosenMasks.filter((mask) => 'setup' in mask), ...chosenRegularisers],
        });
        losses.push(history[0]!.loss!);
        await engine.dispose();
      }
      expect(losses[0]).toBeCloseTo(losses[1]!, 4);
    },
  );
});
