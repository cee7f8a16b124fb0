import { expect, test } from 'vitest';
import { operatorTimes, type ProfileEvent } from './costliest.ts';

/** A node as ONNX Runtime's profile has it. */
const node = (op: string, ts: number, dur: number, where = 'WebGpu'): ProfileEvent => ({
  cat: 'Node',
  name: `n_kernel_time`,
  ts,
  dur,
  args: { op_name: op, provider: `${where}ExecutionProvider` },
});
const kernel = (name: string, ts: number, dur: number): ProfileEvent => ({
  cat: 'Api',
  name,
  ts,
  dur,
});
const session: ProfileEvent = { cat: 'Session', name: 'model_run', ts: 0, dur: 9e6 };

test('operators of the last run alone, the costliest first', () => {
  const first = [node('Add', 1, 9000), node('Gemm', 2, 9000), node('Add', 3, 9000)];
  const last = [node('Add', 4, 1000), node('Gemm', 5, 4000), node('Add', 6, 2000)];
  // A profile is not always in the order of time.
  const { operators, byDevice } = operatorTimes([session, ...last, ...first], 2);
  expect(byDevice).toBe(false);
  expect(operators).toEqual([
    { name: 'Gemm', ms: 4, nodes: 1 },
    { name: 'Add', ms: 3, nodes: 2 },
  ]);
});

test("a device's times are taken before the host's, which do not wait for it", () => {
  const events = [
    node('Gemm', 1, 10),
    kernel('a&Gemm&Gemm', 1, 7000),
    kernel('b&Transpose&OIHW2OHWI', 2, 3000),
  ];
  const { operators, byDevice } = operatorTimes(events, 1);
  expect(byDevice).toBe(true);
  expect(operators).toEqual([
    { name: 'Gemm', ms: 7, nodes: 1 },
    { name: 'Transpose, OIHW2OHWI', ms: 3, nodes: 1 },
  ]);
});

test('nodes that the processor runs are counted', () => {
  const events = [node('Gemm', 1, 1), node('TopK', 2, 1, 'CPU'), node('TopK', 3, 1, 'CPU')];
  expect(operatorTimes(events, 1).onProcessor).toEqual({ TopK: 2 });
});

test('an empty profile has no operators', () => {
  expect(operatorTimes([session], 3)).toEqual({ operators: [], byDevice: false, onProcessor: {} });
});
