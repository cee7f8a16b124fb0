import { expect, test } from 'vitest';
import { validationName } from './epoch-record.ts';

test.each([
  ['top1', 'valTop1'],
  ['loss', 'valLoss'],
  ['meanIoU', 'valMeanIoU'],
])('%s of the validation data is %s in the log', (name, expected) => {
  expect(validationName(name)).toBe(expected);
});
