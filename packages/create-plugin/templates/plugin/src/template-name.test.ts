import { pluginChecks, registerChecks } from '@kcr/testing';
import { expect, test } from 'vitest';
import { templateName } from './template-name.ts';

registerChecks(
  test,
  pluginChecks(templateName, { options: { eta: 0.1 }, zero: { eta: 0 }, models: ['vit'] }),
);

test('a weight below 0 is refused', () => {
  expect(() => templateName({ eta: -1 })).toThrow('eta');
});
