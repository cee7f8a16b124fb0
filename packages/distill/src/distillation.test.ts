import {
  type Architecture,
  adamw,
  createEagerEngine,
  float32,
  Generator,
  int32,
  linear,
  Model,
  type NdArray,
  type Plugin,
  type StateDict,
  Trainer,
  tf,
} from '@kcr/core';
import { describe, expect, test } from 'vitest';
import {
  type DistillationOptions,
  distillation,
  hardDistillationLoss,
  softDistillationLoss,
} from './distillation.ts';

const [n, classes] = [4, 5];
const logits = (seed: number) => {
  const generator = new Generator(seed);
  return Float64Array.from({ length: n * classes }, () => 2 * generator.normal());
};
const tensor = (x: Float64Array) => tf.tensor2d(Array.from(x), [n, classes]);

const logSoftmax = (x: Float64Array, i: number, temperature: number) => {
  const row = Array.from(
    x.subarray(i * classes, (i + 1) * classes),
    (value) => value / temperature,
  );
  const shift = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
  return row.map((value) => value - shift);
};

/** The definitions in float64. */
const definitions = {
  soft: (teacher: Float64Array, student: Float64Array, temperature: number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const [t, s] = [teacher, student].map((x) => logSoftmax(x, i, temperature));
      t!.forEach((log, c) => (sum += Math.exp(log) * (log - s![c]!)));
    }
    return (sum * temperature ** 2) / n;
  },
  hard: (teacher: Float64Array, student: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const choices = logSoftmax(teacher, i, 1);
      sum -= logSoftmax(student, i, 1)[choices.indexOf(Math.max(...choices))]!;
    }
    return sum / n;
  },
};

const losses = { soft: softDistillationLoss, hard: hardDistillationLoss };

test.each(['soft', 'hard'] as const)(
  '%s: value and gradient are those of the definition',
  (kind) => {
    const [teacher, student] = [logits(1), logits(2)];
    for (const temperature of kind === 'soft' ? [1, 3] : [1]) {
      const loss = (x: tf.Tensor) => losses[kind](tensor(teacher), x, temperature);
      const exact = (x: Float64Array) => definitions[kind](teacher, x, temperature);
      expect(loss(tensor(student)).dataSync()[0]).toBeCloseTo(exact(student), 5);
      const gradient = tf.grad(loss)(tensor(student)).dataSync();
      student.forEach((x, i) => {
        const [up, down] = [1e-5, -1e-5].map((h) => exact(student.with(i, x + h)));
        expect(gradient[i]).toBeCloseTo((up! - down!) / 2e-5, 5);
      });
    }
  },
);

test('a student that equals its teacher has no soft loss', () => {
  expect(softDistillationLoss(tensor(logits(1)), tensor(logits(1)), 2).dataSync()[0]).toBeCloseTo(
    0,
    6,
  );
});

/** A linear classifier of so many pixels. */
function linearModel(pixels: number, outputs: number): Model {
  const architecture: Architecture = {
    name: 'linear',
    module: 'test',
    contract: 1,
    tokens: 'set',
    configure: (config) => config,
    input: () => ({ shape: [1, pixels, 1] as const, classes: outputs }),
    forward(m, image) {
      const features = tf.reshape(image, [-1, pixels]);
      const logits = linear(m, features, pixels, outputs);
      return { logits, features, tokens: image, featureMaps: [] };
    },
  };
  return new Model(architecture, {});
}

const student = linearModel(2, 3);
const weights: StateDict = {
  weight: float32([3, 2], [1, 0, 0, 1, 1, 1]),
  bias: float32([3], [0, 0.5, -1]),
};
const teacherWeights: StateDict = {
  weight: float32([3, 2], [2, -1, 0.5, 1, 0, 3]),
  bias: float32([3], [1, 0, 0]),
};
/** The training set has three images, of which a step sees the last and the first. */
const pixels = [
  [1, 2],
  [9, 9],
  [-1, 0.5],
];
const indices = [2, 0];
const labels = [1, 2];

const logitsOf = ({ weight, bias }: StateDict, [a, b]: number[]): number[] =>
  [0, 1, 2].map((o) => weight!.data[2 * o]! * a! + weight!.data[2 * o + 1]! * b! + bias!.data[o]!);

const logProbabilities = (row: number[], temperature = 1) => {
  const scaled = row.map((value) => value / temperature);
  const shift = Math.log(scaled.reduce((sum, value) => sum + Math.exp(value), 0));
  return scaled.map((value) => value - shift);
};

