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
import type { LfeForm } from './low-frequency-energy.ts';

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
    contract: 1,
    tokens: 'set',
    configure: (config) => config,
    input: () => ({ shape: [1, 1, 1] as const, classes: 0 }),
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

/** Each channel of a sequence through a filter with a gain for each bin, by DFT: [re, im] by token and channel. */
function filtered(sequence: number[][], gain: (k: number) => number): [number, number][][] {
  const n = sequence.length;
  return sequence.map((_, at) =>
    Array.from({ length: d }, (_c, c) => {
      let [re, im] = [0, 0];
      for (let k = 0; k < n; k++)
        sequence.forEach((token, i) => {
          const angle = (2 * Math.PI * k * (at - i)) / n;
          re += (gain(k) * token[c]! * Math.cos(angle)) / n;
          im += (gain(k) * token[c]! * Math.sin(angle)) / n;
        });
      return [re, im];
    }),
  );
}

/** Equation 6: all tokens as one sequence, and what is left of them in L2. Of the image tokens. */
function paperEnergy(prefix: 0 | 1, tokens: number[][], sigma: number): number[] {
  const n = tokens.length;
  const std = (sigma * n) / 2;
  const left = filtered(tokens, (k) => Math.exp(-(Math.min(k, n - k) ** 2) / (2 * std ** 2)));
  return left.slice(prefix).map((token) => Math.hypot(...token.map(([re]) => re)));
}

/** The code's: the image tokens as one sequence with a notch half a bin beside its highest frequency, in L1. */
function codeEnergy(prefix: 0 | 1, tokens: number[][], sigma: number): number[] {
  const image = tokens.slice(prefix);
  const n = image.length;
  const std = (n * (1 - sigma)) / 2;
  const left = filtered(image, (k) => 1 - Math.exp(-((k - (n - 1) / 2) ** 2) / (2 * std ** 2)));
  return left.map((token) => token.reduce((sum, part) => sum + Math.hypot(...part), 0));
}

/** The image tokens as a map, each channel filtered along its columns and its rows, in L2. */
function mapEnergy(prefix: 0 | 1, tokens: number[][], sigma: number): number[] {
  const image = tokens.slice(prefix);
  const std = (sigma * Math.min(height, width)) / 2;
  const along = (line: number[][]) =>
    filtered(line, (k) => Math.exp(-(Math.min(k, line.length - k) ** 2) / (2 * std ** 2))).map(
      (token) => token.map(([re]) => re),
    );
  const rows = Array.from({ length: height }, (_, y) =>
    along(image.slice(y * width, (y + 1) * width)),
  );
  const columns = Array.from({ length: width }, (_, x) => along(rows.map((row) => row[x]!)));
  return image.map((_, i) => Math.hypot(...columns[i % width]![Math.floor(i / width)]!));
}

const energies = { paper: paperEnergy, code: codeEnergy, map: mapEnergy };
const forms = ['paper', 'code', 'map'] as const;

const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;

/** Attention that image tokens get with a class token (VTC-LFC, eq. 8, or as the code has it), or without one. */
const attentionOf = (prefix: 0 | 1, attention: number[][][], form: LfeForm) =>
  Array.from({ length: places }, (_, t) =>
    mean(
      attention.map((rows) => {
        const from = (key: number) => mean(rows.slice(prefix).map((row) => row[key]!));
        if (prefix === 0) return from(t);
        const [theta, share] = form === 'code' ? [1, 1] : [places, places / (places + 1)];
        return theta * from(0) * rows[0]![t + 1]! + share * rows[0]![0]! * from(t + 1);
      }),
    ),
  );

const expectedRanking = (
  prefix: 0 | 1,
  { tokens, attention }: Values,
  { form, sigma }: { form: LfeForm; sigma: number },
) => {
  const energy = energies[form](prefix, tokens, sigma);
  const scores = attentionOf(prefix, attention, form).map((share, i) => share * energy[i]!);
  return [...Array(places).keys()].sort((a, b) => scores[b]! - scores[a]!);
};

describe.each([1, 0] as const)('with %i class tokens', (prefix) => {
  describe.each(forms)('%s', (form) => {
    test.each([0, 1, 2])('tokens are ranked by low-frequency energy x attention (%i)', (seed) => {
      const values = valuesOf(prefix, seed);
      for (const sigma of [0.5, 0.85])
        expect(ranking(prefix, values, { sigma, form })).toEqual(
          expectedRanking(prefix, values, { form, sigma }),
        );
    });
  });
});

test("the form is the paper's unless it is said", () => {
  const rankings = forms.map((form) => ranking(1, valuesOf(1, 1), { form }).join());
  expect(ranking(1, valuesOf(1, 1), {}).join()).toBe(rankings[0]);
  expect(new Set(rankings).size).toBe(3);
});

test('tokens that are all 0 have scores too', () => {
  const { tokens, attention } = valuesOf(1, 3);
  const none = tokens.map((token) => token.map(() => 0));
  for (const form of forms)
    expect(kept(1, { tokens: none, attention }, { form, counts: [3] })).toEqual([0, 1, 2]);
});

test('the cut-off is 0.85 unless it is said', () => {
  for (const seed of [6, 7]) {
    const values = valuesOf(1, seed);
    expect(ranking(1, values, {})).toEqual(ranking(1, values, { sigma: 0.85 }));
  }
});

describe('its cost', () => {
  const macs = (options: LfeOptions) => adapt(blockOf(1), [lfe(options)]).macs;

  test.each([
    ['paper', (places + 1) ** 2],
    ['code', 2 * places ** 2],
    ['map', places * (height + width)],
  ] as const)('is that of the filter, %s', (form, positions) => {
    expect(macs({ counts: [3], form })).toMatchObject({ linear: 0, total: positions * d });
  });

  test('is none where no token is taken out', () => {
    expect(macs({ counts: [] }).total).toBe(0);
  });
});

test.each<[string, LfeOptions]>([
  ['lfe', { counts: [0.5] }],
  ['lfe, sigma', { counts: [2], sigma: 0 }],
  ['lfe, sigma', { counts: [2], sigma: 1 }],
  ['lfe, sigma', { counts: [2], sigma: Number.NaN }],
  ['lfe, form', { counts: [2], form: 'papr' as 'paper' }],
])('OPTION: %s of %j', (where, options) => {
  expect(() => lfe(options)).toThrow(expect.objectContaining({ code: 'OPTION', where }));
});
