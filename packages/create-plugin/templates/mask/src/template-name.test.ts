import { pluginChecks, registerChecks } from '@kcr/testing';
import { test } from 'vitest';
import { templateName } from './template-name.ts';

registerChecks(
  test,
  pluginChecks(templateName, {
    options: {},
    models: ['vit'],
    skip: { zero: 'gates below 1 change the model at any weight' },
  }),
);