/** The loss of a training step with these plugins. */
async function lossWith(plugins: readonly Plugin[], model = student): Promise<number> {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const trainer = new Trainer({
    model,
    engine,
    plugins,
    run: { stage: 'fit', epochs: 1, samples: 3, travel: 10, warn: () => {} },
    generator: new Generator(1),
    labelSmoothing: 0,
    optimizer: adamw({ weightDecay: 0 }),
  });
  trainer.start(weights);
  const image = float32(
    [2, 1, 2, 1],
    indices.flatMap((i) => pixels[i]!),
  );
  const batch = { image, label: int32([2], labels) };
  return (await trainer.step('weights', batch, Int32Array.from(indices), 0)).loss;
}

/** Cross-entropy with the labels in float64, and what distillation adds to it. */
function expectedLoss({
  kind = 'soft',
  weight = 1,
  temperature = 1,
}: Partial<DistillationOptions>) {
  const sum = indices.reduce((total, index, n) => {
    const own = logitsOf(weights, pixels[index]!);
    const given = logitsOf(teacherWeights, pixels[index]!);
    const choice = given.indexOf(Math.max(...given));
    const target = logProbabilities(given, temperature);
    const log = logProbabilities(own, temperature);
    const divergence = target.reduce((s, t, c) => s + Math.exp(t) * (t - log[c]!), 0);
    const extra = kind === 'soft' ? temperature ** 2 * divergence : -logProbabilities(own)[choice]!;
    return total - logProbabilities(own)[labels[n]!]! + weight * extra;
  }, 0);
  return sum / indices.length;
}

const stored = (rows: number[][]): NdArray => float32([rows.length, rows[0]!.length], rows.flat());
const teachers = {
  'a model': { model: student, weights: teacherWeights },
  'stored logits': { logits: stored(pixels.map((row) => logitsOf(teacherWeights, row))) },
};

describe.each(Object.entries(teachers))('with %s as teacher, a step', (_, teacher) => {
  test.each<Partial<DistillationOptions>>([
    {},
    { temperature: 3, weight: 0.5 },
    { kind: 'hard' },
    { kind: 'hard', weight: 2 },
  ])('has the distance of %o added', async (options) => {
    const loss = await lossWith([distillation({ teacher, ...options })]);
    expect(loss).toBeCloseTo(expectedLoss(options), 5);
  });
});

describe('what a run is known by', () => {
  const optionsOf = (options: DistillationOptions) =>
    JSON.parse(JSON.stringify(distillation(options).options));
  const teacher = teachers['a model'];

  test('are the settings, and the teacher by its weights, not its numbers', () => {
    expect(optionsOf({ teacher, kind: 'hard', weight: 2 })).toEqual({
      teacher: 'linear',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      kind: 'hard',
      weight: 2,
      temperature: 1,
    });
  });

  test('another teacher is another run', () => {
    const other = { model: student, weights };
    expect(optionsOf({ teacher })).toEqual(optionsOf({ teacher: { ...teacher } }));
    expect(optionsOf({ teacher }).digest).not.toBe(optionsOf({ teacher: other }).digest);
    const { logits } = teachers['stored logits'];
    expect(optionsOf({ teacher: { logits } }).teacher).toBe('logits');
  });
});

describe('a teacher that does not fit is refused', () => {
  const refusal = async (teacher: DistillationOptions['teacher']) => {
    const attempt = lossWith([distillation({ teacher })]);
    return (await attempt.catch((error: unknown) => error)) as { code: string; found: string };
  };
  const initial = (model: Model) => ({ model, weights: model.initialize(new Generator(1)) });

  test.each<[string, DistillationOptions['teacher'], RegExp]>([
    ['other classes', initial(linearModel(2, 4)), /^4 classes for a student of 3/],
    ['another image size', initial(linearModel(5, 3)), /^images of \[1, 5, 1\]/],
    ['logits of other images', { logits: float32([2, 3]) }, /\[2, 3\] for .* \[3, 3\]$/],
    ['logits of other classes', { logits: float32([3, 2]) }, /\[3, 2\] for .* \[3, 3\]$/],
  ])('%s', async (_, teacher, found) => {
    expect(await refusal(teacher)).toMatchObject({
      code: 'TEACHER',
      found: expect.stringMatching(found),
    });
  });

  test('weights that are not of the model', async () => {
    const { bias: _, ...rest } = teacherWeights;
    expect(await refusal({ model: student, weights: rest })).toMatchObject({ code: 'STATE_DICT' });
  });
});
