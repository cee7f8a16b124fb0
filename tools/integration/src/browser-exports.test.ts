import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileInference, Generator, plainPreprocessing } from '@kcr/core';
import { createOnnxEngine, exportOnnx } from '@kcr/onnx';
import { writeTransformersFolder } from '@kcr/pipeline';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BrowserPage, openBrowserPage, withoutChromium } from './browser.ts';
import { exportCases } from './export-cases.ts';
import { expectOutputs, exportReference, type Output } from './export-reference.ts';

if (withoutChromium) process.stdout.write(`no tests in a browser: ${withoutChromium}\n`);

const MODULE = `
import * as ort from 'onnxruntime-web';
ort.env.wasm.wasmPaths = '/ort/';
ort.env.wasm.numThreads = 1;
globalThis.ort = ort;
`;

/** Runs `/model.onnx` over `/pixels` in the page, by WebAssembly. */
async function runInPage(dims: readonly number[]): Promise<Record<string, Output>> {
  const { ort } = globalThis as unknown as { ort: typeof import('onnxruntime-web') };
  const read = async (path: string) => (await fetch(path)).arrayBuffer();
  const session = await ort.InferenceSession.create(await read('/model.onnx'));
  const pixels = new Float32Array(await read('/pixels'));
  const found = await session.run({ pixel_values: new ort.Tensor('float32', pixels, dims) });
  await session.release();
  return Object.fromEntries(
    Object.entries(found).map(([name, { dims, data }]) => [
      name,
      { dims: [...dims], data: Array.from(data as ArrayLike<number | bigint>, Number) },
    ]),
  );
}

describe.skipIf(withoutChromium)('ONNX Runtime in Chromium computes the model', () => {
  let browser: BrowserPage;
  beforeAll(async () => {
    browser = await openBrowserPage(MODULE);
  });
  afterAll(() => browser?.[Symbol.asyncDispose]());

  test.each(Object.entries(exportCases))('%s', async (_, make) => {
    const { model, weights } = make();
    await using engine = createOnnxEngine();
    engine.set(weights);
    const { pixels, outputs } = await exportReference(engine, model, 2);
    const { page, files, problems } = browser;
    files.set('/model.onnx', await exportOnnx(model, weights));
    files.set('/pixels', Buffer.from((pixels.data as Float32Array).buffer));
    expectOutputs(await page.evaluate(runInPage, pixels.shape), outputs, 2e-5);
    expect(problems).toEqual([]);
  });
});

const TRANSFORMERS = `
import * as transformers from '@huggingface/transformers';
const { env } = transformers;
Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: '/', useBrowserCache: false });
Object.assign(env.backends.onnx.wasm, { wasmPaths: '/ort/', numThreads: 1, proxy: false });
globalThis.transformers = transformers;
`;

/** What transformers.js says of `/image.png` in the page, by the model in `/web`. */
async function classifyInPage(dtype: 'fp32' | 'fp16' | 'q8'): Promise<Record<string, number>> {
  const { transformers } = globalThis as unknown as {
    transformers: typeof import('@huggingface/transformers');
  };
  const options = { dtype, device: 'wasm' } as const;
  const classify = await transformers.pipeline('image-classification', 'web', options);
  const found = await classify('/image.png', { top_k: 10 });
  await classify.dispose();
  const list = found as { label: string; score: number }[];
  return Object.fromEntries(list.map(({ label, score }) => [label, score]));
}

/** An image of random pixels, and as a model's input. */
function randomImage([height, width]: readonly [number, number, number]) {
  const generator = new Generator(1);
  const pixels = Uint8Array.from({ length: height * width * 3 }, () => generator.integer(256));
  const shape = [1, height, width, 3];
  const image = {
    dtype: 'float32',
    shape,
    data: Float32Array.from(pixels, (x) => x / 255),
  } as const;
  return { png: encode({ width, height, data: pixels, channels: 3 }), image };
}

const softmax = (logits: readonly number[]) => {
  const most = Math.max(...logits);
  const powers = logits.map((x) => Math.exp(x - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / sum);
};

test.skipIf(withoutChromium)(
  'transformers.js in Chromium gives the probabilities of the model, in 32, 16 and 8 bits',
  async () => {
    const { vit } = exportCases;
    const { model, weights } = vit!();
    const folder = await mkdtemp(join(tmpdir(), 'kcr-web-'));
    try {
      const info = { classes: ['a', 'b', 'c', 'd'], input: plainPreprocessing(model.inputShape) };
      const precisions = ['fp32', 'fp16', 'int8-dynamic'] as const;
      await writeTransformersFolder(folder, { model, weights, info }, precisions, (precision) =>
        exportOnnx(model, weights, { precision }),
      );
      const { png, image } = randomImage(model.inputShape);
      await using engine = createOnnxEngine();
      engine.set(weights);
      await using inference = compileInference(engine, model);
      const { logits } = await inference({ image });
      const expected = softmax(Array.from(logits!.data));
      await using browser = await openBrowserPage(TRANSFORMERS);
      browser.files.set('/image.png', png);
      browser.folders.set('web', folder);
      for (const [dtype, tolerance] of [
        ['fp32', 1e-5],
        ['fp16', 5e-3],
        ['q8', 5e-2],
      ] as const) {
        const found = await browser.page.evaluate(classifyInPage, dtype);
        expect(Object.keys(found).sort()).toEqual(info.classes);
        for (const [i, label] of info.classes.entries())
          expect(Math.abs(found[label]! - expected[i]!), `${dtype}, ${label}`).toBeLessThan(
            tolerance,
          );
      }
      expect(browser.problems).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
