import { withHead } from '@kcr/detect';
import { expect, test } from 'vitest';
import { evaluate } from '../evaluate.ts';
import type { PipelineEvent } from '../events.ts';
import { findModel } from '../find-model.ts';
import { heads } from '../testing/brightness.ts';
import {
  eagerEngine,
  temporaryFolder,
  tinyCheckpoint,
  tinyModel,
  tinySwin,
  writeClassFolders,
} from '../testing/tiny.ts';
import { compare } from './compare.ts';

test('every checkpoint in all numbers: its accuracy, bytes and time beside the first', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('one'));
  const { model } = await tinyCheckpoint(folder.at('two'), await tinyModel({ depth: 2 }));
  await writeClassFolders(folder.at('data'));
  const data = folder.at('data');
  const events: PipelineEvent[] = [];
  const checkpoints = [folder.at('one'), folder.at('two')];
  const options = { calibrate: data, batch: 2, runs: 3, threads: 1 };
  const found = await compare(
    checkpoints,
    { data },
    { ...options, on: (event) => events.push(event) },
  );
  expect(found).toMatchObject({ n: 4, batch: 2, threads: 1 });
  expect(found.files.map(({ checkpoint, precision }) => [checkpoint, precision])).toEqual(
    checkpoints.flatMap((checkpoint) =>
      ['fp32', 'fp16', 'int8', 'int8-dynamic'].map((precision) => [checkpoint, precision]),
    ),
  );
  expect(events.at(-1)).toEqual({ type: 'compared', done: 8, files: 8 });
  for (const [i, checkpoint] of checkpoints.entries()) {
    const numbers = await evaluate(checkpoint, { data, engine: eagerEngine });
    expect(found.files[4 * i]!.numbers.loss).toBeCloseTo(numbers.loss!, 5);
    expect(found.files[4 * i]!.numbers.top1).toBe(numbers.top1);
  }
  const [first, ...others] = found.files;
  expect(first!.difference).toBeUndefined();
  expect(first!.latency.speedup).toEqual({ median: 1, low: 1, high: 1 });
  for (const { difference, numbers, latency, throughput } of others) {
    expect(difference!.share).toBeCloseTo(numbers.top1! - first!.numbers.top1!, 12);
    expect(latency.ms.median).toBeGreaterThan(0);
    expect(throughput).toBeCloseTo(2000 / latency.ms.median, 6);
  }
  const [whole, half] = found.files.slice(4);
  expect(whole!.macs).toBe(model.macs.total);
  expect(half!.bytes).toBeLessThan(whole!.bytes);
});

test('tasks whose images are neither right nor wrong have no difference; several tasks are OPTION', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('one'));
  await writeClassFolders(folder.at('data'));
  const swin = await findModel(tinySwin.name, tinySwin.config);
  const mean = withHead(heads.mean, swin, {});
  await tinyCheckpoint(folder.at('two'), mean);
  const data = { data: folder.at('data') };
  const options = { trust: [mean.architecture.module], runs: 2 };
  const { files, metrics } = await compare([folder.at('two')], data, options);
  expect(metrics).toEqual({ closeness: 'closeness' });
  for (const { numbers, difference } of files)
    expect([Object.keys(numbers), difference]).toEqual([['closeness'], undefined]);
  const both = [folder.at('one'), folder.at('two')];
  await expect(compare(both, data, options)).rejects.toMatchObject({
    code: 'OPTION',
    where: both[1],
  });
});
