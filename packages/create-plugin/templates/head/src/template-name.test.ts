import { headChecks, registerChecks } from '@kcr/testing';
import { test } from 'vitest';
import { templateName } from './template-name.ts';

registerChecks(test, headChecks(templateName, { config: { channels: 6, num_classes: 3 } }));
