import { createModel } from '@kcr/backbones';
import {
  createEagerEngine,
  type Dataset,
  type Engine,
  float32,
  Generator,
  int32,
  type Model,
  prune,
  type Scores,
} from '@kcr/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { slim, trainSlimGates } from './slim.ts';
import { countsByThreshold } from './slim-gates.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

const vit = createModel('vit_base_patch16_224', {
  img_size: 8,
  patch_size: 4,
  embed_dim: 4,
  depth: 2,
  num_heads: 2,
  mlp_ratio: 1,
  num_classes: 2,
});

const noise = (model: Model): Dataset => {
  const [height, width, channels] = model.inputShape;
  const generator = new Generator(1);
  const pixels = Array.from({ length: 4 }, () =>
    generator.array(height * width * channels, 'normal'),
  );
  return {
    length: pixels.length,
    shape: model.inputShape,
    labels: Int32Array.of(0, 1, 0, 1),
    classes: ['a', 'b'],
    batch: async (indices) => ({
      image: float32(
        [indices.length, height, width, channels],
        [...indices].flatMap((i) => [...pixels[i]!]),
      ),
      label: int32(
        [indices.length],
        [...indices].map((i) => i % 2),
      ),
    }),
  };
};

const context = (model: Model) => ({
  model,
  weights: model.initialize(new Generator(0)),
  engine,
  data: noise(model),
  batchSize: 2,
  generator: new Generator(2),
});

describe('training', () => {
  test('q, k and v of a head have the same gates, while they have as many channels', async () => {
    const scoresOf = (model: Model) => slim({ epochs: 1, lr: 0.05 }).score(context(model));
    const whole = await scoresOf(vit);
    for (const i of [0, 1])
      expect(whole.get(`blocks.${i}.attn.qk`)).toEqual(whole.get(`blocks.${i}.attn.v`));
    expect(whole.get('blocks.0.attn.qk')).not.toEqual(whole.get('blocks.1.attn.qk'));
    const fewer = await scoresOf(prune(vit, { 'blocks.0.attn.v': [0, 2] }));
    expect(fewer.get('blocks.0.attn.qk')).toHaveLength(4);
    expect(fewer.get('blocks.0.attn.v')).toHaveLength(2);
    const kept = { 'blocks.0.attn.qk': [0, 2], 'blocks.0.attn.v': [1, 2] };
    const others = await scoresOf(prune(vit, kept));
    expect(others.get('blocks.0.attn.v')).not.toEqual(others.get('blocks.0.attn.qk'));
  });

  test('patch gates: one for each token of each block, lower with a stronger norm', async () => {
    const options = { epochs: 1, lr: 0.1, dims: ['hidden'] };
    const trained = async (patches?: number) =>
      (await trainSlimGates(context(vit), { ...options, patches })).patches;
    expect(await trained()).toEqual([]);
    const [weak, strong] = [await trained(1e-6), await trained(100)];
    expect(weak.map(({ length }) => length)).toEqual([5, 5]);
    const mean = (blocks: readonly Float32Array[]) =>
      blocks.flatMap((block) => [...block]).reduce((sum, x) => sum + x / 10, 0);
    expect(Math.tanh(3) - mean(weak)).toBeLessThan(0.01);
    expect(mean(strong)).toBeLessThan(mean(weak));
  });

  test('patch gates on a grid: TOKENS_GRID', async () => {
    const swin = createModel('swin_tiny_patch4_window7_224', {
      img_size: 8,
      patch_size: 2,
      embed_dim: 4,
      depths: [1],
      num_heads: [1],
      window_size: 2,
      num_classes: 2,
    });
    await expect(trainSlimGates(context(swin), { patches: 1e-4 })).rejects.toMatchObject({
      code: 'TOKENS_GRID',
    });
  });
});

test('one threshold for attention and one for hidden channels, over all layers', () => {
  const scores: Scores = new Map([
    ['blocks.0.attn.qk', [9, 8, 7, 6]],
    ['blocks.1.attn.qk', [1, 2, -9, 4]],
    ['blocks.0.mlp.hidden', [0.1, 0.2, 0.3, 0.4]],
    ['blocks.1.mlp.hidden', [0.5, 0.6, 0.7, 0.8]],
  ]);
  const counts = (share: number) => {
    const count = countsByThreshold(vit, scores, share);
    return [...scores].map(([name, values]) => count(vit.dims.get(name)!, values));
  };
  expect(counts(0.5)).toEqual([4, 0, 0, 4]);
  expect(counts(0.25)).toEqual([2, 0, 0, 2]);
  expect(counts(1)).toEqual([4, 4, 4, 4]);
  expect(counts(0.01)).toEqual([1, 0, 0, 1]);
});
