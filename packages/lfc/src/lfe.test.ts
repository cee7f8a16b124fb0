import {
  type Architecture,
  adapt,
  createEagerEngine,
  float32,
  Model,
  type NdArray,
  ones,
  tf,
} from '@kcr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type LfeOptions, lfe } from './lfe.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const [height, width, d, heads] = [2, 3, 4, 2];
const places = height * width;

/** A block whose tokens and attention weights are parameters; the class token is first, if there is one. */
function blockOf(prefix: 0 | 1): Model {
  const n = places + prefix;
  const positions = [...Array(prefix).fill(-1), ...Array(places).keys()];
  const architecture: Architecture = {
    name: 'block',
    module: 'test',
    tokens: 'set',
    configure: (config) => config,
    input: () => ({ shape: [1, 1, 1] as const, classes: 1 }),
    forward(m) {
      const layout = { height, width, positions };
      m.tap('weights', m.param('attention', [1, heads, n, n], ones), undefined, { layout });
      const x = m.param('tokens', [1, n, d], ones);
      const y = m.tap('tokens', x, m.dim('embed', d), { layout });
      return { logits: y, features: tf.reshape(y, [1, -1]), tokens: y, featureMaps: [] };
    },
  };
  return new Model(architecture, {});
}

interface Values {
  tokens: number[][];
  /** By head, query and key; rows sum to 1. */
  attention: number[][][];
}

const wave = (i: number, seed: number) => Math.sin(1.7 * i + 0.11 * i * i + seed);

function valuesOf(prefix: 0 | 1, seed: number): Values {
  const n = places + prefix;
  const tokens = Array.from({ length: n }, (_, t) =>
    Array.from({ length: d }, (_c, c) => Math.fround(wave(d * t + c, seed))),
  );
  const attention = Array.from({ length: heads }, (_, h) =>
    Array.from({ length: n }, (_q, q) => {
      const powers = Array.from({ length: n }, (_k, k) =>
        Math.exp(2 * wave(h * n * n + q * n + k, seed + 1)),
      );
      const sum = powers.reduce((a, b) => a + b);
      return powers.map((power) => power / sum);
    }),
  );
  return { tokens, attention };
}

/** The image tokens that are kept. */
function kept(prefix: 0 | 1, { tokens, attention }: Values, options: LfeOptions): number[] {
  const model = adapt(blockOf(prefix), [lfe(options)]);
  const state: Record<string, NdArray> = {
    tokens: float32([1, tokens.length, d], tokens.flat()),
    attention: float32([1, heads, tokens.length, tokens.length], attention.flat(2)),
  };
  let map: number[] = Array(places).fill(1);
  tf.tidy(() => {
    model.apply(tf.zeros([1, 1, 1, 1]), {
      state: (name) => tf.tensor(state[name]!.data, [...state[name]!.shape]),
      tap: (value, { role }) => {
        if (role === 'kept') map = [...value.dataSync()];
        return value;
      },
    });
  });
  return map.flatMap((bit, i) => (bit === 1 ? [i] : []));
}

/** The tokens from the best to the worst: in each count a token more is taken out. */
const ranking = (
  prefix: 0 | 1,
  values: Values,
  options: Omit<LfeOptions, 'counts' | 'keepRatio' | 'blocks'>,
) => {
  const left = Array.from({ length: places }, (_, i) =>
    kept(prefix, values, { ...options, counts: [i + 1] }),
  );
  return left.map((now, i) => now.find((token) => i === 0 || !left[i - 1]!.includes(token))!);
};

/** Energies by the paper: L2 norms of the tokens, each channel a map without its high frequencies, by DFT. */
function paperEnergy(image: number[][], sigma: number): number[] {
  const std = (sigma * Math.min(height, width)) / 2;
  const filtered = image.map(() => Array<number>(d).fill(0));
  for (let c = 0; c < d; c++)
    for (let u = 0; u < height; u++)
      for (let v = 0; v < width; v++) {
        const [fu, fv] = [Math.min(u, height - u), Math.min(v, width - v)];
        const gain = Math.exp(-(fu * fu + fv * fv) / (2 * std * std));
        const angle = (i: number) =>
          2 * Math.PI * ((u * Math.floor(i / width)) / height + (v * (i % width)) / width);
        const re = image.reduce((sum, token, i) => sum + token[c]! * Math.cos(angle(i)), 0);
        const im = image.reduce((sum, token, i) => sum - token[c]! * Math.sin(angle(i)), 0);
        filtered.forEach((token, i) => {
          token[c]! += (gain * (re * Math.cos(angle(i)) - im * Math.sin(angle(i)))) / places;
        });
      }
  return filtered.map((token) => Math.hypot(...token));
}

