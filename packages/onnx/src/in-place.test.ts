import { float32, tf } from '@kcr/core';
import { expect, test, vi } from 'vitest';
import { OnnxEngine } from './engine.ts';
import { type Run, writesInPlace } from './in-place.ts';

const runtime = vi.hoisted(() => ({ inPlace: true }));

vi.mock('./in-place.ts', async (original) => ({
  ...(await original<typeof import('./in-place.ts')>()),
  canWriteInPlace: async () => runtime.inPlace,
}));

test('the runtime that is installed writes in place', async () => {
  expect(await writesInPlace()).toBe(true);
});

test.each<[string, Run]>([
  ['reads sequences', (session, feeds) => session.run(feeds, ['y'])],
  ['refuses in other words', () => Promise.reject(new Error('no value for a sequence'))],
  ['refuses before it runs', () => Promise.reject(new Error('a non tensor type'))],
])('a runtime that %s is not trusted to', async (_, run) => {
  expect(await writesInPlace(run)).toBe(false);
});

test.each([true, false])('steps give the same where it writes in place: %s', async (inPlace) => {
  runtime.inPlace = inPlace;
  await using engine = new OnnxEngine();
  engine.set({ a: float32([2], [1, 2]) });
  await using double = engine.compile('double', ({ state }) => ({
    outputs: { before: state('a'), sum: tf.sum(state('a')) },
    updates: { a: tf.mul(state('a'), 2) },
  }));
  const results: number[][] = [];
  for (let i = 0; i < 3; i++) {
    const { before, sum } = await double();
    results.push([...before!.data, ...sum!.data, ...(await engine.get(['a'])).a!.data]);
  }
  expect(results).toEqual([
    [1, 2, 3, 2, 4],
    [2, 4, 6, 4, 8],
    [4, 8, 12, 8, 16],
  ]);
});
