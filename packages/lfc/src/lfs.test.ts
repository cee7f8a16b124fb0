import {
  type Architecture,
  type CriterionContext,
  createEagerEngine,
  type Dataset,
  float32,
  Generator,
  linear,
  Model,
  type StateDict,
  tf,
} from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { type LfsOptions, lfs } from './lfs.ts';

const [side, hiddenWidth, classes] = [2, 3, 2];
const pixels = side * side;

/** Four pixels, a layer of three channels that can be pruned, and a classifier. */
const architecture: Architecture = {
  name: 'small',
  module: 'test',
  contract: 1,
  tokens: 'set',
  configure: (config) => config,
  input: () => ({ shape: [side, side, 1] as const, classes }),
  forward(m, image) {
    const hidden = m.dim('hidden', hiddenWidth);
    const rows = tf.reshape(image, [-1, pixels]);
    const features = m.tap('hidden', linear(m.child('fc'), rows, pixels, hidden), hidden);
    const logits = linear(m.child('head'), features, hidden, classes);
    return { logits, features, tokens: image, featureMaps: [] };
  },
};
const model = new Model(architecture, {});

const wave = (n: number, seed: number) =>
  Array.from({ length: n }, (_, i) => Math.fround(Math.sin(1.7 * i + 0.11 * i * i + seed)));

const weights: StateDict = {
  'fc.weight': float32([hiddenWidth, pixels], wave(hiddenWidth * pixels, 1)),
  'fc.bias': float32([hiddenWidth], wave(hiddenWidth, 2)),
  'head.weight': float32([classes, hiddenWidth], wave(classes * hiddenWidth, 3)),
  'head.bias': float32([classes], wave(classes, 4)),
};

const images = [0, 1, 2, 3, 4].map((i) => wave(pixels, 5 + i).map((x) => 2 * x));
const labels = [0, 1, 1, 0, 1];

const data: Dataset = {
  length: images.length,
  classes: ['a', 'b'],
  shape: model.inputShape,
  labels: Int32Array.from(labels),
  batch: async (indices) => ({
    image: float32(
      [indices.length, side, side, 1],
      [...indices].flatMap((i) => images[i]!),
    ),
    label: { dtype: 'int32', shape: [indices.length], data: indices.map((i) => labels[i]!) },
  }),
};

async function scoresOf(options: LfsOptions): Promise<number[]> {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  const context: CriterionContext = {
    model,
    weights,
    engine,
    data,
    batchSize: 2,
    generator: new Generator(1),
  };
  const scores = await lfs(options).score(context);
  expect([...scores.keys()]).toEqual(['hidden']);
  expect(engine.names()).toEqual([]);
  return Array.from(scores.get('hidden')!);
}

/**
 * An image of 2 x 2 without its high frequencies. Along an axis of two the frequencies are 0, which stays, and 1,
 * which is damped by the Gaussian of std sigma bins.
 */
function filtered([a, b, c, e]: number[], sigma: number): number[] {
  const g = Math.exp(-1 / (2 * sigma ** 2));
  const along = (x: number, y: number) => [(x + y + g * (x - y)) / 2, (x + y - g * (x - y)) / 2];
  const [top, bottom] = [along(a!, b!), along(c!, e!)];
  const [left, right] = [along(top[0]!, bottom[0]!), along(top[1]!, bottom[1]!)];
  return [left[0]!, right[0]!, left[1]!, right[1]!];
}

const affine = (x: number[], weight: ArrayLike<number>, bias: ArrayLike<number>) =>
  Array.from(bias, (b, o) => x.reduce((sum, v, i) => sum + v * weight[o * x.length + i]!, b));

const logSoftmax = (row: number[]) => {
  const shift = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
  return row.map((value) => value - shift);
};

/** The losses in float64 as functions of the layer's weights; the whole image's features are constants. */
function losses(w: number[], sigma: number, which: number[]) {
  const features = (image: number[], of: number[]) => affine(image, of, weights['fc.bias']!.data);
  const constant = [...weights['fc.weight']!.data];
  let [task, distance] = [0, 0];
  for (const i of which) {
    const seen = features(filtered(images[i]!, sigma), w);
    const logits = affine(seen, weights['head.weight']!.data, weights['head.bias']!.data);
    task -= logSoftmax(logits)[labels[i]!]! / which.length;
    const target = logSoftmax(features(images[i]!, constant));
    const log = logSoftmax(seen);
    distance += target.reduce((s, t, c) => s + Math.exp(t) * (t - log[c]!), 0) / which.length;
  }
  return { task, distance };
}

const all = [0, 1, 2, 3, 4];

/** w d loss / dw of each weight of the layer, by differences. */
function sensitivities(loss: (at: number[]) => number): number[] {
  const w = [...weights['fc.weight']!.data];
  const h = 1e-5;
  return w.map((value, i) => {
    const [up, down] = [loss(w.with(i, value + h)), loss(w.with(i, value - h))];
    return (value * (up - down)) / (2 * h);
  });
}

/** Sums over the weights of each channel. */
const byChannel = (values: number[]) =>
  Array.from({ length: hiddenWidth }, (_, channel) =>
    values.slice(channel * pixels, (channel + 1) * pixels).reduce((a, b) => a + b),
  );

function paper(lambda: number, sigma: number, task = all, distance = all) {
  const tasks = sensitivities((w) => losses(w, sigma, task).task);
  const distances = sensitivities((w) => losses(w, sigma, distance).distance);
  return byChannel(tasks.map((t, i) => lambda * t ** 2 + (1 - lambda) * distances[i]! ** 2));
}

const expectClose = (actual: number[], expected: number[]) =>
  expected.forEach((value, i) => expect(actual[i]! / value).toBeCloseTo(1, 3));

describe("the paper's form", () => {
  test.each([
    [0.1, 1],
    [0.7, 0.6],
    [0, 1],
    [1, 1],
  ])(
    'is lambda (w dCE/dw)^2 + (1 - lambda) (w dKL/dw)^2, lambda %f, sigma %f',
    async (lambda, sigma) => {
      expectClose(await scoresOf({ lambda, sigma }), paper(lambda, sigma));
    },
  );

  test('has lambda 0.1 unless it is said', async () => {
    expectClose(await scoresOf({ sigma: 1 }), paper(0.1, 1));
  });

  test('may take turns, a loss for every second batch', async () => {
    const expected = paper(0.1, 1, [0, 1, 4], [2, 3]);
    expectClose(await scoresOf({ sigma: 1, takeTurns: true }), expected);
  });
});

test("the code's form is the square of the sum, the distance divided by the features", async () => {
  const [lambda, sigma] = [0.3, 1];
  const both = sensitivities((w) => {
    const { task, distance } = losses(w, sigma, all);
    return lambda * task + ((1 - lambda) * distance) / hiddenWidth;
  });
  const expected = byChannel(both.map((value) => value ** 2));
  expectClose(await scoresOf({ lambda, sigma, form: 'code' }), expected);
});

test('what a criterion is known by are its options', () => {
  expect(lfs({ sigma: 0.5, form: 'code' })).toMatchObject({
    name: 'lfs',
    options: { sigma: 0.5, form: 'code' },
  });
});
