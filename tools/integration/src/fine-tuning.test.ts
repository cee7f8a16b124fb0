import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vit } from '@kcr/backbones';
import {
  type Dataset,
  type Engine,
  type FitOptions,
  fit,
  Generator,
  type MemoryReport,
  Model,
  type NdArray,
  type StateDict,
} from '@kcr/core';
import { imageDataset, type MixOptions } from '@kcr/data';
import { createOnnxEngine } from '@kcr/onnx';
import { describe, expect, test, vi } from 'vitest';
import {
  engines,
  largeWeights,
  maxDifference,
  pairs,
  shortRun,
  smallModels,
  syntheticData,
} from './helpers.ts';

const model = smallModels.vit!();

async function run(more: object): Promise<StateDict> {
  const engine = await engines.onnx!();
  const { weights } = await fit({ ...shortRun(model), engine, ...more });
  await engine.dispose();
  return weights;
}

test('with layer decay the layers below learn less, and a factor of 1 changes nothing', async () => {
  const start = model.initialize(new Generator(3));
  const moved = async (layerDecay: number | undefined, name: string) => {
    const optimizer = { lr: 1e-3, weightDecay: 0, layerDecay };
    const weights = await run({ initial: start, optimizer });
    return maxDifference(weights[name] as NdArray, start[name] as NdArray);
  };
  const [first, block, last] = [
    'patch_embed.proj.weight',
    'blocks.1.mlp.fc1.weight',
    'head.weight',
  ];
  expect(await moved(1e-3, first!)).toBeLessThan(1e-7);
  // The second of two blocks is one layer below the head.
  const ratio = (await moved(0.1, block!)) / (await moved(undefined, block!));
  expect(ratio).toBeGreaterThan(0.05);
  expect(ratio).toBeLessThan(0.2);
  expect(await moved(1, first!)).toBe(await moved(undefined, first!));
  expect(await moved(1e-3, last!)).toBeGreaterThan(1e-4);
});

test('repeated augmentation: each image several times in a row, as many in all', async () => {
  const data = syntheticData(model, 24);
  const read: number[][] = [];
  const watched: Dataset = {
    ...data,
    batch: (indices, augment) => {
      if (augment) read.push([...indices]);
      return data.batch(indices, augment);
    },
  };
  await run({ train: watched, epochs: 1, augRepeats: 4 });
  expect(read.map((batch) => batch.length)).toEqual([8, 8, 8]);
  for (const batch of read) expect(new Set(batch).size).toBe(2);
  expect(new Set(read.flat()).size).toBe(6);
});

test('repetitions of an image are augmented anew, and mixing trains towards mixed targets', async () => {
  const pixels = { data: new Uint8Array(8 * 8 * 3).fill(100), shape: [8, 8, 3] as const };
  const source = {
    labels: Int32Array.from({ length: 24 }, (_, i) => i % 4),
    classes: ['a', 'b', 'c', 'd'],
    shape: pixels.shape,
    pixels: () => pixels,
  };
  const normalization = { mean: [0.5], std: [0.5] };
  const noisy = imageDataset(source, {
    normalization,
    augment: [
      (image, generator) => ({ ...image, data: image.data.map(() => generator.integer(256)) }),
    ],
  });
  const { image } = await noisy.batch(Int32Array.of(3, 3), new Generator(1));
  const half = image.data.length / 2;
  expect(image.data.slice(0, half)).not.toEqual(image.data.slice(half));
  const mixed = (mix?: MixOptions) =>
    run({ train: imageDataset(source, { normalization, mix }), epochs: 1 });
  const plain = await mixed();
  const unmixed = await mixed({});
  const cut = await mixed({ cutmix: 1 });
  const bias = (weights: StateDict) => weights['head.bias'] as NdArray;
  expect(maxDifference(bias(plain), bias(unmixed))).toBe(0);
  expect(maxDifference(bias(plain), bias(cut))).toBeGreaterThan(0);
});

/** The largest difference of any array. */
const difference = (a: StateDict, b: StateDict) =>
  Math.max(...Object.keys(a).map((name) => maxDifference(a[name]!, b[name]!)));

