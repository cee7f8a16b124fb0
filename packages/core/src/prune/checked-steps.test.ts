import { expect, test } from 'vitest';
import { checkedSteps } from './checked-steps.ts';
import { oneShot, type PruningSchedule, type PruningStep } from './pruning-schedule.ts';
import { perceptron } from './testing.ts';

const model = perceptron();
const { dims } = oneShot({}).steps(model)[0]!;
const good: PruningStep = { name: 'all', dims, later: [], progress: 1 };
const gives = (steps: unknown) =>
  ({ name: 'mine', contract: 1, options: {}, steps: () => steps }) as PruningSchedule;

test('steps that are right are given as they are', () => {
  expect(checkedSteps(gives([good]), model)).toEqual([good]);
});

test.each<[unknown, RegExp]>([
  [undefined, /schedule "mine": no steps/],
  [[], /no steps/],
  [[good, { ...good, progress: 0 }], /step "all": a progress of 0/],
  [[{ ...good, progress: Number.NaN }], /a progress of NaN/],
  [[{ ...good, progress: 1.01 }], /a progress of 1\.01/],
  [[{ ...good, path: 'straight' as 'linear' }], /the path straight/],
  [[{ ...good, dims: [] }], /no dimensions/],
  [[{ ...good, later: undefined }], /no lists of dimensions/],
  [[{ ...good, dims: ['none'] }], /the dimension none/],
  [[{ ...good, later: ['none'] }], /the dimension none/],
])('SCHEDULE for %j', (steps, message) => {
  expect(() => checkedSteps(gives(steps), model)).toThrow(
    expect.objectContaining({ code: 'SCHEDULE', message: expect.stringMatching(message) }),
  );
});
