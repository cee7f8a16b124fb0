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
import { Matrix, QrDecomposition } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { type KcrNystromOptions, kcrNystrom } from './kcr-nystrom.ts';
import { kernelComplexity } from './kernel-complexity.ts';
import { labelledMoments } from './labelled-sums.ts';
import { landmarkSamplings } from './landmarks.ts';
import { matrixOf } from './matrices.ts';
import { landmarkDirections, projectionTails } from './nystrom.ts';
import { covariance, eigen, gramSpectrum } from './spectrum.ts';
import { spectrumTails } from './spectrum-tails.ts';
import { lastLayer, lowRank, pluginRun } from './testing.ts';

const [n, d] = [12, 4];
const array = float32([n, d], lowRank(n, d, d).data);
const features = toFeatures(array);
const tails = spectrumTails(gramSpectrum(features));
const all = [...Array(n).keys()];

/** A plugin in a run of ten epochs, and the landmarks that it asked for. */
async function attached(engine: Engine, options: KcrNystromOptions) {
  const { run, trainer } = pluginRun(engine, { samples: n, epochs: 10 });
  const hooks = kcrNystrom(options).setup(run) as PluginHooks;
  const asked: Int32Array[] = [];
  const refresh = async (epoch: number, more: Partial<RefreshContext> = {}) => {
    trainer.progress.epoch = epoch;
    const context: Partial<RefreshContext> = {
      epoch,
      epochs: 10,
      async features(indices) {
        if (indices) asked.push(indices);
        const { n: count, data } = rows(features, indices ?? [...Array(n).keys()]);
        return float32([count, d], data);
      },
      ...more,
    };
    await hooks.refresh!(context as RefreshContext);
  };
  const step = engine.compile('loss', ({ inputs }) => ({
    outputs: { loss: hooks.loss!({ features: inputs.f!, indices: inputs.i! } as LossContext) },
  }));
  const loss = async (images: readonly number[] = all) => {
    const own = float32([images.length, d], rows(features, images).data);
    const { loss: found } = await step({ f: own, i: int32([images.length], images) });
    return found!.data[0]!;
  };
  return { hooks, refresh, loss, asked, drawn: (name: string) => run.generator.fork(name) };
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

describe.each(['reconstruction', 'linear'] as const)('%s', (form) => {
  test.each([n, 7])(
    'U is an orthonormal basis of F V, as a decomposition of the %i images read at once gives it',
    async (images) => {
      await using engine = await createEagerEngine({ backend: 'cpu' });
      const own = { eta: 1, rank: 2, landmarks: 3, estimator: 'landmarks', warmup: 0 } as const;
      const { refresh, loss, asked, drawn } = await attached(engine, { ...own, form, images });
      await refresh(0);
      const [read] = asked as [Int32Array];
      expect([read.length, asked.length]).toEqual([images, 1]);
      const chosen = drawn('landmarks:0').permutation(n).slice(0, 3);
      const { vectors } = landmarkDirections(rows(features, chosen.sort()));
      const f = matrixOf(images, d, rows(features, read).data);
      const u = new QrDecomposition(f.mmul(vectors.subMatrixColumn([0, 1]))).orthogonalMatrix;
      const held = u.mmul(u.transpose()).mmul(f);
      const expected =
        form === 'linear' ? f.dot(f) - f.dot(held) : Matrix.sub(f, held).norm('frobenius') ** 2;
      // A step of all images: those that were not read add nothing.
      expect(await loss()).toBeCloseTo(expected / images, 5);
    },
  );

  test('by parts of the images or all at once the loss is the same', async () => {
    await using engine = await createEagerEngine({ backend: 'cpu' });
    const own = { eta: 1, rank: 2, landmarks: 3, images: 7, warmup: 0, form };
    const { refresh, loss } = await attached(engine, own);
    await refresh(0);
    const parts = await Promise.all([loss(all.slice(0, 6)), loss(all.slice(6))]);
    expect((parts[0] + parts[1]) / 2).toBeCloseTo(await loss(), 5);
  });
});

test('metrics are exact over all images, and A-KC from the landmarks, also without a loss', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const { hooks, refresh, asked } = await attached(engine, { eta: 0, rank: 1, landmarks: 3 });
  expect(hooks.loss).toBeUndefined();
  expect(await hooks.metrics!(progress)).toEqual({});
  await refresh(0);
  expect(asked.flatMap((indices) => [...indices])).toEqual(all);
  const { value: kc, argmin: kcArgmin } = kernelComplexity(tails, n);
  const found = await hooks.metrics!(progress);
  const { aTnn, aKc, ...exact } = found;
  expect(exact).toEqual({ tnn: tails[1], tnnRatio: tails[1]! / tails[0]!, kc, kcArgmin });
  expect(aTnn).toBeGreaterThan(tails[1]!);
  expect(aKc).toBeGreaterThanOrEqual(kc);
  // The same landmarks in another way: with 3 of them no estimate is exact.
  expect(aTnn).toBeLessThan(tails[0]!);
});

