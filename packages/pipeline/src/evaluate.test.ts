import { mkdir } from 'node:fs/promises';
import { compileInference, readSafetensors } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import {
  eagerEngine,
  temporaryFolder,
  tinyCheckpoint,
  tinyModel,
  writeClassFolders,
  writeGrey,
} from './testing/tiny.ts';

const engine = eagerEngine;

/** A checkpoint with three classes, and images of the first two. */
async function prepare(root: string) {
  const model = await tinyModel({ num_classes: 2 });
  const loaded = await tinyCheckpoint(`${root}/model`, model);
  await writeClassFolders(`${root}/data`);
  await mkdir(`${root}/data/light`, { recursive: true });
  await writeGrey(`${root}/data/light/2.png`, 240);
  return loaded;
}

describe('a checkpoint', () => {
  test('has the accuracy and the loss that its logits give, whatever the batch', async () => {
    await using folder = await temporaryFolder();
    const { model, weights } = await prepare(folder.root);
    const data = folder.at('data');
    const logitsFile = folder.at('out', 'logits.safetensors');
    const result = await evaluate(folder.at('model'), {
      data,
      batchSize: 2,
      artifacts: { logits: logitsFile },
      engine,
    });
    const logits = (await readSafetensors(logitsFile)).tensors.logits!;
    expect(logits.shape).toEqual([5, 2]);
    const labels = [0, 0, 1, 1, 1];
    const rows = labels.map((_, i) => [logits.data[2 * i]!, logits.data[2 * i + 1]!] as const);
    const right = rows.filter(([a, b], i) => (b > a ? 1 : 0) === labels[i]).length;
    expect(result).toMatchObject({ n: 5, top1: right / 5, top5: 1 });
    const losses = rows.map(
      (row, i) => Math.log(Math.exp(row[0]) + Math.exp(row[1])) - row[labels[i]!]!,
    );
    expect(result.loss).toBeCloseTo(losses.reduce((a, b) => a + b) / 5, 5);
    const all = await evaluate(folder.at('model'), { data, engine });
    expect(all.top1).toBe(result.top1);
    expect(all.loss).toBeCloseTo(result.loss!, 5);

    // The logits are those of the checkpoint's own weights on the files.
    await using own = await eagerEngine();
    own.set(weights);
    await using inference = compileInference(own, model);
    const image = {
      dtype: 'float32' as const,
      shape: [1, 8, 8, 3],
      data: new Float32Array(192).fill(240 / 255),
    };
    const last = (await inference({ image })).logits!.data;
    for (const c of [0, 1]) expect(logits.data[8 + c]).toBeCloseTo(last[c]!, 5);
  });

  test('stores nothing that is not asked for', async () => {
    await using folder = await temporaryFolder();
    await prepare(folder.root);
    const given = { data: folder.at('data'), artifacts: { logits: undefined, other: undefined } };
    expect((await evaluate(folder.at('model'), { ...given, engine })).n).toBe(5);
  });

  test.each([
    ['OPTION', { artifacts: { detections: 'x.json' } }, 'detections'],
    ['OPTION', { flip: true }, 'flip'],
    ['OPTION', { annotations: 'x.json' }, 'annotations'],
    ['FOLDER_READ', { data: 'nowhere' }, 'nowhere'],
  ])('%s for %j', async (code, change, where) => {
    await using folder = await temporaryFolder();
    await prepare(folder.root);
    const given = { data: folder.at('data'), engine, ...change };
    await expect(evaluate(folder.at('model'), given)).rejects.toMatchObject({ code, where });
  });

  test('CHECKPOINT_READ where there is none', async () => {
    await using folder = await temporaryFolder();
    const given = { data: folder.root, engine };
    await expect(evaluate(folder.root, given)).rejects.toMatchObject({ code: 'CHECKPOINT_READ' });
  });
});
