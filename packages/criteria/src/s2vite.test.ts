import { createModel } from '@kcr/backbones';
import {
  createEagerEngine,
  type Engine,
  float32,
  Generator,
  int32,
  pruneTrained,
  uniform,
} from '@kcr/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { s2vite } from './s2vite.ts';
import { scoresOf } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

test('a neuron is scored by the L1 norms of the weights that make it and that read it', async () => {
  const { hidden, names } = await scoresOf(s2vite({}), engine);
  expect(names).toEqual(['hidden']);
  [3.5 + 1.5, 2 + 2.5, 0, 4 + 1.75].forEach((norm, c) => {
    expect(hidden[c]).toBeCloseTo(norm, 6);
  });
});

test('heads go whole, where their channels have one score', async () => {
  const model = createModel('vit_base_patch16_224', {
    img_size: 8,
    patch_size: 4,
    embed_dim: 8,
    depth: 1,
    num_heads: 4,
    mlp_ratio: 1,
    num_classes: 2,
  });
  const generator = new Generator(4);
  const pixels = generator.array(4 * 8 * 8 * 3, 'normal');
  const { model: pruned } = await pruneTrained({
    model,
    weights: model.initialize(new Generator(0)),
    engine,
    criterion: s2vite({}),
    allocator: uniform({ keepRatio: 0.5 }),
    dims: ['qk', 'v'],
    batchSize: 4,
    seed: 0,
    data: {
      length: 4,
      shape: model.inputShape,
      labels: Int32Array.of(0, 1, 0, 1),
      classes: ['a', 'b'],
      batch: async (indices) => ({
        image: float32(
          [indices.length, 8, 8, 3],
          [...indices].flatMap((i) => [...pixels.slice(192 * i, 192 * (i + 1))]),
        ),
        label: int32(
          [indices.length],
          [...indices].map((i) => i % 2),
        ),
      }),
    },
  });
  const kept = pruned.kept['blocks.0.attn.qk']!;
  expect(kept).toHaveLength(4);
  expect(pruned.kept['blocks.0.attn.v']).toEqual(kept);
  expect(kept.filter((channel) => channel % 2 === 0).map((channel) => channel + 1)).toEqual(
    kept.filter((channel) => channel % 2 === 1),
  );
});
