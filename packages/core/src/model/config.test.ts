import { expect, test } from 'vitest';
import { withDefaults } from './config.ts';

const defaults = { depth: 12, width: 64, scales: [5] };

test('what is given replaces the default, and the defaults stay as they are', () => {
  expect(withDefaults('vit', defaults, { depth: 0, scales: [] })).toEqual({
    depth: 0,
    width: 64,
    scales: [],
  });
  expect(withDefaults('vit', defaults, {})).toEqual(defaults);
  expect(defaults).toEqual({ depth: 12, width: 64, scales: [5] });
});

test('all options that there are not are named, with those that there are', () => {
  const config: Partial<typeof defaults> & Record<string, unknown> = { depths: 1, depth: 2, x: 0 };
  expect(() => withDefaults<typeof defaults>('vit', defaults, config)).toThrow(
    expect.objectContaining({
      code: 'MODEL_CONFIG',
      where: 'vit',
      found: 'unknown option depths, x',
      fix: 'Use depth, width, scales',
    }),
  );
});
