import { type Engine, Generator } from '@kcr/core';
import { createOnnxEngine, exportGraph, exportOnnx } from '@kcr/onnx';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { type ExportCase, exportCases } from './export-cases.ts';
import { expectOutputs, exportReference, type Output } from './export-reference.ts';
import { smallModels } from './helpers.ts';

/** Runs a file, and the model on an engine, and compares all that the file gives. */
async function compare(bytes: Uint8Array, { model }: ExportCase, engine: Engine, batch: number) {
  const { pixels, outputs } = await exportReference(engine, model, batch);
  const session = await ort.InferenceSession.create(bytes);
  const input = new ort.Tensor('float32', pixels.data as Float32Array, [...pixels.shape]);
  const found = await session.run({ pixel_values: input });
  await session.release();
  expectOutputs(found as Record<string, Output>, outputs, 2e-5);
}

describe.each(Object.entries(exportCases))('%s', (_, make) => {
  test('the file computes the model, for every batch size', async () => {
    const given = make();
    const { model, weights } = given;
    const engine = createOnnxEngine();
    engine.set(weights);
    const dynamic = await exportOnnx(model, weights);
    for (const batch of [1, 3]) await compare(dynamic, given, engine, batch);
    await compare(await exportOnnx(model, weights, { batch: 2 }), given, engine, 2);
    const optimised = await exportOnnx(model, weights, { optimise: 'onnxruntime' });
    await compare(optimised, given, engine, 3);
    await engine.dispose();
  });

  test('its graph is plain: no foreign op, all of it named and used, shapes said', async () => {
    const { model, weights } = make();
    const { nodes, initializers, values, inputs, outputs } = await exportGraph(model, weights);
    expect(new Set(nodes.map(({ domain }) => domain))).toEqual(new Set(['']));
    expect(new Set(nodes.map(({ name }) => name)).size).toBe(nodes.length);
    const read = new Set(nodes.flatMap((node) => node.inputs));
    for (const { name } of initializers) expect(read).toContain(name);
    for (const { name, parameter } of initializers)
      if (parameter) expect(name).toMatch(new RegExp(`^${parameter}(_\\d+)?$`));
    const made = nodes.flatMap((node) => node.outputs);
    const given = outputs.map(({ name }) => name);
    // Suppression finds as many boxes as there are, and all that follows from that number has no size to say.
    const unsaid = nodes.some(({ op }) => op === 'NonMaxSuppression')
      ? /NonMax|Gather|Shape|Expand/
      : /^$/;
    const said = new Set([...values!.map(({ name }) => name), ...given]);
    expect(made.filter((name) => !said.has(name) && !unsaid.test(name) && read.has(name))).toEqual(
      [],
    );
    expect(inputs.map(({ name }) => name)).toEqual(['pixel_values']);
    expect(nodes.filter(({ op }) => op === 'Identity')).toEqual([]);
  });
});

test.each([0, -1, 1.5, Number.NaN])('BATCH_SIZE for a fixed batch of %d', async (batch) => {
  const model = smallModels.vit!();
  const weights = model.initialize(new Generator(0));
  await expect(exportOnnx(model, weights, { batch })).rejects.toThrow(
    expect.objectContaining({ code: 'BATCH_SIZE' }),
  );
});
