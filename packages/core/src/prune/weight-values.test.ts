import { expect, test } from 'vitest';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/norm.ts';
import { tinyModel } from '../train/testing.ts';
import { weightValues } from './weight-values.ts';

const model = tinyModel((m, pixels) => {
  const hidden = m.dim('hidden', 3);
  const x = m.tap('hidden', linear(m.child('fc'), pixels, 2, hidden), hidden);
  const features = batchNorm(m.child('norm'), x, hidden);
  return { features, logits: linear(m.child('head'), features, hidden, 2) };
});

test('every trained weight has a value by its parameter and its place', () => {
  const values = weightValues(model, (name, i) => name.length + i / 100);
  expect(Object.keys(values)).toEqual([
    ...['fc.weight', 'fc.bias', 'norm.weight', 'norm.bias', 'head.weight', 'head.bias'],
  ]);
  expect([...values['fc.weight']!]).toEqual([9, 9.01, 9.02, 9.03, 9.04, 9.05]);
  expect([...values['norm.bias']!]).toEqual([9, 9.01, 9.02]);
});

test('or those alone that are asked for', () => {
  const values = weightValues(
    model,
    () => 1,
    ({ shape }) => shape.length > 1,
  );
  expect(Object.keys(values)).toEqual(['fc.weight', 'head.weight']);
});
