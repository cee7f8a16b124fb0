import { expect, test } from 'vitest';
import { float32 } from '../ground/array.ts';
import { ClassificationMeter } from './classification-metrics.ts';

test('counts top-1, top-5 and the loss', () => {
  const meter = new ClassificationMeter();
  meter.add(float32([2, 6], [9, 1, 2, 3, 4, 5, 9, 1, 2, 3, 4, 5]), [0, 1]);
  const logSum = Math.log([9, 1, 2, 3, 4, 5].reduce((s, x) => s + Math.exp(x), 0));
  const { n, top1, top5, loss } = meter.result;
  expect([n, top1, top5]).toEqual([2, 0.5, 0.5]);
  expect(loss).toBeCloseTo((logSum - 9 + logSum - 1) / 2, 10);
});

test('ties are wrong, so constant logits score nothing', () => {
  const meter = new ClassificationMeter();
  meter.add(float32([1, 10], 0.5), [0]);
  expect(meter.result).toMatchObject({ top1: 0, top5: 0 });
});
