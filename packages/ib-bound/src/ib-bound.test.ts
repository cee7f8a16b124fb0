import {
  createEagerEngine,
  type Engine,
  float32,
  type LossContext,
  type PluginHooks,
  type RefreshContext,
} from '@kcr/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IbBoundOptions } from './bound-settings.ts';
import { ibBound } from './ib-bound.ts';
import { pluginRun } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

const n = 8;
const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
/** The classes lie on two axes. */
const separate = [...labels].flatMap((label) => [1 - label, label, 0, 0]);
const progress = { epoch: 0, epochs: 10, step: 0 };

/** The plugin in a run of ten epochs over images whose brightness is their class. */
function attached(options: IbBoundOptions, features = separate) {
  const { run, trainer, warnings } = pluginRun(engine, { samples: n, epochs: 10 });
  const hooks = ibBound(options).setup(run) as PluginHooks;
  let passes = 0;
  const refresh = async (epoch: number) => {
    trainer.progress.epoch = epoch;
    const context: Partial<RefreshContext> = {
      epoch,
      labels,
      async features(indices) {
        passes++;
        return float32(
          [indices!.length, 4],
          [...indices!].flatMap((i) => features.slice(4 * i, 4 * i + 4)),
        );
      },
      async *images(indices) {
        for (const i of indices!)
          yield float32(
            [1, 4, 4, 1],
            Array.from({ length: 16 }, (_, at) => (at % 2) ^ labels[i]!),
          );
      },
    };
    await hooks.refresh!(context as RefreshContext);
  };
  const loss = async () => {
    const step = engine.compile('loss', ({ inputs }) => ({
      outputs: { y: hooks.loss!({ features: inputs.f!, targets: inputs.t! } as LossContext) },
    }));
    const targets = [...labels].flatMap((label) => [1 - label, label]);
    const { y } = await step({ f: float32([n, 4], features), t: float32([n, 2], targets) });
    await step.dispose();
    return y!.data[0]!;
  };
  return { hooks, refresh, loss, warnings, passes: () => passes };
}

/** Shares of a point's own cluster and the other one: distances are 0 and 2. */
const [own, other] = [1, Math.exp(-2)].map((w) => w / (1 + Math.exp(-2))) as [number, number];
const entropy = -own * Math.log(own) - other * Math.log(other);

test('after the warm-up the loss is eta times the mean of -log Q', async () => {
  const { refresh, loss } = attached({ eta: 3, warmup: 0.5 });
  await refresh(1);
  expect(await loss()).toBe(0);
  await refresh(5);
  // Q(a|y) is the share itself.
  expect(await loss()).toBeCloseTo(3 * entropy, 5);
});

test('metrics are those of the last refresh, by hand for separate classes', async () => {
  const { hooks, refresh } = attached({ eta: 0, warmup: 0 });
  expect(hooks.loss).toBeUndefined();
  expect(await hooks.metrics!(progress)).toEqual({});
  await refresh(0);
  const metrics = await hooks.metrics!(progress);
  expect(metrics.iXtY).toBeCloseTo(Math.LN2 - entropy, 6);
  expect(metrics.ib).toBeCloseTo(metrics.iXtX! - metrics.iXtY!, 9);
  expect(metrics.ib).toBeLessThanOrEqual(metrics.ibb! + metrics.ibbConstant!);
  expect(metrics).toMatchObject({ clusterUsage: expect.closeTo(1, 9), emptyClusters: 0 });
});

describe('a refresh', () => {
  test('before the first epoch waits where there is a warm-up', async () => {
    const waiting = attached({ warmup: 0.5 });
    await waiting.refresh(0);
    expect(waiting.passes()).toBe(0);
    await waiting.refresh(1);
    expect(waiting.passes()).toBe(1);
    const once = attached({ warmup: 0 });
    await once.refresh(0);
    expect(once.passes()).toBe(1);
  });

  test('reads what training steps gave, and passes over images only without them', async () => {
    const { hooks, refresh, passes } = attached({ eta: 0, warmup: 0 });
    // Classes the other way round, so that it shows.
    const indices = Int32Array.of(0, 1, 2, 3);
    hooks.observe!({
      indices,
      values: {},
      features: float32(
        [4, 4],
        [...Array(4).keys()].flatMap(() => [1, 0, 0, 0]),
      ),
    });
    await refresh(1);
    expect(passes()).toBe(0);
    expect((await hooks.metrics!(progress)).iXtY).toBeCloseTo(0, 9);
    await refresh(2);
    expect(passes()).toBe(1);
  });

  test('warns of features that have collapsed', async () => {
    const collapsed = Array.from({ length: 4 * n }, (_, i) => Number(i % 4 === 0));
    const { refresh, warnings } = attached({ warmup: 0 }, collapsed);
    await refresh(0);
    expect(warnings).toEqual([expect.stringContaining('collapsed into one cluster')]);
    const fine = attached({ warmup: 0 });
    await fine.refresh(0);
    expect(fine.warnings).toEqual([]);
  });
});

test('clusters and samples of other numbers', async () => {
  const { hooks, refresh } = attached({ warmup: 0, clusters: 3, inputClusters: 1, samples: 5 });
  await refresh(0);
  const { iXtX, clusterUsage } = await hooks.metrics!(progress);
  // One cluster of inputs says nothing.
  expect(iXtX).toBeCloseTo(0, 9);
  expect(clusterUsage).toBeLessThanOrEqual(1);
});

test.each([{ warmup: 1.5 }, { samples: 9 }, { clusters: 0 }])('OPTION for %j', (options) => {
  expect(() => attached(options)).toThrow(expect.objectContaining({ code: 'OPTION' }));
});
