import { expect, test } from 'vitest';
import { refuseOthers } from './refuse-options.ts';

test('options that all tasks know, its own, and those that are absent pass', () => {
  const request = {
    data: 'x',
    invalid: 'skip' as const,
    cacheBytes: 0,
    flip: false,
    scales: undefined,
  };
  expect(() => refuseOthers('segmentation', request, ['flip'])).not.toThrow();
});

test('any other is an error that names it, also where it is false or 0', () => {
  for (const [option, value] of [
    ['flip', false],
    ['cropRatio', 0],
    ['annotations', ''],
  ] as const)
    expect(() => refuseOthers('a task', { data: 'x', [option]: value }, ['scales'])).toThrow(
      expect.objectContaining({ code: 'OPTION', where: option, found: 'a model of a task' }),
    );
});
