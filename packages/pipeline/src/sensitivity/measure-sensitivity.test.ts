import { expect, test } from 'vitest';
import { evaluate } from '../evaluate.ts';
import type { PipelineEvent } from '../events.ts';
import { prune } from '../prune.ts';
import {
  eagerEngine,
  temporaryFolder,
  tinyCheckpoint,
  tinyModel,
  writeClassFolders,
} from '../testing/tiny.ts';
import { measureSensitivity } from './measure-sensitivity.ts';

test('each part alone: the numbers are those of the whole model, and of a model that is pruned so', async () => {
  await using folder = await temporaryFolder();
  const loaded = await tinyCheckpoint(folder.at('dense'), await tinyModel({ depth: 2 }));
  await writeClassFolders(folder.at('data'));
  const [data, engine] = [folder.at('data'), eagerEngine];
  const events: PipelineEvent[] = [];
  const report = await measureSensitivity(
    loaded,
    { data },
    { dims: ['hidden', 'qk'], keep: 0.5, engine, on: (event) => events.push(event) },
  );
  const dense = await evaluate(folder.at('dense'), { data, engine });
  expect(report).toMatchObject({ n: 4, keep: 0.5, precision: 'int8-dynamic', model: 'vit' });
  expect(report.whole.loss).toBeCloseTo(dense.loss!, 5);

  const names = (change: string, level: string) =>
    report.parts.filter((p) => p.change === change && p.level === level).map(({ name }) => name);
  const layers = ['attn.qkv', 'attn.proj', 'mlp.fc1', 'mlp.fc2'];
  expect(names('quantised', 'layer')).toEqual([
    ...[0, 1].flatMap((i) => layers.map((name) => `blocks.${i}.${name}`)),
    'head',
  ]);
  expect(names('quantised', 'block')).toEqual(['blocks.0', 'blocks.1']);
  expect(names('pruned', 'layer')).toEqual(
    [0, 1].flatMap((i) => [`blocks.${i}.attn.qk`, `blocks.${i}.mlp.hidden`]),
  );
  expect(names('pruned', 'block')).toEqual(['blocks.0', 'blocks.1']);
  for (const { error } of report.parts) expect(error).toBeGreaterThan(0);
  for (const { change, error } of report.parts)
    if (change === 'quantised') expect(error).toBeLessThan(0.05);
  expect(report.float.length).toBeGreaterThan(0);
  const { length } = report.parts;
  expect(events.at(-1)).toEqual({ type: 'sensitivity', done: length, parts: length });

  const pruning = {
    criterion: { use: '@kcr/criteria#magnitude' },
    allocator: { use: '@kcr/core#fixedCounts', options: { counts: { 'blocks.1.mlp.hidden': 16 } } },
    dims: ['hidden'],
    batchSize: 4,
  };
  await prune(folder.at('dense'), { data, out: folder.at('pruned'), pruning, engine });
  const pruned = await evaluate(folder.at('pruned'), { data, engine });
  const alone = report.parts.find(({ name }) => name === 'blocks.1.mlp.hidden')!;
  expect(alone.numbers.loss).toBeCloseTo(pruned.loss!, 5);
});

test('layers that are to stay in float32 are no parts', async () => {
  await using folder = await temporaryFolder();
  const loaded = await tinyCheckpoint(folder.at('dense'));
  await writeClassFolders(folder.at('data'));
  const numbers = { precision: 'int8-weights', float: ['blocks.0.attn'] } as const;
  const { parts } = await measureSensitivity(
    loaded,
    { data: folder.at('data') },
    { numbers, dims: ['hidden'], engine: eagerEngine },
  );
  const layers = parts.filter(({ change, level }) => change === 'quantised' && level === 'layer');
  expect(layers.map(({ name }) => name)).toEqual([
    'patch_embed.proj',
    'blocks.0.mlp.fc1',
    'blocks.0.mlp.fc2',
    'head',
  ]);
});
