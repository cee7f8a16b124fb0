import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { PipelineEvent } from '../events.ts';
import { loadCheckpoint } from '../load-checkpoint.ts';
import { parsePruning } from '../recipes/parse-recipe.ts';
import type { PruningInput } from '../recipes/recipe.ts';
import { MODULE } from '../testing/brightness.ts';
import {
  countedEngines,
  temporaryFolder,
  tinyCheckpoint,
  tinyImages,
  tinyModel,
} from '../testing/tiny.ts';
import { pruneInto, sizeOf } from './prune-into.ts';

const byScores: PruningInput = {
  criterion: { use: `${MODULE}#places` },
  allocator: 'uniform',
  budget: 0.25,
  dims: ['hidden'],
  images: 3,
  batchSize: 2,
};
const byCascade: PruningInput = {
  method: 'bottom-up-cascade',
  epsilon: 100,
  dims: ['hidden'],
  images: 4,
  calibrationImages: 4,
  batchSize: 4,
};

/** Prunes the model of `dense` into `out`. */
async function run(root: string, pruning: PruningInput, { seed = 0, out = 'out' } = {}) {
  const events: PipelineEvent[] = [];
  const engines = countedEngines();
  const loaded = await loadCheckpoint(`${root}/dense`);
  const pruned = await pruneInto(`${root}/${out}`, loaded, await parsePruning(pruning, 'prune'), {
    train: tinyImages(4),
    engine: engines.make,
    seed,
    on: (event) => events.push(event),
    trust: [],
  });
  return { events, engines, loaded, pruned };
}

const fileOf = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

describe('by scores', () => {
  test('the channels of the highest scores are left, with their weights', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('dense'));
    const { pruned, loaded, events, engines } = await run(folder.root, byScores);
    const channels = [24, 25, 26, 27, 28, 29, 30, 31];
    expect(pruned.model.kept).toEqual({ 'blocks.0.mlp.hidden': channels });
    const [whole, rest] = [loaded.weights, pruned.weights].map(
      (weights) => weights['blocks.0.mlp.fc1.weight']!.data,
    );
    expect([...rest!]).toEqual([...whole!.slice(24 * 8)]);
    expect((await loadCheckpoint(folder.at('out'))).weights).toEqual(pruned.weights);
    expect(pruned.info).toEqual(loaded.info);
    expect(events).toEqual([
      { type: 'pruning', criterion: `${MODULE}#places`, images: 3 },
      {
        type: 'pruning-step',
        report: expect.objectContaining({ step: 1, steps: 1, ...sizeOf(pruned) }),
        whole: sizeOf(loaded),
      },
    ]);
    expect([engines.made, engines.open]).toEqual([1, 0]);
    const file = await fileOf(folder.at('out', 'prune.json'));
    expect(file).toMatchObject({ before: sizeOf(loaded), after: sizeOf(pruned) });
  });

  test('rounds go to the budget step by step', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('dense'));
    const rounds = { ...byScores, schedule: 'iterative' as const, rounds: 3 };
    const { events, pruned } = await run(folder.root, rounds);
    const params = events.flatMap((e) => (e.type === 'pruning-step' ? [e.report.params] : []));
    expect(params).toHaveLength(3);
    expect(params.toSorted((a, b) => b - a)).toEqual(params);
    expect(params.at(-1)).toBe(pruned.model.parameterCount);
  });

  test('no more images are announced than there are', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('dense'));
    const { events } = await run(folder.root, { ...byScores, images: 2000 });
    expect(events[0]).toMatchObject({ images: 4 });
  });
});

describe('by the cascade', () => {
  test('each block is told and recorded, and its state is kept beside the checkpoint', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('dense'), await tinyModel({ depth: 2 }));
    const { pruned, events } = await run(folder.root, byCascade);
    const tries = events.filter((event) => event.type === 'pruning-try');
    expect(tries.map(({ report }) => report.block)).toEqual(
      expect.arrayContaining(['blocks.0', 'blocks.1']),
    );
    for (const { report } of tries) expect(report.what).toBe('channels');
    const { blocks, charts } = await fileOf(folder.at('out', 'prune.json'));
    expect(blocks.map(({ block }: { block: string }) => block)).toEqual(['blocks.0', 'blocks.1']);
    expect(blocks.at(-1).params).toBe(pruned.model.parameterCount);
    const titles = charts.map(({ title }: { title: string }) => title);
    expect(titles).toContain('Channels left in each block');
    expect(existsSync(folder.at('out', 'cascade.safetensors'))).toBe(true);
  });

  test('with a token selector tokens go too', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('dense'), await tinyModel({ depth: 2 }));
    const tokenSelector = { use: '@kcr/lfc#lfe', options: { form: 'code' } };
    const { pruned, events } = await run(folder.root, { ...byCascade, rho: 1, tokenSelector });
    expect(events.some((e) => e.type === 'pruning-try' && e.report.what === 'tokens')).toBe(true);
    const options = pruned.model.adapters.map((adapter) => adapter.options);
    expect(options).toEqual([expect.objectContaining({ form: 'code', counts: expect.any(Array) })]);
  });
});

describe('a folder', () => {
  test('that is done is read, without an engine', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('dense'));
    const first = await run(folder.root, byScores);
    const again = await run(folder.root, byScores);
    expect(again.pruned.weights).toEqual(first.pruned.weights);
    expect(again.pruned.model.kept).toEqual(first.pruned.model.kept);
    expect([again.events, again.engines.made]).toEqual([[], 0]);
  });

  test('RESUME_MISMATCH with what differs, for another seed, other settings and another model', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('dense'));
    await run(folder.root, byScores);
    const refused = (said: string) => ({
      code: 'RESUME_MISMATCH',
      found: expect.stringContaining(said),
    });
    await expect(run(folder.root, byScores, { seed: 3 })).rejects.toMatchObject(
      refused('options.seed (saved 0, now 3)'),
    );
    await expect(run(folder.root, { ...byScores, budget: 0.5 })).rejects.toMatchObject(
      refused('options.budget (saved 0.25, now 0.5)'),
    );
    await tinyCheckpoint(folder.at('dense'), await tinyModel({ num_heads: 1 }));
    await expect(run(folder.root, byScores)).rejects.toMatchObject(
      refused('model.config.num_heads (saved 2, now 1)'),
    );
  });

  test('OUT_EXISTS for a checkpoint that was not made by pruning, which is left alone', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('dense'));
    const before = await readFile(folder.at('dense', 'model.safetensors'));
    await expect(run(folder.root, byScores, { out: 'dense' })).rejects.toMatchObject({
      code: 'OUT_EXISTS',
    });
    expect((await readFile(folder.at('dense', 'model.safetensors'))).equals(before)).toBe(true);
  });
});
