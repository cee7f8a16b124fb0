import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
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
