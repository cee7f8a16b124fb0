import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { float32, int32 } from '../ground/array.ts';
import { Generator } from '../ground/random.ts';
import { dropout } from '../layers/dropout.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/norm.ts';
import { tf } from '../tensor/tf.ts';
import { defineAdapter } from './adapter.ts';
import type { Architecture } from './architecture.ts';
import { normal, ones } from './initializer.ts';
import { type ApplyOptions, Model } from './model.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

interface Config {
  width: number;
  deeper?: boolean;
}

/** Two pixels, normed, a hidden layer, and a classifier of three. */
const small: Architecture<Config> = {
  name: 'small',
  module: 'test',
  contract: 1,
  tokens: 'set',
  configure: (config) => ({ width: 4, ...config }),
  input: () => ({ shape: [1, 2, 1] as const, classes: 3 }),
  forward(m, image, { width, deeper }, targets) {
    const hidden = m.dim('hidden', width);
    const pixels = m.dim('pixels', 2, { prunable: false });
    const normed = batchNorm(m.child('bn'), tf.reshape(image, [-1, 2]), pixels);
    let features = m.tap('hidden', linear(m.child('fc'), normed, pixels, hidden), hidden);
    if (deeper) features = linear(m.child('fc2'), features, hidden, hidden, { init: normal(1) });
    const read = dropout(m.child('drop'), features, 0.5);
    const logits = m.tap('logits', linear(m.child('head'), read, hidden, 3));
    const map = tf.reshape(features, [-1, 1, 1, hidden.size]);
    return {
      logits: targets ? tf.add(logits, targets.shift!) : logits,
      features,
      tokens: map,
      featureMaps: [{ value: map, dim: hidden, stride: 2 }],
    };
  },
};

const model = new Model(small, { width: 4 });

describe('a built model', () => {
  test('has the parameters in the order of its function, with their shapes', () => {
    expect(model.params.map(({ name, shape }) => [name, shape])).toEqual([
      ['bn.weight', [2]],
      ['bn.bias', [2]],
      ['bn.running_mean', [2]],
      ['bn.running_var', [2]],
      ['bn.num_batches_tracked', []],
      ['fc.weight', [4, 2]],
      ['fc.bias', [4]],
      ['head.weight', [3, 4]],
      ['head.bias', [3]],
    ]);
  });

  test('has its dimensions, taps, input, classes and maps', () => {
    expect([...model.dims.keys()]).toEqual(['hidden', 'pixels']);
    expect(model.taps.map(({ name, dim, training }) => [name, dim?.name, training])).toEqual([
      ['hidden', 'hidden', false],
      ['logits', undefined, false],
    ]);
    expect(model.inputShape).toEqual([1, 2, 1]);
    expect([model.classes, model.featureSize]).toEqual([3, 4]);
    expect(model.featureMaps).toEqual([{ stride: 2, height: 1, width: 1, channels: 4 }]);
  });

  test('counts trained parameters, and the MACs of one image', () => {
    expect(model.parameterCount).toBe(2 + 2 + 4 * 2 + 4 + 3 * 4 + 3);
    expect(model.macs).toEqual({ linear: 2 * 4 + 4 * 3, attention: 0, total: 20 });
  });

  test('is the same function with smaller dimensions where channels are left out', () => {
    const pruned = new Model(small, { width: 4 }, { hidden: [0, 3] });
    expect(pruned.params.map(({ shape }) => shape).slice(5)).toEqual([[2, 2], [2], [3, 2], [3]]);
    expect([pruned.macs.total, pruned.featureSize]).toEqual([10, 2]);
  });

  test('refuses a selection of a dimension that it does not have', () => {
    expect(() => new Model(small, { width: 4 }, { hiden: [0] })).toThrow(
      expect.objectContaining({ code: 'SELECTION_DIM', where: 'hiden' }),
    );
  });
});

