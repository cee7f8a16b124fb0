import {
  adapt,
  attention,
  createEagerEngine,
  Generator,
  type Model,
  sizeOf,
  type Tensor,
  tf,
} from '@kcr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type QkMaskOptions, qkMask } from './qk-mask.ts';
import { channels, modelOf, tokens } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const plain = modelOf((m, x) =>
  attention(m.child('attn'), x, m.dim('embed', channels, { prunable: false }), {
    heads: 1,
    headDim: 4,
  }),
);
const width = 4;
const masked = (options: QkMaskOptions = {}) => adapt(plain, [qkMask(options)]);

const wave = (n: number, seed: number) =>
  Array.from({ length: n }, (_, i) => Math.fround(Math.sin(1.7 * i + 0.11 * i * i + seed)));

const weightsOf = (model: Model): Record<string, number[]> =>
  Object.fromEntries(model.params.map(({ name, shape }, n) => [name, wave(sizeOf(shape), n)]));

const image = wave(tokens * channels, 9);

interface Training {
  /** Standard logistic, by the name of the draw. */
  noise: (name: string, shape: readonly number[]) => number[];
  tau: number;
}

/** The taps of a run, and what it drew. */
function run(model: Model, weights: Record<string, number[]>, training?: Training) {
  const taps: Record<string, number[]> = {};
  const asked: string[] = [];
  tf.tidy(() => {
    model.apply(tf.tensor(image, [1, 1, tokens, channels]), {
      state: (name) => {
        const { shape } = model.params.find((p) => p.name === name)!;
        return tf.tensor(weights[name]!, [...shape]);
      },
      training: Boolean(training),
      draw: (name, shape, draw) => {
        asked.push(`${name} ${draw}`);
        return tf.tensor(training!.noise(name, shape), [...shape]);
      },
      schedule: (name, next) => {
        asked.push(`${name} ${next({ epoch: 1, epochs: 10, step: 3 })}`);
        return tf.scalar(training!.tau);
      },
      tap: (value, { name }) => {
        taps[name] = [...value.dataSync()];
        return value;
      },
    });
  });
  return { taps, asked };
}

/** x W^T + b of the tokens, in float64. */
const theta = (weight: number[], bias: number[]) =>
  Array.from({ length: tokens }, (_, t) =>
    bias.map((b, o) =>
      Array.from(
        { length: channels },
        (_c, i) => weight[o * channels + i]! * image[t * channels + i]!,
      ).reduce((sum, x) => sum + x, b),
    ),
  ).flat();

const expectClose = (actual: readonly number[], expected: readonly number[]) => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5));
};

describe('in evaluation', () => {
  test('q and k stay where theta is above 0, for each token', () => {
    const model = masked();
    const weights = weightsOf(model);
    const { taps, asked } = run(model, weights);
    const mask = theta(weights['attn.qk_mask.weight']!, weights['attn.qk_mask.bias']!);
    expectClose(taps['attn.qk_mask.theta']!, mask);
    expect(new Set(mask.map((value) => value > 0)).size).toBe(2);
    const bare = run(plain, weights).taps;
    for (const tap of ['attn.q', 'attn.k'])
      expectClose(
        taps[tap]!,
        bare[tap]!.map((value, i) => (mask[i]! > 0 ? value : 0)),
      );
    expect(taps['attn.v']).toEqual(bare['attn.v']);
    expect(asked).toEqual([]);
  });

  test('q and k may have masks of their own', () => {
    const model = masked({ separate: true });
    const weights = weightsOf(model);
    const { taps } = run(model, weights);
    const bare = run(plain, weights).taps;
    for (const part of ['q', 'k']) {
      const [w, b] = ['weight', 'bias'].map((name) => weights[`attn.${part}_mask.${name}`]!);
      const mask = theta(w!, b!);
      expectClose(
        taps[`attn.${part}`]!,
        bare[`attn.${part}`]!.map((value, i) => (mask[i]! > 0 ? value : 0)),
      );
    }
  });
});

