import { describe, expect, test } from 'vitest';
import {
  checkDivides,
  checkLengths,
  checkTransformer,
  dropPathRates,
  imageInput,
  type TransformerConfig,
} from './config.ts';

const config: TransformerConfig = {
  img_size: 32,
  in_chans: 3,
  num_classes: 10,
  patch_size: 8,
  embed_dim: 12,
  depth: 2,
  num_heads: 3,
  mlp_ratio: 4,
  qkv_bias: true,
  drop_path_rate: 0,
};

test('an image has one side, or height and width', () => {
  expect(imageInput(config)).toEqual({ shape: [32, 32, 3], classes: 10 });
  expect(imageInput({ ...config, img_size: [16, 48] }).shape).toEqual([16, 48, 3]);
});

describe('sizes that do not fit are refused', () => {
  const wrong = (found: string) =>
    expect.objectContaining({ code: 'MODEL_CONFIG', where: 'vit', found });

  test('those that do are not', () => {
    expect(() => checkTransformer('vit', config)).not.toThrow();
    expect(() => checkDivides('vit', 'a by b', 0, 4)).not.toThrow();
    expect(() => checkLengths('vit', { a: [1, 2], b: ['x', 'y'] })).not.toThrow();
    expect(() => checkLengths('vit', {})).not.toThrow();
  });

  test('patches that do not fill the image', () => {
    expect(() => checkTransformer('vit', { ...config, patch_size: 7 })).toThrow(
      wrong('img_size by patch_size: 32 by 7'),
    );
  });

  test('heads that do not divide the embedding', () => {
    expect(() => checkTransformer('vit', { ...config, num_heads: 5 })).toThrow(
      wrong('embed_dim by num_heads: 12 by 5'),
    );
  });

  test('lists of different lengths', () => {
    expect(() => checkLengths('vit', { depths: [1, 2], widths: [1] })).toThrow(
      wrong('depths, widths of 2, 1 entries'),
    );
  });
});

test.each([
  [0.3, 4, [0, 0.1, 0.2, 0.3]],
  [0.1, 2, [0, 0.1]],
  [0.5, 1, [0]],
  [0, 3, [0, 0, 0]],
  [0.5, 0, []],
])('drop path rates go evenly from 0 to %f over %i blocks', (rate, count, expected) => {
  const rates = dropPathRates(rate, count);
  expect(rates).toHaveLength(count);
  expected.forEach((value, i) => expect(rates[i]).toBeCloseTo(value, 12));
});
