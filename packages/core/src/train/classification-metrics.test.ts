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

test.each<[string, number[]]>([
  ['of all classes', Array<number>(10).fill(Number.NaN)],
  ['of the right class', [Number.NaN, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ['of five others', [9, ...Array<number>(5).fill(Number.NaN), 1, 2, 3, 4]],
])('logits that are not numbers are wrong: %s', (_, logits) => {
  const meter = new ClassificationMeter();
  meter.add(float32([1, 10], logits), [0]);
  expect(meter.result).toMatchObject({ top1: 0, top5: 0, loss: Number.NaN });
});

test('large logits neither overflow nor lose the loss', () => {
  const meter = new ClassificationMeter();
  meter.add(float32([2, 2], [1000, 998, -1000, -1000]), [1, 0]);
  // log(1 + e^2) and log 2
  expect(meter.result.loss).toBeCloseTo((Math.log(1 + Math.exp(2)) + Math.log(2)) / 2, 10);
});

test('without images there are zeros', () => {
  expect(new ClassificationMeter().result).toEqual({ n: 0, top1: 0, top5: 0, loss: 0 });
});
