import { describe, expect, test } from 'vitest';
import { channelSums } from './channel-sums.ts';
import {
  type Criterion,
  type CriterionContext,
  defineCriterion,
  scoreChannels,
} from './criterion.ts';
import { perceptron, someWeights } from './testing.ts';
import { weightValues } from './weight-values.ts';

/** The example of {@link defineCriterion}, for parameters of rank 1. */
const bias = defineCriterion({
  name: 'bias',
  contract: 1,
  score:
    ({ sign }: { sign: 1 | -1 }) =>
    ({ model, weights }) => {
      if (Object.keys(weights).length === 0) throw new Error('no weights');
      const values = weightValues(
        model,
        (name, i) => sign * weights[name]!.data[i]!,
        ({ shape }) => shape.length === 1,
      );
      return channelSums(model, values);
    },
});

const model = perceptron();
const context = { model, weights: someWeights(model) } as unknown as CriterionContext;

test('a criterion says its name and options, and scores with them', async () => {
  const [up, down] = [bias({ sign: 1 }), bias({ sign: -1 })];
  expect(down).toMatchObject({ name: 'bias', options: { sign: -1 } });
  const biases = [...context.weights['a.bias']!.data];
  expect([...Array.from((await up.score(context)).get('a.hidden')!)]).toEqual(biases);
  expect([...Array.from((await down.score(context)).get('a.hidden')!)]).toEqual(
    biases.map((value) => -value),
  );
});

test('what it throws is a rejection', async () => {
  const scores = bias({ sign: 1 }).score({ ...context, weights: {} });
  await expect(scores).rejects.toThrow('no weights');
});

describe('scores are checked for the dimensions that are to be pruned', () => {
  const gives = (scores: unknown) =>
    ({ name: 'mine', contract: 1, options: {}, score: async () => scores }) as Criterion;
  const size = model.dims.get('a.hidden')!.size;
  const full = new Float64Array(size).fill(0.5);

  test('others are left out, and so are those without scores', async () => {
    const scores = new Map([['a.hidden', full]]);
    const read = async (...dims: string[]) => [
      ...(await scoreChannels(gives(scores), context, dims)),
    ];
    expect(await read('a.hidden', 'b.hidden')).toEqual([['a.hidden', full]]);
    expect(await read('b.hidden')).toEqual([]);
  });

  test.each<[string, unknown, RegExp]>([
    ['no Map', { 'a.hidden': full }, /^criterion "mine": no Map/],
    ['nothing', undefined, /^criterion "mine": no Map/],
    ['no scores', new Map(), /^criterion "mine": no Map/],
    [
      'scores of no dimension',
      new Map([['hidden', full]]),
      /"mine", hidden: scores of a dimension that/,
    ],
    ['no list', new Map([['a.hidden', undefined]]), /a\.hidden: no scores for/],
    ['a score too few', new Map([['a.hidden', full.slice(1)]]), /a\.hidden: \d scores for/],
    ['NaN', new Map([['a.hidden', full.with(1, Number.NaN)]]), /1 of \d scores .* NaN/],
    ['infinity', new Map([['a.hidden', full.with(0, -1 / 0)]]), /1 of \d scores .* -Infinity/],
  ])('%s', async (_, scores, message) => {
    await expect(scoreChannels(gives(scores), context, ['a.hidden'])).rejects.toThrow(
      expect.objectContaining({ code: 'SCORES', message: expect.stringMatching(message) }),
    );
  });
});
