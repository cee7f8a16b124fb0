import { expect, test } from 'vitest';
import { checkPlugins } from './attaching.ts';
import { definePlugin, type PluginRun } from './plugin.ts';
import { regression, tinyModel } from './testing.ts';

const weighted = definePlugin({
  name: 'weighted',
  contract: 1,
  curves: { eta: { title: 'Weight', y: 'eta' } },
  attach:
    ({ eta }: { eta: number }) =>
    ({ epochs }) => ({ metrics: async () => ({ eta, epochs }) }),
});

test('a plugin says its name, its options and its curves, and is one that runs take', () => {
  const plugin = weighted({ eta: 0.5 });
  expect(plugin).toMatchObject({
    name: 'weighted',
    options: { eta: 0.5 },
    curves: { eta: { title: 'Weight', y: 'eta' } },
  });
  expect(definePlugin({ name: 'plain', contract: 1, attach: () => () => ({}) })({}).curves).toEqual(
    {},
  );
  expect(() => checkPlugins([plugin], tinyModel(regression))).not.toThrow();
});

test('each has the options that it was made with', async () => {
  const run = { epochs: 3 } as PluginRun;
  const [one, two] = [weighted({ eta: 1 }), weighted({ eta: 2 })].map((made) => made.setup(run));
  const progress = { epoch: 0, epochs: 3, step: 0 };
  expect(await one!.metrics!(progress)).toEqual({ eta: 1, epochs: 3 });
  expect(await two!.metrics!(progress)).toEqual({ eta: 2, epochs: 3 });
});