/** Fits on an engine that is disposed of afterwards. */
async function fitOn(makeEngine: () => Promise<Engine>, options: Omit<FitOptions, 'engine'>) {
  await using engine = await makeEngine();
  return await fit({ ...options, engine });
}

type More = Partial<FitOptions>;

const rates = { lr: 1e-2, warmupEpochs: 1 };
const optimized: Readonly<Record<string, More>> = {
  'SGD with momentum': { optimizer: { ...rates, name: 'sgd', nesterov: true, weightDecay: 1e-2 } },
  LAMB: { optimizer: { ...rates, name: 'lamb', alwaysAdapt: true, trustClip: true } },
  'LAMB without clipping': {
    optimizer: { ...rates, name: 'lamb', maxGradNorm: null, decoupledDecay: true },
  },
  'SGD, clipped by value': {
    optimizer: { ...rates, name: 'sgd' },
    clipGrad: 0.01,
    clipMode: 'value',
  },
  'SGD, clipped adaptively': {
    optimizer: { ...rates, name: 'sgd' },
    clipGrad: 0.1,
    clipMode: 'agc',
  },
  'a faster head': { optimizer: { ...rates, eps: 1e-3, lrFactors: { head: 10, blocks: 0.5 } } },
};

describe('training is the same on both engines', () => {
  const frozen: Readonly<Record<string, More>> = {
    'a linear probe': { trainable: ['head'], emaDecay: 0.5 },
    'all but the stem': { freeze: [], emaDecay: 0.5 },
  };
  const cases = [
    ...pairs({ vit: smallModels.vit! }, { ...optimized, ...frozen }),
    // Whose batch norms have statistics.
    ...pairs({ mobilevit: smallModels.mobilevit! }, frozen),
  ];
  test.each(cases)('%s, %s', async (_, __, make, more) => {
    const own = make();
    const freeze = more.freeze && [own.params[0]!.name];
    const options = { ...shortRun(own), initial: largeWeights(own), ...more, freeze };
    const [onnx, eager] = [
      await fitOn(engines.onnx!, options),
      await fitOn(engines.eager!, options),
    ];
    expect(difference(onnx.weights, eager.weights)).toBeLessThan(1e-4);
    expect(difference(onnx.weights, options.initial)).toBeGreaterThan(1e-3);
    for (const { name } of own.params)
      if (freeze?.includes(name) || (more.trainable && !name.startsWith('head.')))
        expect([name, ...onnx.weights[name]!.data]).toEqual([name, ...options.initial[name]!.data]);
  });
});

test('a linear probe computes nothing backwards but the head', async () => {
  const nodes = async (more: More) => {
    await using engine = createOnnxEngine();
    await fit({ ...shortRun(model), engine, ...more });
    expect(engine.compileTimes.map(({ step }) => step)).toEqual(['train-weights']);
    return engine.compileTimes[0]!.nodes;
  };
  expect(await nodes({ trainable: ['head'] })).toBeLessThan(0.4 * (await nodes({})));
});

test.each(Object.entries(smallModels))(
  'values that are computed again give the same training: %s',
  async (_, make) => {
    const run = (recompute: boolean) => fitOn(engines.onnx!, { ...shortRun(make()), recompute });
    const [kept, again] = [await run(false), await run(true)];
    expect(difference(again.weights, kept.weights)).toBeLessThan(2e-6);
  },
);

