import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Dataset } from '@kcr/core';
import { expect, test } from 'vitest';
import { MODULE } from '../testing/brightness.ts';
import {
  countedEngines,
  temporaryFolder,
  tinyCheckpoint,
  tinyContext,
  tinyImages,
  tinyModel,
} from '../testing/tiny.ts';
import { analyseStage } from './analyse.ts';

const greatest = { use: `${MODULE}#greatest`, options: {} };

const trained = (name: string) => ({ name, trained: true });

test('each model is measured from its folder: the metrics of its task, size, speed and analyses', async () => {
  await using folder = await temporaryFolder();
  const dense = await tinyCheckpoint(folder.at('dense'));
  await tinyCheckpoint(folder.at('compact-no-tnn'), await tinyModel({ depth: 2 }));
  const engines = countedEngines();
  const context = await tinyContext(
    folder.root,
    { analyses: [greatest] },
    { engine: engines.make },
  );
  const { models, columns } = await analyseStage.run(
    [trained('dense'), trained('compactNoTnn')],
    context,
  );
  expect(Object.keys(models)).toEqual(['dense', 'compactNoTnn']);
  expect(columns).toEqual([{ number: 'greatest', title: 'greatest feature' }]);
  const { summary, charts, pictures } = models.dense!;
  expect(Object.keys(summary)).toEqual(['top1', 'params', 'macs', 'latencyMs', 'greatest']);
  expect(summary.params).toBe(dense.model.parameterCount);
  expect(summary.macs).toBe(dense.model.macs.total);
  expect(summary.latencyMs).toBeGreaterThan(0);
  expect(models.compactNoTnn!.summary.params).toBeGreaterThan(summary.params);
  expect(charts.map(({ title }) => title)).toEqual([
    'Greatest features',
    'Entropy of attention rows by head, and its mean: dense, blocks.0.attn',
    'Rank of the affinity of queries and keys',
  ]);
  expect(pictures.map(({ file }) => file)).toEqual([
    'grad-cam-dense',
    'attention-dense',
    'attention-query-1-dense',
    'attention-query-2-dense',
    'affinity-dense',
  ]);
  for (const file of ['grad-cam-dense', 'grad-cam-compact-no-tnn'])
    expect(existsSync(folder.at('pictures', `${file}.png`))).toBe(true);
  expect([engines.made, engines.open]).toEqual([2, 0]);
});

test('features are read once for all analyses of a model, and not at all where none asks', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('compact'));
  const readsWith = async (analyses: (typeof greatest)[]) => {
    let reads = 0;
    const images = tinyImages(4);
    const train: Dataset = {
      ...images,
      batch: (indices, generator) => {
        reads += indices.length;
        return images.batch(indices, generator);
      },
    };
    const data = { train, test: tinyImages(2) };
    await analyseStage.run(
      [trained('compact')],
      await tinyContext(folder.root, { analyses }, { data }),
    );
    return reads;
  };
  expect(await readsWith([])).toBe(0);
  expect(await readsWith([greatest])).toBe(4);
  expect(await readsWith([greatest, greatest])).toBe(4);
});

test('of a model as pruning left it there are numbers, and no pictures', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('pruned'));
  const context = await tinyContext(folder.root, { analyses: [greatest] });
  const { models } = await analyseStage.run([{ name: 'pruned', trained: false }], context);
  expect(Object.keys(models.pruned!.summary)).toContain('greatest');
  expect(models.pruned!.pictures).toEqual([]);
  expect(existsSync(folder.at('pictures'))).toBe(false);
});

test('a model that is not there is an error of reading', async () => {
  await using folder = await temporaryFolder();
  const context = await tinyContext(folder.root);
  await expect(analyseStage.run([trained('compact')], context)).rejects.toMatchObject({
    code: 'CHECKPOINT_READ',
  });
});

test('an analysis of another contract is refused before a model is measured', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('compact'));
  const file = folder.at('old.mjs');
  await writeFile(
    file,
    "export const old = () => ({ name: 'old', contract: 0, options: {}, columns: [], measure: () => {} });",
  );
  const context = await tinyContext(folder.root, {
    analyses: [{ use: `${file}#old`, options: {} }],
  });
  await expect(analyseStage.run([trained('compact')], context)).rejects.toThrow(
    expect.objectContaining({ code: 'EXTENSION_CONTRACT', where: 'analysis "old"' }),
  );
});
