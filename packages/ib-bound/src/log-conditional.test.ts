import { expect, test } from 'vitest';
import { logConditional, MIN_Q } from './log-conditional.ts';

test('by hand: each class has its own shares; one without images has even ones', () => {
  const joint = Float64Array.of(0.1, 0.3, 0, 0.6, 0, 0, 0, 0, 0);
  const logQ = logConditional(joint, 3, 3);
  const expected = [0.25, 0.75, MIN_Q, 1, MIN_Q, MIN_Q, 1 / 3, 1 / 3, 1 / 3];
  expected.forEach((q, i) => expect(logQ[i]).toBeCloseTo(Math.log(q), 12));
});
