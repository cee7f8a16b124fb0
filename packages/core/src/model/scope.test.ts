import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import type { CostEntry } from './cost.ts';
import type { Dim, Kept } from './dim.ts';
import { ones, zeros } from './initializer.ts';
import { type Frame, type ParamSpec, Scope, type TapInfo } from './scope.ts';

/** What was written on a scope. */
interface Written {
  dims: Dim[];
  params: ParamSpec[];
  assigned: string[];
  taps: { info: TapInfo; at: string }[];
  costs: CostEntry[];
  draws: [name: string, shape: readonly number[], draw: string][];
  schedules: string[];
}

let written: Written;
let scalar: Tensor;

function scope(kept: Kept = {}, training = false): Scope {
  const frame: Frame = {
    training,
    kept: (name) => kept[name],
    dim: (dim) => void written.dims.push(dim),
    param: (spec) => {
      written.params.push(spec);
      return scalar;
    },
    assign: (name) => void written.assigned.push(name),
    frozen: (name) => name === 'blocks.0.still',
    tap: (value, info, at) => {
      written.taps.push({ info, at: at.path });
      return tf.add(value, 1);
    },
    cost: (entry) => void written.costs.push(entry),
    draw: (...asked) => {
      written.draws.push(asked);
      return scalar;
    },
    schedule: (name) => {
      written.schedules.push(name);
      return scalar;
    },
  };
  return new Scope(frame);
}

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
  scalar = tf.scalar(5);
});

beforeEach(() => {
  written = { dims: [], params: [], assigned: [], taps: [], costs: [], draws: [], schedules: [] };
});

test('paths are the names of the scopes, with points between them', () => {
  const root = scope();
  expect(root.path).toBe('');
  expect(root.child('blocks').child(3).child('attn').path).toBe('blocks.3.attn');
  expect(root.child('head').trainingOnly('aux').path).toBe('head.aux');
});

test('everything is told under its path', () => {
  const m = scope({}, true).child('blocks').child(0);
  m.dim('io', 4);
  m.param('weight', [2], ones);
  m.buffer('mean', [2], zeros);
  m.counter('count');
  m.assign('mean', scalar);
  m.assign('still', scalar);
  expect([m.isFrozen('mean'), m.isFrozen('still')]).toEqual([false, true]);
  m.tap('in', scalar);
  m.cost({ kind: 'linear', positions: 1, in: 2, out: 3, kernel: 1 });
  m.draw('noise', [2, 3], 'logistic');
  m.schedule('tau', () => 1);
  expect(written.dims.map(({ name }) => name)).toEqual(['blocks.0.io']);
  expect(written.params.map(({ name }) => name)).toEqual(
    ['weight', 'mean', 'count'].map((name) => `blocks.0.${name}`),
  );
  expect(written.assigned).toEqual(['blocks.0.mean']);
  expect(written.taps.map(({ info, at }) => [info.name, info.role, at])).toEqual([
    ['blocks.0.in', 'in', 'blocks.0'],
  ]);
  expect(written.costs.map(({ name }) => name)).toEqual(['blocks.0']);
  expect(written.draws).toEqual([['blocks.0.noise', [2, 3], 'logistic']]);
  expect(written.schedules).toEqual(['blocks.0.tau']);
});

describe('parameters', () => {
  test('their axes are dimensions, groups of them, fixed sizes, and several of these', () => {
    const m = scope({ v: [0, 2] });
    const v = m.dim('v', 4, { groups: 2 });
    m.param('weight', [[v, { dim: v, group: 0 }], 3], ones);
    expect(written.params[0]).toMatchObject({ name: 'weight', shape: [3, 3] });
    expect(written.params[0]!.axes[0]).toEqual([v, { dim: v, group: 0 }]);
  });

  test('matrices decay and vectors do not, unless it is said', () => {
    const m = scope();
    m.param('matrix', [2, 2], ones);
    m.param('vector', [2], ones);
    m.param('table', [2, 2], ones, { decay: false });
    m.param('gain', [2], ones, { decay: true });
    expect(written.params.map(({ decay }) => decay)).toEqual([true, false, false, true]);
  });

  test('buffers and counters are not trained', () => {
    const m = scope();
    m.param('weight', [2, 2], ones);
    m.buffer('mean', [2, 2], ones);
    m.counter('count');
    const facts = written.params.map(({ shape, init: _, axes: __, ...spec }) => [spec, shape]);
    expect(facts).toEqual([
      [{ name: 'weight', decay: true, trainable: true, dtype: 'float32' }, [2, 2]],
      [{ name: 'mean', decay: false, trainable: false, dtype: 'float32' }, [2, 2]],
      [{ name: 'count', decay: false, trainable: false, dtype: 'int32' }, []],
    ]);
  });

  test('the frame gives their values', () => {
    expect(scope().param('weight', [2], ones)).toBe(scalar);
    expect(scope().draw('noise', [2], 'normal')).toBe(scalar);
  });
});