describe('first values', () => {
  test('have shapes and types; those of one seed are the same', () => {
    const state = model.initialize(new Generator(4));
    expect(() => model.checkState(state, 'here')).not.toThrow();
    expect(state).toEqual(model.initialize(new Generator(4)));
    expect(state['bn.num_batches_tracked']).toEqual(int32([], [0]));
    expect(state['bn.running_var']).toEqual(float32([2], 1));
    expect(state['fc.weight']).not.toEqual(model.initialize(new Generator(5))['fc.weight']);
  });

  test('of one parameter do not depend on which others there are', () => {
    const deeper = new Model(small, { width: 4, deeper: true }).initialize(new Generator(4));
    const plain = model.initialize(new Generator(4));
    for (const name of ['fc.weight', 'head.weight']) expect(deeper[name]).toEqual(plain[name]);
    expect([...deeper['fc2.weight']!.data.slice(0, 8)]).not.toEqual([...plain['fc.weight']!.data]);
  });
});

describe('a state that does not fit', () => {
  const state = model.initialize(new Generator(1));

  test('is refused with all that is wrong', () => {
    const { 'fc.bias': _, 'head.bias': __, ...rest } = state;
    const wrong = { ...rest, extra: float32([1]), 'head.weight': float32([4, 3]) };
    expect(() => model.checkState(wrong, 'a file')).toThrow(
      expect.objectContaining({
        code: 'STATE_DICT',
        where: 'a file',
        found:
          '2 missing: fc.bias, head.bias; 1 unexpected: extra; ' +
          '1 of another shape: head.weight is [4, 3] instead of [3, 4]',
      }),
    );
  });

  test('names under a prefix are told by it, and many are not all listed', () => {
    const under = (prefix: string) =>
      Object.fromEntries(Object.entries(state).map(([name, array]) => [prefix + name, array]));
    const said = (given: typeof state) => {
      try {
        return model.checkState(given, 'a file');
      } catch (error) {
        return error;
      }
    };
    const total = Object.keys(state).length;
    const fix = expect.stringContaining('Take "module." off');
    const found = expect.stringMatching(
      new RegExp(`^${total} missing: ([^,;]+, ){5}${total - 5} more; ${total} unexpected: `),
    );
    expect(said({ ...under('module.') })).toMatchObject({ fix, found });
    const { 'module.fc.bias': _, ...part } = under('module.');
    expect(said(part)).toMatchObject({ fix: expect.stringContaining('Use weights of') });
  });
});

/** Numbers by hand: the norm is the identity, the hidden values are x, y, x + y and x - y + 10. */
const weights: Record<string, number[]> = {
  'bn.weight': [1, 1],
  'bn.bias': [0, 0],
  'bn.running_mean': [0, 0],
  'bn.running_var': [1 - 1e-5, 1 - 1e-5],
  'bn.num_batches_tracked': [0],
  'fc.weight': [1, 0, 0, 1, 1, 1, 1, -1],
  'fc.bias': [0, 0, 0, 10],
  'head.weight': [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1],
  'head.bias': [0, 0, 100],
};
const state = (name: string) => {
  const { shape, dtype } = model.params.find((p) => p.name === name)!;
  return tf.tensor(weights[name]!, [...shape], dtype);
};

