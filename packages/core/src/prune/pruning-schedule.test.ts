import { describe, expect, test } from 'vitest';
import { blockwise, iterative, oneShot } from './pruning-schedule.ts';
import { perceptron, transformer } from './testing.ts';

const model = perceptron();
const all = ['a.hidden', 'b.hidden'];

test('all at once', () => {
  const schedule = oneShot({});
  expect(schedule).toMatchObject({ name: 'one-shot', options: {} });
  expect(schedule.steps(model)).toEqual([{ name: 'round 1/1', dims: all, later: [], progress: 1 }]);
});

describe('iterative', () => {
  test('in parts of equal size, all dimensions in each', () => {
    const schedule = iterative({ rounds: 4 });
    expect(schedule).toMatchObject({ name: 'iterative', options: { rounds: 4 } });
    expect(schedule.steps(model)).toEqual(
      [0.25, 0.5, 0.75, 1].map((progress, i) => ({
        name: `round ${i + 1}/4`,
        dims: all,
        later: [],
        progress,
      })),
    );
  });

  test('on a geometric path', () => {
    const steps = iterative({ rounds: 2, path: 'geometric' }).steps(model);
    expect(steps.map(({ progress, path }) => [progress, path])).toEqual([
      [0.5, 'geometric'],
      [1, 'geometric'],
    ]);
    const path = 'straight' as 'linear';
    expect(() => iterative({ rounds: 2, path })).toThrow(
      expect.objectContaining({ code: 'OPTION', where: 'iterative, path', found: 'straight' }),
    );
  });

  test.each([0, -1, 1.5, Number.NaN])('OPTION: %f rounds', (rounds) => {
    expect(() => iterative({ rounds })).toThrow(
      expect.objectContaining({ code: 'OPTION', where: 'iterative, rounds' }),
    );
  });
});

describe('blockwise', () => {
  const steps = (...names: string[]) =>
    names.map((name, i) => ({
      name,
      dims: [`${name}.hidden`],
      later: names.slice(i + 1).map((after) => `${after}.hidden`),
      progress: 1,
    }));

  test('block by block from the bottom up, unless the order is another', () => {
    expect(blockwise({}).steps(model)).toEqual(steps('a', 'b'));
    expect(blockwise({ order: 'bottom-up' }).steps(model)).toEqual(steps('a', 'b'));
    expect(blockwise({ order: 'top-down' }).steps(model)).toEqual(steps('b', 'a'));
    expect(blockwise({ order: 'top-down' })).toMatchObject({
      name: 'blockwise',
      options: { order: 'top-down' },
    });
  });

  test('of some roles', () => {
    expect(blockwise({}).steps(transformer(2), ['qk', 'v'])).toEqual([
      {
        name: 'blocks.0',
        dims: ['blocks.0.attn.qk', 'blocks.0.attn.v'],
        later: ['blocks.1.attn.qk', 'blocks.1.attn.v'],
        progress: 1,
      },
      {
        name: 'blocks.1',
        dims: ['blocks.1.attn.qk', 'blocks.1.attn.v'],
        later: [],
        progress: 1,
      },
    ]);
  });
});

test.each(Object.entries({ oneShot, iterative: () => iterative({ rounds: 2 }), blockwise }))(
  'DIM_ROLES where no dimension has the roles: %s',
  (_, make) => {
    expect(() => make({}).steps(model, ['qk'])).toThrow(
      expect.objectContaining({ code: 'DIM_ROLES' }),
    );
  },
);