describe('dimensions', () => {
  test('one that nothing is said of is whole', () => {
    expect(scope().dim('io', 4)).toMatchObject({
      size: 4,
      full: 4,
      kept: undefined,
      of: undefined,
    });
  });

  test('one of which channels are left has those', () => {
    const m = scope({ 'mlp.io': [1, 3] }).child('mlp');
    expect(m.dim('io', 4)).toMatchObject({ size: 2, full: 4, kept: [1, 3] });
    expect(written.dims[0]).toMatchObject({ name: 'mlp.io', kept: [1, 3] });
  });

  test('options are kept', () => {
    const options = { groups: 2, multipleOf: 2, min: 4, prunable: false };
    expect(scope().dim('io', 8, options)).toMatchObject({
      fullGroups: 2,
      multipleOf: 2,
      min: 4,
      prunable: false,
    });
  });

  test.each([
    ['a channel past the last', [0, 4], 'DIM_INDEX'],
    ['a negative channel', [-1, 2], 'DIM_INDEX'],
    ['half a channel', [0.5], 'DIM_INDEX'],
    ['no channel', [], 'SELECTION_MIN'],
    ['unequal groups', [0, 1, 2], 'DIM_GROUPS'],
  ])('%s is refused', (_, kept, code) => {
    const make = () => scope({ 'a.io': kept }).child('a').dim('io', 4, { groups: 2 });
    expect(make).toThrow(expect.objectContaining({ code, where: 'a.io' }));
  });
});

describe('views', () => {
  const view = (kept: Kept) => {
    const m = scope(kept);
    return m.dim('io', m.dim('embed', 5));
  };

  test.each<[string, Kept, number[] | undefined]>([
    ['all of a whole dimension', {}, undefined],
    ['its own channels of a whole dimension', { io: [0, 3] }, [0, 3]],
    ['all that a pruned dimension has', { embed: [1, 3, 4] }, [1, 3, 4]],
    ['those of its own that a pruned dimension has', { embed: [1, 3, 4], io: [0, 1, 4] }, [1, 4]],
  ])('a view sees %s', (_, kept, expected) => {
    expect(view(kept)).toMatchObject({ full: 5, kept: expected, of: { name: 'embed' } });
  });

  test('one that sees nothing is refused, with the dimension that it looks at', () => {
    expect(() => view({ embed: [1, 3], io: [0, 4] })).toThrow(
      expect.objectContaining({
        code: 'SELECTION_MIN',
        where: 'io',
        found: expect.stringContaining('embed'),
      }),
    );
  });
});

test('the dimension of groups has a channel for each that is left', () => {
  const m = scope({ qk: [0, 1, 4, 5] });
  const heads = m.groupsOf('heads', m.dim('qk', 6, { groups: 3 }));
  expect(heads).toMatchObject({ name: 'heads', size: 2, full: 3, kept: [0, 2], prunable: false });
  const whole = scope().groupsOf('heads', scope().dim('qk', 6, { groups: 3 }));
  expect(whole).toMatchObject({ size: 3, full: 3, kept: undefined });
  expect(written.dims.map(({ name }) => name)).toEqual(['qk', 'heads', 'qk', 'heads']);
});

test('a tap gives what the frame makes of it, and tells what it was told', () => {
  const m = scope({}, true);
  const dim = m.dim('io', 4);
  const layout = { height: 1, width: 1, positions: [0] };
  const from = { value: scalar, axis: dim };
  expect(m.tap('q', scalar, dim, { from, layout }).dataSync()[0]).toBe(6);
  expect(written.taps[0]!.info).toEqual({
    name: 'q',
    role: 'q',
    dim,
    training: true,
    from,
    layout,
  });
});

test('layers of training alone cost nothing; all else of theirs is told', () => {
  const m = scope();
  const aux = m.trainingOnly('aux');
  aux.cost({ kind: 'linear', positions: 1, in: 1, out: 1, kernel: 1 });
  aux.child('inner').cost({ kind: 'linear', positions: 1, in: 1, out: 1, kernel: 1 });
  aux.param('weight', [2], ones);
  m.cost({ kind: 'linear', positions: 2, in: 1, out: 1, kernel: 1 });
  expect(written.costs.map(({ positions }) => positions)).toEqual([2]);
  expect(written.params.map(({ name }) => name)).toEqual(['aux.weight']);
});

test('whether it is training is known in every scope', () => {
  expect([true, false].map((training) => scope({}, training).child('a').training)).toEqual([
    true,
    false,
  ]);
});
