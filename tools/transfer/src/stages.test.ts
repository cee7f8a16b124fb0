import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countBits } from '../../experiments/src/bits.ts';
import { backbones, pretraining, type Target, transfer, ways } from './plan.ts';
import { runStages } from './stages.ts';

const data = resolve(import.meta.dirname, '../../data/eurosat-2500');

let out: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'kcr-transfer-'));
});
afterAll(() => rm(out, { recursive: true }));

/** Of the repository's test images, 50 a class. */
const target: Target = {
  name: 'few',
  from: 'eurosat',
  perClass: 50,
  drawn: 5,
  sameClasses: true,
  batchSize: 10,
  epochs: 2,
};

test('a pretrained model is fine-tuned with all its weights, pruned and trained on; tested is on all images that were not drawn', async () => {
  const recipe = pretraining('ViT', 'test');
  const once = { ...recipe, dense: { ...recipe.dense!, epochs: 1 } };
  const place = (name: string) => ({ data, out: join(out, name), seed: 3 });
  const { test: kept } = await runStages(once, place('pretrained'), 'dense');
  expect(kept.length).toBe(30); // a twentieth of 500, 2.5 of each class rounded

  const pretrained = join(out, 'pretrained', 'dense');
  const moved = await runStages(
    transfer('ViT', target, 'test', 3, ways.transferred!, pretrained),
    place('moved'),
    'compact',
  );
  expect(moved.test.length).toBe(450);
  expect(moved.compact!.macs / moved.dense.macs).toBeLessThanOrEqual(0.5);
  expect(countBits(moved.dense.right)).toBeLessThanOrEqual(450);

  const scratch = await runStages(
    transfer('ViT', target, 'test', 3, ways.scratch!, pretrained),
    place('scratch'),
    'dense',
  );
  expect(scratch.compact).toBeUndefined();
  expect([...scratch.test.labels]).toEqual([...moved.test.labels]);
  expect(await scratch.test.identity?.()).toEqual(await moved.test.identity?.());
  expect(scratch.dense.macs).toBe(moved.dense.macs);
}, 300_000);

test('from scratch a model has as many epochs as it is given, and the same training after it is pruned', () => {
  const recipe = (way: string) => transfer('MobileViT', target, 'test', 0, ways[way]!, 'folder');
  const [scratch, moved] = [recipe('scratch x2'), recipe('transferred')];
  expect([scratch.dense!.epochs, moved.dense!.epochs]).toEqual([4, 2]);
  expect([scratch.dense!.initial, moved.dense!.initial]).toEqual(['scratch', 'pretrained']);
  expect(moved.model).toEqual({ name: backbones.MobileViT.name, pretrained: 'folder' });
  for (const key of ['data', 'prune', 'retrain', 'distillation'] as const)
    expect(scratch[key]).toEqual(moved[key]);
});