/** Energies by the code: L1 norms after a notch at the highest frequencies of the sequence, by DFT. */
function codeEnergy(image: number[][], sigma: number): number[] {
  const n = image.length;
  const std = (n * (1 - sigma)) / 2;
  const filtered = image.map(() => Array<number>(d).fill(0));
  for (let c = 0; c < d; c++)
    for (let k = 0; k < n; k++) {
      const gain = 1 - Math.exp(-((Math.min(k, n - k) - n / 2) ** 2) / (2 * std * std));
      const angle = (i: number) => (2 * Math.PI * k * i) / n;
      const re = image.reduce((sum, token, i) => sum + token[c]! * Math.cos(angle(i)), 0);
      const im = image.reduce((sum, token, i) => sum - token[c]! * Math.sin(angle(i)), 0);
      filtered.forEach((token, i) => {
        token[c]! += (gain * (re * Math.cos(angle(i)) - im * Math.sin(angle(i)))) / n;
      });
    }
  return filtered.map((token) => token.reduce((sum, x) => sum + Math.abs(x), 0));
}

const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;

/** Attention that image tokens get with a class token (VTC-LFC, eq. 8), or without one. */
const attentionOf = (prefix: 0 | 1, attention: number[][][]) =>
  Array.from({ length: places }, (_, t) =>
    mean(
      attention.map((rows) => {
        const from = (key: number) => mean(rows.slice(prefix).map((row) => row[key]!));
        if (prefix === 0) return from(t);
        return from(0) * rows[0]![t + 1]! + rows[0]![0]! * from(t + 1);
      }),
    ),
  );

const expectedRanking = (prefix: 0 | 1, { attention }: Values, energies: number[]) => {
  const scores = attentionOf(prefix, attention).map((share, i) => share * energies[i]!);
  return [...Array(places).keys()].sort((a, b) => scores[b]! - scores[a]!);
};

describe.each([1, 0] as const)('with %i class tokens', (prefix) => {
  test.each([0, 1, 2])('tokens are ranked by low-frequency energy x attention (%i)', (seed) => {
    const values = valuesOf(prefix, seed);
    const image = values.tokens.slice(prefix);
    for (const sigma of [0.5, 0.85])
      expect(ranking(prefix, values, { sigma })).toEqual(
        expectedRanking(prefix, values, paperEnergy(image, sigma)),
      );
    expect(ranking(prefix, values, { sigma: 0.6, form: 'code' })).toEqual(
      expectedRanking(prefix, values, codeEnergy(image, 0.6)),
    );
  });
});

test('the cut-off is 0.85 unless it is said', () => {
  for (const seed of [6, 7]) {
    const values = valuesOf(1, seed);
    expect(ranking(1, values, {})).toEqual(ranking(1, values, { sigma: 0.85 }));
  }
});

describe('its cost', () => {
  const macs = (options: LfeOptions) => adapt(blockOf(1), [lfe(options)]).macs;

  test('is that of the filter: along rows and columns, or along the sequence', () => {
    const counts = [3];
    expect(macs({ counts })).toMatchObject({ linear: 0, total: places * (height + width) * d });
    expect(macs({ counts, form: 'code' }).total).toBe(places * places * d);
  });

  test('is none where no token is taken out', () => {
    expect(macs({ counts: [] }).total).toBe(0);
  });
});

test('counts out of range are refused', () => {
  expect(() => adapt(blockOf(1), [lfe({ counts: [0.5] })])).toThrow(
    expect.objectContaining({ code: 'OPTION', where: 'lfe' }),
  );
});
