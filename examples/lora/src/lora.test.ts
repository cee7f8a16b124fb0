import { adapt } from '@kcr/core';
import { adapterChecks, registerChecks, smallModels } from '@kcr/testing';
import { expect, test } from 'vitest';
import { lora } from './lora.ts';

registerChecks(test, adapterChecks(lora, { options: { rank: 2 }, models: ['vit'] }));

test('each update has rank x (width + width) parameters', () => {
  const plain = smallModels.vit();
  const model = adapt(plain, [lora({ rank: 4, roles: ['q'] })]);
  // Two blocks of width 12.
  expect(model.parameterCount - plain.parameterCount).toBe(2 * 4 * (12 + 12));
});

test('a rank that is none is refused', () => {
  expect(() => lora({ rank: 0 })).toThrow('rank');
});
