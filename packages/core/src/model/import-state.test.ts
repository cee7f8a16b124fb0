import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { float32, int32 } from '../ground/array.ts';
import { Generator } from '../ground/random.ts';
import { classifier } from '../layers/classifier.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/norm.ts';
import { tf } from '../tensor/tf.ts';
import { defineAdapter } from './adapter.ts';
import type { Architecture } from './architecture.ts';
import { classesOf, importState } from './import-state.ts';
import { importText } from './import-text.ts';
import { ones } from './initializer.ts';
import { Model } from './model.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

interface Config {
  classes: number;
  heads?: readonly string[];
}

/** Two pixels, normed, a hidden layer, and classifiers of any names. */
const architecture: Architecture<Config> = {
  name: 'small',
  module: 'test',
  contract: 1,
  tokens: 'set',
  configure: (config) => ({ classes: 3, ...config }),
  input: ({ classes }) => ({ shape: [1, 2, 1] as const, classes }),
  forward(m, image, { classes, heads = ['out'] }) {
    const hidden = m.dim('hidden', 4);
    const pixels = m.dim('pixels', 2, { prunable: false });
    const normed = batchNorm(m.child('bn'), tf.reshape(image, [-1, 2]), pixels);
    const features = m.tap('hidden', linear(m.child('fc'), normed, pixels, hidden), hidden);
    const logits = heads.map((name) => classifier(m.child(name), features, hidden, classes));
    return {
      logits: logits.reduce((a, b) => tf.add(a, b)),
      features,
      tokens: features,
      featureMaps: [],
    };
  },
};

const modelOf = (classes = 3, heads?: readonly string[]) =>
  new Model(architecture, { classes, heads });
const stateOf = (model: Model) => model.initialize(new Generator(1));
const load = (model: Model, tensors = stateOf(modelOf())) =>
  importState(model, tensors, { generator: new Generator(2), where: 'file' });

test('arrays that fit are taken, and are the same objects', () => {
  const tensors = stateOf(modelOf());
  const { state, report } = load(modelOf(), tensors);
  for (const [name, array] of Object.entries(tensors)) expect(state[name]).toBe(array);
  expect(Object.keys(state)).toHaveLength(9);
  expect(report).toEqual({
    taken: modelOf().params.map(({ name }) => name),
    drawn: [],
    resized: [],
    left: [],
    choices: [],
  });
});

test('a model knows its classifiers, also where it has no classes', () => {
  expect([...modelOf(3, ['a', 'b']).classifiers]).toEqual(['a', 'b']);
  expect([...modelOf(0).classifiers]).toEqual(['out']);
  expect(
    modelOf(0)
      .params.map(({ name }) => name)
      .filter((name) => /out/.test(name)),
  ).toEqual([]);
});

describe('classifiers', () => {
  test('of other classes are drawn as a new model draws them', () => {
    const { state, report } = load(modelOf(5));
    const drawn = modelOf(5).initialize(new Generator(2));
    expect(report.drawn).toEqual(['out.weight', 'out.bias']);
    expect(report.left).toEqual(['out.weight', 'out.bias']);
    expect(state['out.weight']).toEqual(drawn['out.weight']);
    expect(importText(report, modelOf(5))).toBe('7 of 9 arrays taken; out drawn for 5 classes');
  });

  test('that one is there of are not taken for another', () => {
    const two = modelOf(3, ['out', 'aux']);
    expect(load(two).report.drawn).toEqual(['aux.weight', 'aux.bias']);
    expect(() => load(modelOf(), stateOf(two))).toThrow('2 unexpected: aux.weight, aux.bias');
  });

  test.each([
    ['the only other linear layer', 3, ['other'], [], ['other as the classifier out']],
    ['the only one, of other classes', 4, ['other'], ['out.weight', 'out.bias'], []],
    ['two of them', 3, ['one', 'two'], ['out.weight', 'out.bias'], []],
  ])('of another name: %s', (_, classes, heads, drawn, choices) => {
    const { report } = load(modelOf(), stateOf(modelOf(classes, heads)));
    expect(report.drawn).toEqual(drawn);
    expect(report.choices).toEqual(choices);
  });

  test('are counted', () => {
    expect(classesOf(modelOf(9), stateOf(modelOf(4)))).toBe(4);
    expect(classesOf(modelOf(9), stateOf(modelOf(4, ['other'])))).toBe(4);
    expect(classesOf(modelOf(9), stateOf(modelOf(0)))).toBe(0);
  });
});

