import { expect, test } from 'vitest';
import { parityOf } from './parity.ts';

const reference = { losses: [4, 2], logits: [[0.5, -2, 1]] };

test('differences are shares of the loss and of the largest logit', () => {
  const found = { losses: [4, 2.001], logits: [[0.5001, -2, 1]] };
  const parity = parityOf(found, reference);
  expect(parity.losses).toBeCloseTo(0.001 / 2, 9);
  expect(parity.logits).toBeCloseTo(0.0001 / 2, 9);
  expect(parity.passed).toBe(true);
});

test.each([
  ['a loss that is apart', { ...reference, losses: [4, 2.003] }],
  ['a logit that is apart', { ...reference, logits: [[0.5, -2, 1.001]] }],
  ['a loss that is no number', { ...reference, losses: [4, Number.NaN] }],
  ['a logit that is no number', { ...reference, logits: [[0.5, Number.NaN, 1]] }],
  ['a step too few', { ...reference, losses: [4] }],
  ['a logit too few', { ...reference, logits: [[0.5, -2]] }],
  ['no batch', { ...reference, logits: [] }],
])('%s does not pass', (_, found) => {
  expect(parityOf(found, reference).passed).toBe(false);
});

test('nothing to compare does not pass', () => {
  const nothing = { losses: [], logits: [] };
  expect(parityOf(nothing, nothing).passed).toBe(false);
  const zeros = { losses: [4], logits: [[0, 0]] };
  expect(parityOf(zeros, zeros).passed).toBe(false);
});
