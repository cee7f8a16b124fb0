import {
  type AnalysisContext,
  adapt,
  attention,
  createEagerEngine,
  float32,
  Generator,
  type Model,
} from '@kcr/core';
import { expect, test } from 'vitest';
import { type QkMaskOptions, qkMask } from './qk-mask.ts';
import { type QkMaskAnalysisOptions, qkMaskAnalysis } from './qk-mask-analysis.ts';
import { channels, modelOf, tokens } from './testing.ts';

const plain = modelOf((m, x) => {
  const embed = m.dim('embed', channels, { prunable: false });
  const first = attention(m.child('a'), x, embed, { heads: 1, headDim: 4 });
  return attention(m.child('b'), first, embed, { heads: 1, headDim: 4 });
});

/** Theta is 2 or -1, whatever the image: 1, 2 or more of 4 channels of each layer are open. */
function weightsOf(model: Model) {
  const state = model.initialize(new Generator(1));
  for (const [name, { data }] of Object.entries(state)) {
    if (name.endsWith('mask.weight')) data.fill(0);
    if (name.endsWith('mask.bias'))
      data.set(name.startsWith('a.') ? [2, -1, -1, -1] : [2, 2, -1, 2]);
  }
  return state;
}

async function measure(model: Model, options: QkMaskAnalysisOptions) {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  engine.set(weightsOf(model));
  const train = {
    length: 7,
    shape: [1, tokens, channels],
    classes: ['a', 'b'],
    batch: async (indices: Int32Array) => ({
      image: float32([indices.length, 1, tokens, channels], 0.5),
    }),
  };
  const context = {
    name: 'compact',
    model,
    engine,
    train,
    batchSize: 4,
    generator: new Generator(2),
  };
  return await qkMaskAnalysis(options).measure(context as unknown as AnalysisContext);
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const masked = (options: QkMaskOptions) => adapt(plain, [qkMask(options)]);
const at = (share: number, value: (theta: number) => number) =>
  share * value(2) + (1 - share) * value(-1);

test('shares are those of the noise and of evaluation, mask by mask', async () => {
  const { numbers, charts } = await measure(masked({ temperature: { start: 1, decay: 1 } }), {});
  expect(numbers.qkOpenEvaluation).toBe(0.5);
  expect(numbers.qkOpenTraining).toBeCloseTo(at(0.5, sigmoid), 2);
  // Of two logistic variables: F(x) = e^x (e^x - 1 - x) / (e^x - 1)^2 at 2 and -1.
  expect(numbers.qkOpenSoft).toBeCloseTo((0.794487 + 0.338697) / 2, 2);
  const [evaluation, training] = charts![0]!.lines;
  expect(evaluation).toEqual({
    name: 'compact, evaluation',
    points: [
      [1, 0.25],
      [2, 0.75],
    ],
  });
  training!.points.forEach(([, share], i) =>
    expect(share).toBeCloseTo(at(i === 0 ? 0.25 : 0.75, sigmoid), 2),
  );
});

test('noise that was annealed leaves the masks of evaluation, and less where training was shorter', async () => {
  const temperature = { start: 1, decay: 0.5, floor: 1e-4 };
  const model = masked({ noise: 'annealed', temperature });
  expect((await measure(model, {})).numbers.qkOpenTraining).toBeCloseTo(0.5, 6);
  const { numbers } = await measure(model, { epochs: 2 });
  expect(numbers.qkOpenTraining).toBeCloseTo(
    at(0.5, (theta) => sigmoid(theta / 0.5)),
    2,
  );
});

test('a model without masks has none', async () => {
  expect(await measure(plain, {})).toEqual({ numbers: {} });
});