describe('classifiers of as many classes', () => {
  const rows = { same: [0, 1, 2], turned: [2, 0, 1] };
  test.each<[string, readonly string[] | undefined, readonly string[], number[] | 'drawn', RegExp]>(
    [
      ['of the same names', ['a', 'b', 'c'], ['a', 'b', 'c'], rows.same, /^9 of 9 arrays taken$/],
      [
        'in another order are put in this one',
        ['b', 'c', 'a'],
        ['a', 'b', 'c'],
        rows.turned,
        /^9 of 9 arrays taken; classes put in another order, by their names; the weights have b, c, a$/,
      ],
      [
        'of other names are drawn',
        ['a', 'b', 'x'],
        ['a', 'b', 'c'],
        'drawn',
        /^7 of 9 arrays taken; out drawn for 3 classes; other classes: a, b, x$/,
      ],
      [
        'of names for numbers are drawn',
        ['a', 'b', 'c'],
        ['0', '1', '2'],
        'drawn',
        /out drawn for 3 classes/,
      ],
      [
        'without names are taken in order',
        undefined,
        ['a', 'b', 'c'],
        rows.same,
        /^9 of 9 arrays taken; classes taken in order, as the weights do not name theirs: 0 is a, 2 is c$/,
      ],
      ['called by numbers too', ['0', '1', '2'], ['a', 'b', 'c'], rows.same, /taken in order/],
      ['without names on either side', undefined, ['0', '1', '2'], rows.same, /taken$/],
      [
        'without names are drawn for names of no certain order',
        undefined,
        ['c1', 'c10', 'c2'],
        'drawn',
        /out drawn for 3 classes; other classes: the weights do not name theirs$/,
      ],
      [
        'with names of other classes are as without',
        ['a', 'b'],
        ['a', 'b', 'c'],
        rows.same,
        /order/,
      ],
    ],
  )('%s', (_, file, own, expected, text) => {
    // Of another name in the file, which names the arrays that are taken.
    for (const name of ['out', 'other']) {
      const model = modelOf();
      const tensors = stateOf(modelOf(3, [name]));
      tensors[`${name}.bias`] = float32([3], [10, 11, 12]);
      const options = { generator: new Generator(2), where: 'file', classes: { own, file } };
      const { state, report } = importState(model, tensors, options);
      if (name === 'out') expect(importText(report, model)).toMatch(text);
      if (expected === 'drawn') {
        const drawn = model.initialize(new Generator(2));
        expect(state['out.weight']).toEqual(drawn['out.weight']);
        expect(report.drawn).toEqual(['out.weight', 'out.bias']);
      } else {
        const given = tensors[`${name}.weight`]!;
        const wanted = expected.flatMap((row) => [...given.data.slice(4 * row, 4 * row + 4)]);
        expect(state['out.weight']).toEqual(float32([3, 4], wanted));
        expect(state['out.bias']).toEqual(
          float32(
            [3],
            expected.map((row) => 10 + row),
          ),
        );
        expect([report.drawn, report.left]).toEqual([[], []]);
      }
    }
  });

  test('all of a model with several are put in order', () => {
    const two = modelOf(3, ['a', 'b']);
    const tensors = stateOf(two);
    for (const name of ['a.bias', 'b.bias']) tensors[name] = float32([3], [10, 11, 12]);
    const classes = { own: ['x', 'y', 'z'], file: ['y', 'z', 'x'] };
    const { state } = importState(two, tensors, {
      generator: new Generator(2),
      where: 'file',
      classes,
    });
    for (const name of ['a.bias', 'b.bias'])
      expect(state[name]).toEqual(float32([3], [12, 10, 11]));
    expect(tensors['a.bias']).toEqual(float32([3], [10, 11, 12]));
  });
});

/** Multiplies the hidden values, which a tap of its own shows, by a trained vector. */
const gain = defineAdapter({
  name: 'gain',
  module: 'test',
  contract: 1,
  attach:
    () =>
    () =>
    (m, value, { role, dim }) => {
      if (role !== 'hidden' || !dim) return value;
      const shown = m.tap('shown', value);
      return tf.mul(shown, m.child('gain').param('weight', [dim], ones));
    },
})({});

test("an adapter's layers are drawn, or taken where the file has them", () => {
  const adapted = new Model(architecture, { classes: 3 }, {}, [gain]);
  expect([...adapted.adapterParams]).toEqual(['gain.weight']);
  const { state, report } = load(adapted);
  expect(report.drawn).toEqual(['gain.weight']);
  expect(state['gain.weight']).toEqual(float32([4], 1));
  expect(importText(report, adapted)).toBe('9 of 10 arrays taken; gain drawn');
  const trained = { ...state, 'gain.weight': float32([4], 2) };
  expect(load(adapted, trained).state['gain.weight']).toEqual(float32([4], 2));
  const wrong = { ...state, 'gain.weight': float32([5], 2) };
  expect(() => load(adapted, wrong)).toThrow('gain.weight is [5] instead of [4]');
});

test("counters that old files do not have start at 0; other files' numbers are left", () => {
  const { 'bn.num_batches_tracked': _, ...rest } = stateOf(modelOf());
  const { state, report } = load(modelOf(), { ...rest, 'bn.version': int32([], [2]) });
  expect(state['bn.num_batches_tracked']).toEqual(int32([], [0]));
  expect(report).toMatchObject({ drawn: ['bn.num_batches_tracked'], left: ['bn.version'] });
});

describe('refused is', () => {
  test.each([
    ['a missing array', { 'fc.bias': undefined }, '1 missing: fc.bias'],
    [
      'a layer that the model does not have',
      { 'fc2.bias': float32([4]) },
      '1 unexpected: fc2.bias',
    ],
    ['a part of a layer', { 'fc.gain': float32([4]) }, '1 unexpected: fc.gain'],
    [
      'another shape',
      { 'fc.bias': float32([5]) },
      '1 of another shape: fc.bias is [5] instead of [4]',
    ],
  ])('%s', (_, changed, found) => {
    const entries = Object.entries({ ...stateOf(modelOf()), ...changed });
    const tensors = Object.fromEntries(
      entries.flatMap(([name, array]) => (array ? [[name, array]] : [])),
    );
    expect(() => load(modelOf(), tensors)).toThrow(
      expect.objectContaining({
        code: 'STATE_DICT',
        where: 'file',
        found,
        fix: 'Use weights of small with this configuration',
      }),
    );
  });
});
