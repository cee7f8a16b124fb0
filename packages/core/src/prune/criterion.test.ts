import { expect, test } from 'vitest';
import { channelSums } from './channel-sums.ts';
import { type CriterionContext, defineCriterion } from './criterion.ts';
import { perceptron, someWeights } from './testing.ts';
import { weightValues } from './weight-values.ts';

/** The example of {@link defineCriterion}, for parameters of rank 1. */
const bias = defineCriterion('bias', ({ sign }: { sign: 1 | -1 }) => ({ model, weights }) => {
  if (Object.keys(weights).length === 0) throw new Error('no weights');
  const values = weightValues(
    model,
    (name, i) => sign * weights[name]!.data[i]!,
    ({ shape }) => shape.length === 1,
  );
  return channelSums(model, values);
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
