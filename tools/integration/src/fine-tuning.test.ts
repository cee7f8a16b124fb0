import { type Dataset, fit, Generator, type NdArray, type StateDict } from '@kcr/core';
import { imageDataset, type MixOptions } from '@kcr/data';
import { expect, test } from 'vitest';
import { engines, maxDifference, shortRun, smallModels, syntheticData } from './helpers.ts';

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
