import { adapterChecks, registerChecks } from '@kcr/testing';
import { test } from 'vitest';
import { templateName } from './template-name.ts';

registerChecks(test, adapterChecks(templateName, { options: {}, models: ['vit'] }));
