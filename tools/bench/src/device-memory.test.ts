import { expect, test } from 'vitest';
import { usedMegabytes } from './device-memory.ts';

test('MiB of all devices are added, as MB', () => {
  expect(usedMegabytes('1000\n')).toBeCloseTo(1048.576, 6);
  expect(usedMegabytes('1000\n24\n')).toBeCloseTo(1024 * 1.048576, 6);
  expect(usedMegabytes('0\n')).toBe(0);
});

test.each(['', '[N/A]\n', '1000\n[Not Supported]\n', '1000 MiB\n', 'No devices were found\n'])(
  'what is no number says nothing: %j',
  (text) => {
    expect(usedMegabytes(text)).toBeUndefined();
  },
);
