import { expect, test } from 'vitest';
import { classification } from '../train/classification.ts';
import { noClasses, requireClasses } from './task.ts';

test('a class for each image that a task does not have is an error that names both', () => {
  expect(() => noClasses('plugin "x"', { ...classification, name: 'depth' })).toThrow(
    expect.objectContaining({
      code: 'TASK_CLASSES',
      where: 'plugin "x"',
      found: expect.stringContaining('depth'),
    }),
  );
});

test('a model of features alone is refused where classes are told apart', () => {
  expect(() => requireClasses({ classes: 1 }, 'predict')).not.toThrow();
  expect(() => requireClasses({ classes: 0 }, 'model')).toThrow(
    expect.objectContaining({ code: 'TASK_CLASSES', where: 'model' }),
  );
});
