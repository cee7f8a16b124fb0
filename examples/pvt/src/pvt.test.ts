import { backboneChecks, registerChecks } from '@kcr/testing';
import { expect, test } from 'vitest';
import { pvt } from './pvt.ts';

registerChecks(
  test,
  backboneChecks(pvt, {
    config: { img_size: 32, num_classes: 4, embed_dims: [8, 8, 12, 12], num_heads: [1, 2, 2, 2] },
  }),
);

test('a size that its strides do not divide is refused', () => {
  expect(() => pvt.configure({ img_size: 40 })).toThrow('multiple of 32');
});
