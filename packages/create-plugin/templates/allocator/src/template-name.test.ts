import { allocatorChecks, registerChecks } from '@kcr/testing';
import { test } from 'vitest';
import { templateName } from './template-name.ts';

registerChecks(
  test,
  allocatorChecks(templateName, { options: { first: 0.9, last: 0.4 }, models: ['vit'] }),
);
