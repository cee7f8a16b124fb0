import { type Architecture, float32, linear, Model, type StateDict, tf } from '@kcr/core';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { exportGraph, exportOnnx } from './export.ts';
import { openSession } from './session.ts';

type Config = { byBatch: boolean };

/** The mean of each channel of an image of 1 x 2, and a linear classifier of two classes. */
const means: Architecture<Config> = {
  name: 'means',
  module: 'test',
  contract: 1,
  tokens: 'set',
  configure: (config) => ({ byBatch: false, ...config }),
  input: () => ({ shape: [1, 2, 3] as const, classes: 2 }),
  forward(m, image, { byBatch }) {
    const embed = m.dim('embed', 3, { prunable: false });
    let features = tf.mean(image, [1, 2]);
    // Other nodes for other sizes of the batch.
    if (byBatch) for (let i = 0; i < image.shape[0]!; i++) features = tf.neg(features);
    const logits = linear(m.child('head'), features, embed, 2);
    return { logits, features, tokens: image, featureMaps: [] };
  },
};
const model = new Model(means as Architecture, { byBatch: false });
const weights: StateDict = {
  'head.weight': float32([2, 3], [1, 0, 0, 0, 2, -1]),
  'head.bias': float32([2], [0.5, -0.5]),
};

/** Runs an exported model. @param pixels by image: channels before pixels */
async function run(file: Promise<Uint8Array>, pixels: readonly (readonly number[])[]) {
  await using session = await openSession(await file);
  const data = Float32Array.from(pixels.flat());
  const input = new ort.Tensor('float32', data, [pixels.length, 3, 1, 2]);
  const { logits, features } = await session.run({ pixel_values: input });
  return {
    names: [session.inputNames, session.outputNames.toSorted()],
    features: [...(features!.data as Float32Array)],
    logits: [...(logits!.data as Float32Array)],
    shape: [...logits!.dims],
  };
}

/** Means 1, 2 and 3. */
const first = [0, 2, 1, 3, 3, 3];
/** Means 0, 1 and -1. */
const second = [0, 0, 2, 0, -1, -1];

describe('an exported model', () => {
  test('takes channels before pixels and any number of images', async () => {
    const bytes = exportOnnx(model, weights);
    const both = await run(bytes, [first, second]);
    expect(both.names).toEqual([['pixel_values'], ['features', 'logits']]);
    expect(both.features).toEqual([1, 2, 3, 0, 1, -1]);
    // x0 + 0.5 and 2 x1 - x2 - 0.5.
    expect(both.logits).toEqual([1.5, 0.5, 0.5, 2.5]);
    expect((await run(bytes, [second])).logits).toEqual([0.5, 2.5]);
    expect((await run(bytes, [first, second, first, second, first])).shape).toEqual([5, 2]);
  });

  test('of a fixed batch takes that many alone', async () => {
    const bytes = exportOnnx(model, weights, { batch: 1 });
    expect((await run(bytes, [first])).logits).toEqual([1.5, 0.5]);
    await expect(run(bytes, [first, second])).rejects.toThrow();
  });

  test('has its weights and nodes under their names', async () => {
    const { nodes, initializers } = await exportGraph(model, weights);
    const known = initializers.filter(({ name }) => name in weights);
    expect(known.map(({ name, data }) => [name, data])).toEqual(
      Object.entries(weights).map(([name, { data }]) => [name, data]),
    );
    expect(nodes.map(({ name }) => name)).toEqual(['ReduceMean', 'head/Gemm']);
    expect(nodes.map(({ outputs }) => outputs)).toEqual([['features'], ['logits']]);
  });

  test('has the notes that it is given, and the operator set', async () => {
    const bytes = await exportOnnx(model, weights, { opset: 17, metadata: { task: 'telling' } });
    expect(Buffer.from(bytes).toString('latin1')).toContain('\n\x04task\x12\x07telling');
    // opset_import: field 8 with an empty domain and version 17.
    expect(Buffer.from(bytes).includes(Buffer.from([0x42, 4, 0x0a, 0, 0x10, 17]))).toBe(true);
    expect((await run(Promise.resolve(bytes), [second])).logits).toEqual([0.5, 2.5]);
  });

  test('ONNX_OPSET for a version that is not written', async () => {
    for (const opset of [16, 24, 18.5])
      await expect(exportOnnx(model, weights, { opset })).rejects.toThrow(
        expect.objectContaining({ code: 'ONNX_OPSET' }),
      );
  });

  test('STATE_DICT for other weights than the model has', async () => {
    const { 'head.bias': _, ...rest } = weights;
    await expect(exportOnnx(model, rest)).rejects.toThrow(
      expect.objectContaining({ code: 'STATE_DICT' }),
    );
  });

  test('ONNX_DYNAMIC for a model that is another for another batch, unless that is fixed', async () => {
    const other = new Model(means as Architecture, { byBatch: true });
    await expect(exportOnnx(other, weights)).rejects.toThrow(
      expect.objectContaining({ code: 'ONNX_DYNAMIC', where: 'means' }),
    );
    const { features } = await run(exportOnnx(other, weights, { batch: 1 }), [first]);
    expect(features).toEqual([-1, -2, -3]);
  });
});
