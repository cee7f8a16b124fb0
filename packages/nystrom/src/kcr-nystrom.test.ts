import {
  createEagerEngine,
  type Engine,
  float32,
  int32,
  type LossContext,
  type PluginHooks,
  type RefreshContext,
} from '@kcr/core';
import { rows, toFeatures } from '@kcr/features';
import { describe, expect, test } from 'vitest';
import { type KcrNystromOptions, kcrNystrom } from './kcr-nystrom.ts';
import { kernelComplexity } from './kernel-complexity.ts';
import { gramSpectrum } from './spectrum.ts';
import { spectrumTails } from './spectrum-tails.ts';
import { lowRank, pluginRun } from './testing.ts';

const [n, d] = [12, 4];
const array = float32([n, d], lowRank(n, d, d).data);
const features = toFeatures(array);
const tails = spectrumTails(gramSpectrum(features));

/** A plugin in a run of ten epochs, and the landmarks that it asked for. */
async function attached(engine: Engine, options: KcrNystromOptions) {
  const { run, trainer } = pluginRun(engine, { samples: n, epochs: 10 });
  const hooks = kcrNystrom(options).setup(run) as PluginHooks;
  const asked: Int32Array[] = [];
  const refresh = async (epoch: number) => {
    trainer.progress.epoch = epoch;
    const context: Partial<RefreshContext> = {
      epoch,
      epochs: 10,
      async features(indices) {
        if (indices) asked.push(indices);
        const { n: count, data } = rows(features, indices ?? [...Array(n).keys()]);
        return float32([count, d], data);
      },
    };
    await hooks.refresh!(context as RefreshContext);
  };
  const step = engine.compile('loss', ({ inputs }) => ({
    outputs: { loss: hooks.loss!({ features: inputs.f!, indices: inputs.i! } as LossContext) },
  }));
  const loss = async () => {
    const { loss: found } = await step({ f: array, i: int32([n], [...Array(n).keys()]) });
    return found!.data[0]!;
  };
  return { hooks, refresh, loss, asked };
}

const progress = { epoch: 0, epochs: 10, step: 0 };

describe.each(['projection', 'reconstruction', 'linear'] as const)('%s', (form) => {
  test('with all images as landmarks the loss is eta TNN_r, after the warm-up', async () => {
    await using engine = await createEagerEngine({ backend: 'cpu' });
    const options = { eta: 3, rank: 2, landmarks: n, form, warmup: 0.5 };
    const { refresh, loss } = await attached(engine, options);
    await refresh(4);
    expect(await loss()).toBe(0);
    await refresh(5);
    expect(await loss()).toBeCloseTo(3 * tails[2]!, 4);
  });
});

test('metrics are those of the landmarks, also without a loss', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const { hooks, refresh, asked } = await attached(engine, { eta: 0, rank: 1, landmarks: 6 });
  expect(hooks.loss).toBeUndefined();
  expect(await hooks.metrics!(progress)).toEqual({});
  await refresh(0);
  const own = spectrumTails(gramSpectrum(rows(features, asked[0]!)));
  const { value, argmin } = kernelComplexity(own, 6);
  expect(await hooks.metrics!(progress)).toEqual({
    tnn: own[1],
    tnnRatio: own[1]! / own[0]!,
    kc: value,
    kcArgmin: argmin,
  });
});

test('landmarks: at most all images, ascending, others after each epoch', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const all = await attached(engine, { eta: 1 });
  await all.refresh(0);
  // Four times the features are more than the images.
  expect([...all.asked[0]!]).toEqual([...Array(n).keys()]);
  const some = await attached(engine, { eta: 1, landmarks: 5 });
  for (let epoch = 0; epoch < 10; epoch++) await some.refresh(epoch);
  for (const own of some.asked) {
    expect([...own]).toEqual([...new Set(own)].sort((a, b) => a - b));
    expect(own).toHaveLength(5);
  }
  expect(new Set(some.asked.map((own) => own.join())).size).toBeGreaterThan(3);
});

test('the rank is gamma of the features, rounded up', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  for (const [gamma, rank] of [
    [0.2, 1],
    [0.26, 2],
    [1, 4],
  ] as const) {
    const { hooks, refresh } = await attached(engine, { eta: 1, gamma, landmarks: n });
    await refresh(0);
    expect((await hooks.metrics!(progress)).tnn).toBeCloseTo(tails[rank]!, 5);
  }
});

test.each([
  ['RANK', { eta: 1, rank: 5 }],
  ['RANK', { eta: 1, rank: -1 }],
  ['LANDMARKS', { eta: 1, landmarks: 13 }],
  ['OPTION', { eta: 1, warmup: 1.5 }],
])('%s for %j', async (code, options) => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  await expect(attached(engine, options)).rejects.toThrow(expect.objectContaining({ code }));
});
