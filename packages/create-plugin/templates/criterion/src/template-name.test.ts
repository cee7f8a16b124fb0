import { criterionChecks, registerChecks } from '@kcr/testing';
import { test } from 'vitest';
import { templateName } from './template-name.ts';

registerChecks(test, criterionChecks(templateName, { options: { power: 2 }, models: ['vit'] }));