describe('in training', () => {
  const tau = 0.8;
  const noise = (_: string, shape: readonly number[]) =>
    wave(sizeOf(shape), 4).map((value) => 3 * value);

  test('the mask has logistic noise, one draw for q and k, and is binary', () => {
    const model = masked({ temperature: { start: 3, decay: 0.5 } });
    const weights = weightsOf(model);
    const { taps, asked } = run(model, weights, { noise, tau });
    expect(asked).toEqual(['attn.qk_mask.temperature 1.5', 'attn.qk_mask.noise logistic']);
    const shaken = theta(weights['attn.qk_mask.weight']!, weights['attn.qk_mask.bias']!).map(
      (value, i) => value + noise('', [tokens * width])[i]!,
    );
    const bare = run(plain, weights).taps;
    for (const tap of ['attn.q', 'attn.k'])
      expectClose(
        taps[tap]!,
        bare[tap]!.map((value, i) => (shaken[i]! >= 0 ? value : 0)),
      );
  });

  test('annealed noise falls with the temperature, to none', () => {
    const temperature = { start: 3, decay: 0.5, floor: 0.001 };
    const model = masked({ noise: 'annealed', temperature });
    const weights = weightsOf(model);
    const { asked } = run(model, weights, { noise, tau });
    expect(asked).toEqual([
      'attn.qk_mask.temperature 1.5',
      'attn.qk_mask.noise logistic',
      'attn.qk_mask.noiseScale 0.5',
    ]);
    const cold = run(model, weights, { noise, tau: 1e-6 }).taps['attn.q'];
    expect(cold).toEqual(run(model, weights).taps['attn.q']);
    const warm = run(model, weights, { noise, tau: 1 }).taps['attn.q'];
    expect(warm).not.toEqual(cold);
  });

  test('masks of their own have draws of their own', () => {
    const model = masked({ separate: true });
    const { asked } = run(model, weightsOf(model), { noise, tau });
    expect(asked.filter((name) => name.endsWith('logistic'))).toEqual([
      'attn.q_mask.noise logistic',
      'attn.k_mask.noise logistic',
    ]);
  });

  test('the gradient is that of the relaxed mask', () => {
    const model = masked({ separate: true });
    const weights = weightsOf(model);
    const bare = run(plain, weights).taps['attn.q']!;
    /** The sum of the masked q, as a function of the mask's bias. */
    const sum = (bias: Tensor) => {
      let total: Tensor | undefined;
      model.apply(tf.tensor(image, [1, 1, tokens, channels]), {
        training: true,
        state: (name) => {
          const { shape } = model.params.find((p) => p.name === name)!;
          return name === 'attn.q_mask.bias' ? bias : tf.tensor(weights[name]!, [...shape]);
        },
        draw: (name, shape) => tf.tensor(noise(name, shape), [...shape]),
        schedule: () => tf.scalar(tau),
        tap: (value, { name }) => {
          if (name === 'attn.q') total = tf.sum(value);
          return value;
        },
      });
      return total as tf.Scalar;
    };
    const found = tf.grad(sum)(tf.tensor1d(weights['attn.q_mask.bias']!)).dataSync();
    const all = theta(weights['attn.q_mask.weight']!, weights['attn.q_mask.bias']!);
    const expected = Array<number>(width).fill(0);
    all.forEach((value, i) => {
      const gate = 1 / (1 + Math.exp(-(value + noise('', [all.length])[i]!) / tau));
      expected[i % width]! += (bare[i]! * gate * (1 - gate)) / tau;
    });
    expectClose([...found], expected);
  });
});

describe('as a part of the model', () => {
  test.each([
    [false, ['qk_mask']],
    [true, ['q_mask', 'k_mask']],
  ])('separate %s: its layers have parameters and MACs', (separate, layers) => {
    const model = masked({ separate });
    const own = model.params.filter(({ name }) => name.includes('mask'));
    expect(own.map(({ name, shape }) => [name, shape])).toEqual(
      layers.flatMap((layer) => [
        [`attn.${layer}.weight`, [width, channels]],
        [`attn.${layer}.bias`, [width]],
      ]),
    );
    const added = layers.length * tokens * width * channels;
    expect(model.macs.total).toBe(plain.macs.total + added);
  });

  test('a number is the bias that attention starts with', () => {
    const state = masked({ initial: 0.5 }).initialize(new Generator(1));
    expect([...state['attn.qk_mask.bias']!.data]).toEqual(Array(width).fill(0.5));
    const largest = Math.max(...state['attn.qk_mask.weight']!.data.map(Math.abs));
    expect(largest).toBeLessThan(0.1);
    const weight = masked().params.find(({ name }) => name === 'attn.qk_mask.weight');
    expect(weight?.decay).toBe(true);
  });

  test("by default its first values are those of PyTorch's Linear, uniform within 1 / sqrt(inputs)", () => {
    const wide = adapt(
      modelOf((m, x) => {
        const embed = m.dim('embed', channels, { prunable: false });
        return attention(m.child('attn'), x, embed, { heads: 1, headDim: 600 });
      }),
      [qkMask({})],
    );
    const state = wide.initialize(new Generator(1));
    for (const name of ['weight', 'bias']) {
      const values = [...state[`attn.qk_mask.${name}`]!.data];
      const bound = 1 / Math.sqrt(channels);
      const mean = (of: (x: number) => number) =>
        values.reduce((sum, x) => sum + of(x), 0) / values.length;
      expect(Math.max(...values.map(Math.abs))).toBeLessThan(bound);
      expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.98 * bound);
      expect(Math.abs(mean((x) => x))).toBeLessThan(0.1 * bound);
      // torch.nn.Linear: variance 1 / (3 inputs).
      expect(Math.abs(mean((x) => 3 * channels * x * x) - 1)).toBeLessThan(0.1);
    }
    const open = run(
      wide,
      Object.fromEntries(wide.params.map(({ name }) => [name, [...state[name]!.data]])),
    ).taps['attn.qk_mask.theta']!.map((theta) => theta > 0);
    const share = open.filter(Boolean).length / open.length;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
    const [first, second] = [open.slice(0, 600), open.slice(600)];
    expect(first.filter((value, i) => value !== second[i]).length).toBeGreaterThan(60);
  });

  test.each([{ initial: Number.NaN }, { initial: 'open' }, { noise: 'none' }])(
    'OPTION for %o',
    (options) => {
      expect(() => qkMask(options as QkMaskOptions)).toThrow(
        expect.objectContaining({ code: 'OPTION' }),
      );
    },
  );

  test('each run has masks of its own', () => {
    const model = masked();
    const weights = weightsOf(model);
    const first = run(model, weights).taps['attn.q']!;
    run(model, { ...weights, 'attn.qk_mask.bias': Array(width).fill(-100) });
    expect(run(model, weights).taps['attn.q']).toEqual(first);
  });
});
