import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compress } from './compress.ts';
import { evaluate } from './evaluate.ts';
import type { PipelineEvent } from './events.ts';
import { predict } from './predict.ts';
import { parseRecipe } from './recipes/parse-recipe.ts';
import type { RecipeInput } from './recipes/recipe.ts';
import { MODULE } from './testing/brightness.ts';

let root: string;
const at = (...parts: string[]) => join(root, ...parts);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-pipeline-'));
});
afterAll(() => rm(root, { recursive: true }));

const own = (name: string, options = {}) => ({ use: `${MODULE}#${name}`, options });
const training = { epochs: 2, batchSize: 4, optimizer: { lr: 1e-2 } };
const swin = {
  name: 'swin_tiny_patch4_window7_224',
  config: { img_size: 32, window_size: 4, embed_dim: 8, depths: [1, 1], num_heads: [1, 2] },
};
const recipe: RecipeInput = {
  name: 'brightness',
  model: { ...swin, head: { name: 'mean', module: MODULE } },
  data: { kind: `${MODULE}#bright`, root: '.', images: 8 },
  retrain: { ...training, plugins: [own('counter')] },
  analyses: [own('greatest')],
};

test('a task that nobody knows works down to the report, to eval and to predict', {
  timeout: 60_000,
}, async () => {
  const events: PipelineEvent[] = [];
  const out = at('run');
  const { summary, table, report } = await compress(recipe, { out, on: (e) => events.push(e) });
  const epochs = events.filter((event) => event.type === 'epoch');
  expect(epochs.map(({ stage, record }) => [stage, record.counted])).toEqual([
    ['compact', 1],
    ['compact', 2],
  ]);
  expect(Object.keys(summary.compact!)).toEqual([
    'closeness',
    'params',
    'macs',
    'latencyMs',
    'greatest',
  ]);
  expect(table.header).toEqual([
    'model',
    'closeness',
    'parameters',
    'MACs',
    'latency',
    'greatest feature',
  ]);
  const html = await readFile(report, 'utf8');
  for (const shown of [
    'closeness on the test images',
    'Epochs that were counted',
    'Greatest features',
    'greatest feature',
    'grey 0',
    'truth',
    'found: compact',
  ])
    expect(html).toContain(shown);
  const checkpoint = at('run', 'compact');
  const { closeness, n } = await evaluate(checkpoint, { data: '.', trust: [MODULE] });
  expect([closeness, n]).toEqual([summary.compact!.closeness, 5]);
  const image = at('grey.png');
  const background = { r: 128, g: 128, b: 128 };
  await sharp({ create: { width: 32, height: 32, channels: 3, background } }).toFile(image);
  const { predictions } = await predict([image], {
    model: checkpoint,
    out: at('predictions'),
    trust: [MODULE],
  });
  expect(predictions.images[0]).toMatchObject({
    id: 1,
    height: 32,
    brightness: expect.any(Number),
  });
});

test('allocators, schedules, criteria and changes of images of a third party prune a classifier', {
  timeout: 60_000,
}, async () => {
  for (const part of ['train', 'test'])
    for (const [label, grey] of [
      ['dark', 40],
      ['light', 200],
    ] as const) {
      await mkdir(at('data', part, label), { recursive: true });
      const background = { r: grey, g: grey, b: grey };
      for (let i = 0; i < 4; i++)
        await sharp({ create: { width: 32, height: 32, channels: 3, background } }).toFile(
          at('data', part, label, `${i}.png`),
        );
    }
  const { kept } = await compress(
    {
      name: 'pruned',
      model: { ...swin, config: { ...swin.config, num_classes: 2 } },
      data: { augment: [own('nothing')] },
      dense: training,
      prune: {
        criterion: own('places'),
        allocator: own('laterHalf'),
        schedule: own('atOnce'),
        dims: ['hidden'],
        batchSize: 4,
      },
      retrain: training,
    },
    { data: at('data'), out: at('pruned') },
  );
  expect(Object.keys(kept)).toEqual([
    'layers.0.blocks.0.mlp.hidden',
    'layers.1.blocks.0.mlp.hidden',
  ]);
  for (const channels of Object.values(kept)) expect(channels[0]).toBe(channels.length);
});

test.each([
  ['data.kind', { data: { kind: 'voxels' } }],
  ['data.images', { data: { kind: `${MODULE}#bright`, images: 'many' } }],
  ['prune.allocator', { prune: { allocator: 'best', budget: 0.5 } }],
  ['prune.budget', { prune: { allocator: 'macs' } }],
  ['prune.epsilon', { prune: { method: 'bottom-up-cascade' } }],
])('a wrong %s is said', async (field, wrong) => {
  const checked = parseRecipe({ ...recipe, ...wrong }, 'x');
  await expect(checked).rejects.toMatchObject({
    code: 'RECIPE_INVALID',
    found: expect.stringContaining(field),
  });
});
