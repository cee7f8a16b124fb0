import { backboneChecks, registerChecks } from '@kcr/testing';
import { expect, test } from 'vitest';
import { templateName } from './template-name.ts';

registerChecks(
  test,
  backboneChecks(templateName, {
    config: { img_size: 16, widths: [8, 12], depths: [1, 1], num_classes: 4 },
  }),
);

test('a size that its strides do not divide is refused', () => {
  expect(() => templateName.configure({ img_size: 20 })).toThrow('multiple of 8');
});
