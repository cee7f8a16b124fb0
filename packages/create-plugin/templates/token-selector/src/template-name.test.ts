import { registerChecks, tokenSelectorChecks } from '@kcr/testing';
import { test } from 'vitest';
import { templateName } from './template-name.ts';

registerChecks(
  test,
  tokenSelectorChecks(templateName, {
    options: { keepRatio: 0.5, blocks: [0] },
    keepsAll: { keepRatio: 1, blocks: [0] },
  }),
);