describe('bounds', () => {
  const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
  const others = float32([7, d], lowRank(7, d, 3).data);
  const otherLabels = Int32Array.from({ length: 7 }, (_, i) => Number(i > 3));
  const validation: Partial<RefreshContext> = {
    labels: otherLabels,
    features: async (indices) => {
      const { n: count, data } = rows(toFeatures(others), indices ?? []);
      return float32([count, d], data);
    },
  };
  const read = async (options: Partial<KcrNystromOptions>, context: Partial<RefreshContext>) => {
    await using engine = await createEagerEngine({ backend: 'cpu' });
    const { hooks, refresh } = await attached(engine, { eta: 0, rank: 1, ...options });
    await refresh(0, context);
    return hooks.metrics!(progress);
  };

  test.each([
    [true, 4096, 1],
    [{ step: 3, upperConstant: 2, lowerConstant: 2, x: 0 }, 3, 2],
  ] as const)(
    '%j: those of the last layer on these features, with A-KC',
    async (bounds, step, c) => {
      const found = await read({ bounds, landmarks: 3 }, { labels, validation } as RefreshContext);
      const layer = await lastLayer(features, labels);
      const moments = { d, labels: otherLabels, classes: 2 };
      const { upperBound, lowerBound, lastLayerLoss, expectedLoss, aKc } = found;
      expect(lastLayerLoss).toBeCloseTo(layer.trainingLoss(step), 6);
      expect(expectedLoss).toBeCloseTo(
        layer.loss(await labelledMoments([toFeatures(others)], moments), step),
        6,
      );
      const slack = c * (aKc! + (bounds === true ? Math.log(20) / n : 0));
      expect(upperBound).toBeCloseTo(lastLayerLoss! + slack, 9);
      expect(lowerBound).toBeCloseTo(Math.max(lastLayerLoss! - slack, 0), 9);
    },
  );

  test('of many validation images some give the expected loss, the same each time', async () => {
    await using engine = await createEagerEngine({ backend: 'cpu' });
    const bounds = { validationImages: 4 };
    const { hooks, refresh } = await attached(engine, { eta: 0, rank: 1, landmarks: n, bounds });
    const asked: Int32Array[] = [];
    const some: Partial<RefreshContext> = {
      ...validation,
      async features(indices) {
        asked.push(indices!);
        return validation.features!(indices);
      },
    };
    for (const epoch of [0, 1])
      await refresh(epoch, { labels, validation: some } as Partial<RefreshContext>);
    const [images] = asked as [Int32Array];
    expect(images).toHaveLength(4);
    expect(asked[1]).toEqual(images);
    const found = await hooks.metrics!(progress);
    expect(found.expectedLossImages).toBe(4);
    const own = { d, labels: images.map((i) => otherLabels[i]!), classes: 2 };
    const moments = await labelledMoments([rows(toFeatures(others), images)], own);
    const layer = await lastLayer(features, labels);
    expect(found.expectedLoss).toBeCloseTo(layer.loss(moments, 4096), 6);
  });

  test('without validation images there is no expected loss; other ways to choose landmarks give the same', async () => {
    const found = await read({ bounds: true, landmarks: n }, { labels });
    expect(found).not.toHaveProperty('expectedLoss');
    const others = await read({ bounds: true, landmarks: n, sampling: 'k-means' }, { labels });
    expect(others.upperBound).toBeCloseTo(found.upperBound!, 6);
  });
});

