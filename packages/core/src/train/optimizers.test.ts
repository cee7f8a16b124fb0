import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { type ClipMode, clipGradients } from './clip-gradients.ts';
import type { Optimizer } from './optimizer.ts';
import { chosenOptimizer, type OptimizerChoice } from './optimizers.ts';

type Values = Readonly<Record<string, readonly number[]>>;

/** PyTorch's and timm's numbers in float64: see fixtures/README.md. */
interface References {
  parameters: readonly { name: string; shape: number[]; decay: boolean; rate: number }[];
  start: Values;
  lrs: readonly number[];
  /** Of each step. */
  gradients: readonly Values[];
  optimizers: readonly { name: string; options: object; end: Values }[];
  clipped: readonly { mode: ClipMode; amount: number; gradients: Values }[];
}

const references: References = JSON.parse(
  readFileSync(new URL('../../fixtures/optimizers.json', import.meta.url), 'utf8'),
);
const { parameters, start, lrs, gradients } = references;

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const tensors = (values: Values) =>
  parameters.map(({ name, shape }) => tf.tensor([...values[name]!], shape));

/** The largest difference over the largest number, of each parameter; 0 of numbers that are all 0. */
function errors(found: readonly Tensor[], expected: Values): Record<string, number> {
  const entries = parameters.map(({ name }, i) => {
    const [ours, theirs] = [found[i]!.dataSync(), expected[name]!];
    const most = Math.max(...theirs.map(Math.abs));
    const error = Math.max(...theirs.map((value, k) => Math.abs(value - ours[k]!)));
    return [name, most === 0 ? error : error / most];
  });
  return Object.fromEntries(entries);
}

/** Parameters after all steps. */
function trained(optimizer: Optimizer): Tensor[] {
  let now = tensors(start).map((value) => ({
    value,
    state: Object.fromEntries(optimizer.slots.map((slot) => [slot, tf.zerosLike(value)])),
  }));
  lrs.forEach((lr, step) => {
    const numbers = Object.entries(optimizer.numbers(step + 1, lr));
    const given = tensors(gradients[step]!);
    now = optimizer
      .update(
        now.map((own, i) => ({ ...own, ...parameters[i]!, gradient: given[i]! })),
        Object.fromEntries(numbers.map(([name, value]) => [name, tf.scalar(value)])),
      )
      .map(({ value, state }) => ({ value, state: { ...state } }));
  });
  return now.map(({ value }) => value);
}

const most = (found: Record<string, number>) => Math.max(...Object.values(found));

describe("optimisers are PyTorch's and timm's, decayed or not, at each rate", () => {
  test.each(
    references.optimizers.map(({ name, options, end }) => [name, JSON.stringify(options), end]),
  )('%s %s', (name, options, end) => {
    const choice = { name, ...JSON.parse(options as string) } as OptimizerChoice;
    expect(most(errors(trained(chosenOptimizer(choice)), end as Values))).toBeLessThan(2e-6);
  });

  test('all that have a name are among them', () => {
    const names = references.optimizers.map(({ name }) => name);
    expect([...new Set(names)].sort()).toEqual(['adamw', 'lamb', 'sgd']);
  });
});

test.each(references.clipped.map(({ mode, amount, gradients }) => [mode, amount, gradients]))(
  'gradients are clipped by %s at %d as timm clips them',
  (clipMode, clipGrad, expected) => {
    const values = tensors(start);
    const given = tensors(gradients[0]!).map((gradient, i) => {
      const adaptive = !parameters[i]!.name.startsWith('head.');
      return { value: values[i]!, gradient, adaptive };
    });
    const found = clipGradients(given, {
      clipGrad: clipGrad as number,
      clipMode: clipMode as ClipMode,
    });
    expect(most(errors(found, expected as Values))).toBeLessThan(1e-6);
  },
);

test('without a name it is AdamW, and another is taken as it is', () => {
  expect(chosenOptimizer({}).name).toBe('adamw');
  const own: Optimizer = {
    name: 'own',
    contract: 1,
    slots: [],
    numbers: () => ({}),
    update: (all) => all,
  };
  expect(chosenOptimizer({ name: own })).toBe(own);
});

test('Nesterov needs momentum', () => {
  expect(() => chosenOptimizer({ name: 'sgd', nesterov: true, momentum: 0 })).toThrow(
    expect.objectContaining({ code: 'OPTION', where: 'optimizer.nesterov' }),
  );
});