describe('a run', () => {
  const image = () => tf.tensor([3, 5, 1, 2], [2, 1, 2, 1]);
  const logits = (options: Partial<ApplyOptions>, of = model) =>
    [...of.apply(image(), { state, ...options }).logits.dataSync()].map((x) => Math.round(x));

  test('reads its state by name', () => {
    expect(logits({})).toEqual([3, 5, 116, 1, 2, 112]);
  });

  test('lets a tap replace a value, and tells which', () => {
    const seen: unknown[] = [];
    const doubled = logits({
      tap: (value, { name, role, dim, training }) => {
        seen.push([name, role, dim?.name, training]);
        return role === 'hidden' ? tf.mul(value, 2) : value;
      },
    });
    expect(doubled).toEqual([6, 10, 132, 2, 4, 124]);
    expect(seen).toEqual([
      ['hidden', 'hidden', 'hidden', false],
      ['logits', 'logits', undefined, false],
    ]);
  });

  test('gives its function the targets', () => {
    expect(logits({ targets: { shift: tf.tensor1d([1, 0, 0]) } })).toEqual([4, 5, 116, 2, 2, 112]);
  });

  test('in training draws random numbers by name and gives the next statistics', () => {
    const assigned: Record<string, number[]> = {};
    const names: string[] = [];
    model.apply(image(), {
      state,
      training: true,
      draw: (name, shape, draw) => {
        names.push(`${name} ${draw}`);
        return tf.ones([...shape]);
      },
      assign: (name, value) => {
        assigned[name] = [...value.dataSync()];
      },
    });
    expect(names).toEqual(['drop.dropout uniform']);
    expect(assigned['bn.num_batches_tracked']).toEqual([1]);
    expect(assigned['bn.running_mean']![0]).toBeCloseTo(0.1 * 2, 6);
    expect(assigned['bn.running_mean']![1]).toBeCloseTo(0.1 * 3.5, 6);
  });

  test('in training without random numbers is refused', () => {
    expect(() => logits({ training: true })).toThrow(
      expect.objectContaining({ code: 'DRAW_MISSING', where: 'drop.dropout' }),
    );
  });

  test('in training without a schedule that it asks for is refused', () => {
    const scheduled: Architecture<Config> = {
      ...small,
      forward: (m, x, config) => {
        if (m.training) m.schedule('tau', () => 1);
        return small.forward(m, x, config);
      },
    };
    const other = new Model(scheduled, { width: 4 });
    expect(() => logits({ training: true }, other)).toThrow(
      expect.objectContaining({ code: 'DRAW_MISSING', where: 'tau' }),
    );
    expect(logits({}, other)).toEqual(logits({}));
  });
});

describe('adapters', () => {
  /** Multiplies the hidden values by a trained gain, and counts the taps of a run. */
  const gain = defineAdapter({
    name: 'gain',
    module: 'test',
    contract: 1,
    attach:
      ({ name }: { name: string }) =>
      () => {
        let taps = 0;
        return (m, value, { role, dim }) => {
          taps++;
          if (role !== 'hidden' || !dim) return value;
          const factor = m.child(name).param('gain', [dim], ones);
          m.child(name).cost({ kind: 'linear', positions: 1, in: dim, out: 1, kernel: 1 });
          return tf.add(tf.mul(value, factor), taps - 1);
        };
      },
  });
  const adapted = new Model(small, { width: 4 }, {}, [gain({ name: 'a' }), gain({ name: 'b' })]);

  test('are a part of the model: parameters, MACs, initial values', () => {
    expect(adapted.params.map(({ name }) => name).filter((name) => name.endsWith('gain'))).toEqual([
      'a.gain',
      'b.gain',
    ]);
    expect(adapted.parameterCount).toBe(model.parameterCount + 8);
    expect(adapted.macs.total).toBe(model.macs.total + 8);
    expect(adapted.initialize(new Generator(1))['b.gain']).toEqual(float32([4], 1));
  });

  test('act in order, before what watches the run, and anew in each run', () => {
    const gains: Record<string, number[]> = { 'a.gain': [2, 2, 2, 2], 'b.gain': [1, 1, 1, 10] };
    const hidden = () => {
      let values: number[] = [];
      adapted.apply(tf.tensor([3, 5], [1, 1, 2, 1]), {
        state: (name) => (gains[name] ? tf.tensor1d(gains[name]) : state(name)),
        tap: (value, { role }) => {
          if (role === 'hidden') values = [...value.dataSync()].map((x) => Math.round(x));
          return value;
        },
      });
      return values;
    };
    expect([hidden(), hidden()]).toEqual([
      [6, 10, 16, 160],
      [6, 10, 16, 160],
    ]);
  });
});