test('of some images metrics are estimates, and say how many there were', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const options = { eta: 1, rank: 1, landmarks: 3, images: 7, warmup: 0 };
  const { hooks, refresh, asked, loss } = await attached(engine, options);
  await refresh(0);
  const [images] = asked as [Int32Array];
  expect(asked).toHaveLength(1);
  expect(new Set(images).size).toBe(7);
  const s = covariance(rows(features, images));
  const own = spectrumTails(eigen(s).values);
  const { tnn, kc, kcArgmin, readImages } = await hooks.metrics!(progress);
  expect(readImages).toBe(7);
  expect(tnn).toBeCloseTo(own[1]!, 9);
  // KC is of all images: n is theirs.
  const expected = kernelComplexity(own, n);
  expect([kc, kcArgmin]).toEqual([expect.closeTo(expected.value, 9), expected.argmin]);
  // The basis holds most of the sample, and a loss is of whatever a step has.
  expect(await loss()).toBeGreaterThanOrEqual(tails[1]! - 1e-5);
  await refresh(1);
  expect([...asked[1]!]).not.toEqual([...images]);
});

test('with the estimator landmarks metrics are of those alone, by names of their own', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  for (const landmarks of [3, 6]) {
    const options = { eta: 1, rank: 1, landmarks, estimator: 'landmarks', warmup: 0 } as const;
    const { hooks, refresh, asked, loss } = await attached(engine, options);
    await refresh(0);
    const own = rows(features, asked[0]!);
    const spectrum = eigen(covariance(own));
    const ownTails = spectrumTails(spectrum.values);
    const { value, argmin } = kernelComplexity(ownTails, landmarks);
    expect(await hooks.metrics!(progress)).toEqual({
      landmarkTnn: expect.closeTo(ownTails[1]!, 6),
      landmarkTnnRatio: expect.closeTo(ownTails[1]! / ownTails[0]!, 6),
      landmarkKc: expect.closeTo(value, 6),
      landmarkKcArgmin: argmin,
    });
    const principal = projectionTails(covariance(features), spectrum.vectors);
    expect(await loss()).toBeCloseTo(principal[1]!, 4);
  }
});

test.each(landmarkSamplings)(
  '%s: the loss is what orth(S V) leaves, between TNN_r and the estimate',
  async (sampling) => {
    await using engine = await createEagerEngine({ backend: 'cpu' });
    const options = { eta: 1, rank: 1, landmarks: 3, sampling, warmup: 0 };
    const { hooks, refresh, loss } = await attached(engine, options);
    await refresh(0);
    const found = await loss();
    const { tnn, aTnn } = await hooks.metrics!(progress);
    expect(tnn).toBeCloseTo(tails[1]!, 6);
    expect(found).toBeGreaterThanOrEqual(tnn! - 1e-5);
    expect(found).toBeLessThanOrEqual(aTnn! + 1e-5);
  },
);

test('rank 0 penalises the whole trace', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const { refresh, loss } = await attached(engine, { eta: 1, rank: 0, warmup: 0 });
  await refresh(0);
  expect(await loss()).toBeCloseTo(tails[0]!, 4);
});

test('the rank kc is the argmin of KC of all images', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  for (const estimator of ['nystrom', 'landmarks'] as const) {
    const options = { eta: 1, rank: 'kc', landmarks: n, estimator, warmup: 0 } as const;
    const { refresh, loss } = await attached(engine, options);
    await refresh(0);
    expect(await loss()).toBeCloseTo(tails[kernelComplexity(tails, n).argmin]!, 4);
  }
});

test('landmarks: at most all images, ascending, others after each epoch', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const estimator = 'landmarks';
  const most = await attached(engine, { eta: 1, estimator });
  await most.refresh(0);
  // Four times the features are more than the images.
  expect([...most.asked[0]!]).toEqual(all);
  const some = await attached(engine, { eta: 1, landmarks: 5, estimator });
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
  ['OPTION', { eta: 1, form: 'projektion' as 'projection' }],
  ['OPTION', { eta: 1, estimator: 'paper' as 'nystrom' }],
  ['OPTION', { eta: 1, sampling: 'random' as 'uniform' }],
  ['OPTION', { eta: -1 }],
  ['OPTION', { eta: Number.NaN }],
  ['OPTION', { eta: { balance: -1 } }],
  ['OPTION', { eta: 1, rank: 'kc', form: 'linear' }],
  ['OPTION', { eta: { balance: 1 }, form: 'reconstruction' }],
  ['OPTION', { eta: 1, estimator: 'landmarks', bounds: true }],
  ['OPTION', { eta: 1, images: 0 }],
  ['OPTION', { eta: 1, images: 13 }],
] as const)('%s for %j', async (code, options) => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  await expect(attached(engine, options)).rejects.toThrow(expect.objectContaining({ code }));
});
