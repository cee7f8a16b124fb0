import { expect, test } from 'vitest';
import { classification } from '../train/classification.ts';
import { noClasses } from './task.ts';

test('a class for each image that a task does not have is an error that names both', () => {
  expect(() => noClasses('plugin "x"', { ...classification, name: 'depth' })).toThrow(
    expect.objectContaining({
      code: 'TASK_CLASSES',
      where: 'plugin "x"',
      found: expect.stringContaining('depth'),
    }),
  );
});
