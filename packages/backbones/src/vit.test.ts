import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadWeights, readSafetensors, writeSafetensors } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { createModel } from './registry.ts';

/** Parameters and MACs of timm 1.0.29, counted by hooks on its modules. */
const counts: Record<string, [params: number, linear: number, total: number]> = {
  vit_small_patch16_224: [22_050_664, 4_241_218_560, 4_598_882_304],
  vit_base_patch16_224: [86_567_656, 16_848_500_736, 17_563_828_224],
  deit_tiny_patch16_224: [5_717_416, 1_074_851_328, 1_253_683_200],
  deit_small_patch16_224: [22_050_664, 4_241_218_560, 4_598_882_304],
  deit_base_patch16_224: [86_567_656, 16_848_500_736, 17_563_828_224],
};

test.each(Object.entries(counts))(
  '%s has the parameters and MACs of timm',
  (name, [params, linear, total]) => {
    const model = createModel(name);
    expect(model.parameterCount).toBe(params);
    expect(model.macs).toEqual({ linear, attention: total - linear, total });
  },
);

test.each(['vit_small_patch16_224', 'deit_tiny_patch16_224'])(
  '%s has the state dict of timm',
  async (name) => {
    const path = fileURLToPath(new URL(`../fixtures/keys_${name}.txt`, import.meta.url));
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    const expected = lines
      .map((line) => /^(\S+)\s+[[(]([\d, ]*),?[\])]/.exec(line)!)
      .map(([, key, shape]) => {
        const sizes = shape!
          .split(',')
          .map((n) => n.trim())
          .filter(Boolean)
          .map(Number);
        return [key, sizes];
      });
    const actual = createModel(name).params.map((p) => [p.name, p.shape]);
    const byName = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
    expect(actual.sort(byName)).toEqual(expected.sort(byName));
  },
);

test('weights load by path, and a file that does not fit says all that is wrong', async () => {
  const path = fileURLToPath(new URL('../fixtures/vit.safetensors', import.meta.url));
  const { tensors } = await readSafetensors(path);
  const config = { img_size: 32, patch_size: 8, embed_dim: 48, depth: 2, num_classes: 10 };
  const model = createModel('deit_tiny_patch16_224', config);
  const own = Object.entries(tensors).filter(([name]) => !/^(case|grad)\./.test(name));
  const folder = await mkdtemp(join(tmpdir(), 'kcr-weights-'));
  const file = join(folder, 'timm.safetensors');
  await writeSafetensors(file, { tensors: Object.fromEntries(own), metadata: { format: 'pt' } });
  const weights = await loadWeights(model, file);
  expect(weights['blocks.1.attn.qkv.weight']).toEqual(tensors['blocks.1.attn.qkv.weight']);
  const other = createModel('deit_tiny_patch16_224', { ...config, depth: 3, num_classes: 9 });
  await expect(loadWeights(other, file)).rejects.toThrow(
    /12 missing: blocks\.2.*2 of another shape: head\.weight is \[10, 48\] instead of \[9, 48\], head\.bias/s,
  );
  await expect(loadWeights(model, path)).rejects.toThrow(/unexpected: .*grad\.head\.weight/);
  await rm(folder, { recursive: true });
});

describe('a model that cannot be is refused', () => {
  test.each<[string, string, object]>([
    ['MODEL_UNKNOWN', 'vit_tiny', {}],
    ['MODEL_CONFIG', 'deit_tiny_patch16_224', { img_size: 100 }],
    ['MODEL_CONFIG', 'deit_tiny_patch16_224', { num_heads: 5 }],
    ['MODEL_CONFIG', 'deit_tiny_patch16_224', { embed_dims: 64 }],
  ])('%s', (code, name, config) => {
    expect(() => createModel(name, config)).toThrow(expect.objectContaining({ code }));
  });
});
