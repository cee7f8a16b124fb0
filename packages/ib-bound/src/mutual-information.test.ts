import { expect, test } from 'vitest';
import { mutualInformation } from './mutual-information.ts';

test.each([
  ['independent', [0.06, 0.14, 0.24, 0.56], 2, 2, 0],
  ['equal', [0.5, 0, 0, 0.5], 2, 2, Math.LN2],
  // 0.8 ln 1.6 + 0.2 ln 0.4
  ['a noisy copy', [0.4, 0.1, 0.1, 0.4], 2, 2, 0.8 * Math.log(1.6) + 0.2 * Math.log(0.4)],
  // A variable of three values that says the other one of two: ln 2.
  ['a finer one', [0.25, 0.25, 0, 0, 0, 0.5], 2, 3, Math.LN2],
  ['a certain one', [0.3, 0.7], 1, 2, 0],
])('of %s variables', (_, joint, rows, columns, expected) => {
  expect(mutualInformation(Float64Array.from(joint), rows, columns)).toBeCloseTo(expected, 12);
  const turned = Array.from(
    { length: joint.length },
    (__, i) => joint[(i % rows) * columns + Math.floor(i / rows)]!,
  );
  expect(mutualInformation(Float64Array.from(turned), columns, rows)).toBeCloseTo(expected, 12);
});
