import { compileFeatures, extractFeatures, Generator, readSafetensors } from '@kcr/core';
import { expect, test } from 'vitest';
import type { PipelineEvent } from './events.ts';
import { writeFeatures } from './features.ts';
import { loadCheckpoint } from './load-checkpoint.ts';
import { findTaskKit } from './tasks/find-task-kit.ts';
import {
  eagerEngine as engine,
  temporaryFolder,
  tinyCheckpoint,
  tinyModel,
  writeClassFolders,
} from './testing/tiny.ts';

test("features are the classifier's inputs on the files, with their pixels and classes", async () => {
  await using folder = await temporaryFolder();
  const model = await tinyModel({ num_classes: 2 });
  await tinyCheckpoint(folder.at('model'), model);
  await writeClassFolders(folder.at('data'));
  const out = folder.at('out', 'features.safetensors');
  const events: PipelineEvent[] = [];
  const report = await writeFeatures(folder.at('model'), {
    data: folder.at('data'),
    out,
    batchSize: 3,
    engine,
    on: (event) => events.push(event),
  });
  const d = model.featureSize;
  expect(report).toEqual({ n: 4, d, inputs: 8 * 8 * 3, labels: true, file: out });
  expect(events).toEqual([
    { type: 'features', done: 3, images: 4 },
    { type: 'features', done: 4, images: 4 },
  ]);
  const { tensors, metadata } = await readSafetensors(out);
  expect(Object.keys(tensors).sort()).toEqual(['features', 'inputs', 'labels']);
  expect([...tensors.labels!.data]).toEqual([0, 0, 1, 1]);
  expect(JSON.parse(metadata.classes!)).toEqual(['dark', 'light']);

  const loaded = await loadCheckpoint(folder.at('model'));
  const kit = await findTaskKit(loaded.model);
  const data = await kit.evaluationData(loaded, { data: folder.at('data') }, () => {});
  await using own = await engine();
  own.set(loaded.weights);
  await using reading = compileFeatures(own, loaded.model);
  const expected = await extractFeatures(reading, data, 4);
  expect(tensors.features!.shape).toEqual([4, d]);
  tensors.features!.data.forEach((x, i) => expect(x).toBeCloseTo(expected.data[i]!, 5));
  // A grid of 16 x 16 over 8 x 8 pixels is the pixels themselves.
  const { image } = await data.batch(Int32Array.of(0, 1, 2, 3));
  expect(tensors.inputs!.data).toEqual(image.data);
});

test('of some images, the same each time', async () => {
  await using folder = await temporaryFolder();
  const model = await tinyModel({ num_classes: 2 });
  await tinyCheckpoint(folder.at('model'), model);
  await writeClassFolders(folder.at('data'));
  const given = { data: folder.at('data'), batchSize: 2, engine };
  const [all, some] = [folder.at('all'), folder.at('some')];
  await writeFeatures(folder.at('model'), { ...given, out: all });
  const report = await writeFeatures(folder.at('model'), { ...given, out: some, images: 3 });
  expect(report).toMatchObject({ n: 3, of: 4 });
  const [whole, part] = [await readSafetensors(all), await readSafetensors(some)];
  const images = [...new Generator(0).permutation(4).slice(0, 3).sort()];
  const labels = images.map((i) => whole.tensors.labels!.data[i]);
  expect([...part.tensors.labels!.data]).toEqual(labels);
  for (const name of ['features', 'inputs']) {
    const { shape, data } = part.tensors[name]!;
    const d = shape[1]!;
    const expected = images.flatMap((i) => [
      ...whole.tensors[name]!.data.subarray(i * d, (i + 1) * d),
    ]);
    expect(shape).toEqual([3, d]);
    data.forEach((x, at) => expect(x).toBeCloseTo(expected[at]!, 5));
  }
});

test.each([
  ['OPTION', { images: 5 }],
  ['OPTION', { images: 0 }],
  ['FOLDER_READ', { data: 'nowhere' }],
  ['OPTION', { flip: true }],
  ['OUT_WRITE', { out: '/proc/no/features.safetensors' }],
])('%s for %j', async (code, wrong) => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  await writeClassFolders(folder.at('data'));
  const given = { data: folder.at('data'), out: folder.at('features.safetensors'), engine };
  await expect(writeFeatures(folder.at('model'), { ...given, ...wrong })).rejects.toThrow(
    expect.objectContaining({ code }),
  );
});