describe('accumulated gradients', () => {
  // No random numbers: each piece would draw its own.
  const still = new Model(vit, { ...vit.configure(model.config), drop_path_rate: 0 });
  const options = { ...shortRun(still), emaDecay: 0.5, clipGrad: 1, labelSmoothing: 0.1 };

  test.each(pairs(engines, { AdamW: {}, ...optimized }))(
    'are those of the larger batch: %s, %s',
    async (_, __, makeEngine, more) => {
      const large = await fitOn(makeEngine, { ...options, ...more });
      const pieces = await fitOn(makeEngine, { ...options, ...more, batchSize: 2, accumulate: 4 });
      expect(difference(pieces.weights, large.weights)).toBeLessThan(2e-6);
      expect(difference(pieces.weights, still.initialize(new Generator(1)))).toBeGreaterThan(1e-3);
      expect(pieces.history.map(({ lr }) => lr)).toEqual(large.history.map(({ lr }) => lr));
    },
  );

  test.each(pairs(engines, optimized))(
    'are those of a batch that is cut as it is said: %s, %s',
    async (_, __, makeEngine, more) => {
      const large = await fitOn(makeEngine, { ...options, ...more });
      const cut = await fitOn(makeEngine, { ...options, ...more, microBatch: 3 });
      expect(difference(cut.weights, large.weights)).toBeLessThan(2e-6);
    },
  );

  test('make a batch fit into the memory that there is', async () => {
    let report: MemoryReport | undefined;
    const onMemory = (given: MemoryReport) => {
      report = given;
    };
    const whole = await fitOn(engines.onnx!, { ...options, onMemory });
    expect(report).toMatchObject({ images: options.batchSize, pieces: 1 });
    const own = process.memoryUsage.rss();
    expect(report!.bytes).toBeGreaterThan(0.5 * own);
    expect(report!.available).toBeGreaterThan(report!.bytes);
    const free = vi.spyOn(process, 'availableMemory');
    // A collection in between would count as memory that steps need.
    const held = vi.spyOn(process.memoryUsage, 'rss').mockReturnValue(own);
    try {
      // What is beside values of images stays: a whole batch does not fit, and smaller pieces do.
      const [all, least] = await Promise.all([needs(options.batchSize), needs(1)]);
      free.mockReturnValue((all + least) / 2);
      const auto = await fitOn(engines.onnx!, { ...options, microBatch: 'auto', onMemory });
      expect(report!.pieces).toBeGreaterThan(1);
      expect(difference(auto.weights, whole.weights)).toBeLessThan(2e-6);
      free.mockReturnValue(least / 2);
      const never = [
        fitOn(engines.onnx!, options),
        fitOn(engines.onnx!, { ...options, microBatch: 'auto' }),
      ];
      for (const run of never) await expect(run).rejects.toMatchObject({ code: 'MEMORY' });
    } finally {
      free.mockRestore();
      held.mockRestore();
    }
    const memory = 2 ** 40;
    await fitOn(engines.onnx!, { ...options, memory, onMemory });
    expect(report!.available).toBe(memory);
    const little = fitOn(engines.onnx!, { ...options, memory: 2 ** 20 });
    await expect(little).rejects.toMatchObject({ code: 'MEMORY' });
  });

  /** Bytes that training with so many images at once takes besides what the process has. */
  async function needs(microBatch: number): Promise<number> {
    let bytes = 0;
    await fitOn(engines.onnx!, {
      ...options,
      epochs: 1,
      microBatch,
      onMemory: (report) => {
        bytes = report.bytes - process.memoryUsage.rss();
      },
    });
    return bytes;
  }

  test('go on after a kill between two updates with the same bits', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kcr-accumulate-'));
    const settings = { ...options, epochs: 3, batchSize: 4, accumulate: 2, model };
    const through = await fitOn(engines.onnx!, settings);
    const kill = new Error('killed');
    const onStep: FitOptions['onStep'] = ({ epoch, step }) => {
      if (epoch === 2 && step === 1) throw kill;
    };
    await expect(fitOn(engines.onnx!, { ...settings, directory, onStep })).rejects.toBe(kill);
    const resumed = await fitOn(engines.onnx!, { ...settings, directory, microBatch: 4 });
    expect(difference(resumed.weights, through.weights)).toBe(0);
    await rm(directory, { recursive: true });
  });

  test('are compiled as a step for the pieces and one for the update', async () => {
    await using engine = createOnnxEngine();
    await fit({ ...options, engine, batchSize: 4, accumulate: 2 });
    expect(engine.compileTimes.map(({ step }) => step)).toEqual([
      'gradients-weights',
      'update-weights',
    ]);
  });
});
