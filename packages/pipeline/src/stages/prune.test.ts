import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { temporaryFolder, tinyCheckpoint, tinyContext, tinyImages } from '../testing/tiny.ts';
import { pruneStage } from './prune.ts';

const prune = {
  criterion: { use: '@kcr/criteria#magnitude' },
  allocator: 'uniform' as const,
  budget: 0.5,
  dims: ['hidden'],
  batchSize: 2,
};

test("the run's dense model is pruned into its folder, with its weights", async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('dense'));
  const context = await tinyContext(folder.root, { prune });
  const dense = { directory: folder.at('dense') };
  const { model, weights } = await pruneStage.run(
    { dense, settings: context.recipe.prune! },
    context,
  );
  expect(model.dims.get('blocks.0.mlp.hidden')!.size).toBe(16);
  expect(weights!['blocks.0.mlp.fc1.weight']!.shape).toEqual([16, 8]);
  for (const file of ['model.json', 'prune.json'])
    expect(existsSync(folder.at('pruned', file))).toBe(true);
});

test('PRUNE_DENSE without a dense model, TASK_CLASSES for images without a class', async () => {
  await using folder = await temporaryFolder();
  const context = await tinyContext(folder.root, { prune });
  const settings = context.recipe.prune!;
  await expect(pruneStage.run({ dense: undefined, settings }, context)).rejects.toMatchObject({
    code: 'PRUNE_DENSE',
  });
  await tinyCheckpoint(folder.at('dense'));
  const { labels: _, ...train } = tinyImages(4);
  const unlabelled = await tinyContext(folder.root, { prune }, { data: { train, test: train } });
  const dense = { directory: folder.at('dense') };
  await expect(pruneStage.run({ dense, settings }, unlabelled)).rejects.toMatchObject({
    code: 'TASK_CLASSES',
  });
});
