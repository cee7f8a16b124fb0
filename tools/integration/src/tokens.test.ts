import {
  type Adapter,
  adapt,
  constant,
  defineTokenSelector,
  type KcrError,
  type Model,
  type NdArray,
  type StateDict,
  type Tensor,
  tf,
  tokensToKeep,
} from '@kcr/core';
import { evit, tome } from '@kcr/criteria';
import { keptTokens } from '@kcr/explain';
import { lfe } from '@kcr/lfc';
import { describe, expect, test } from 'vitest';
import { engines, largeWeights, maxDifference, noise, smallModels } from './helpers.ts';

const sets = Object.entries(smallModels).filter(([, make]) => make().architecture.tokens === 'set');
const grids = Object.entries(smallModels).filter(
  ([, make]) => make().architecture.tokens === 'grid',
);

const image = (model: Model) => noise([3, ...model.inputShape], 2);

/** The logits, and the values of the taps of a role, in an evaluation. */
async function run(model: Model, weights: StateDict, role = '', engineName = 'onnx') {
  const engine = await engines[engineName]!();
  engine.set(weights);
  const step = engine.compile('taps', ({ inputs, state }) => {
    const outputs: Record<string, Tensor> = {};
    const { logits } = model.apply(inputs.image!, {
      state,
      tap: (value, info) => {
        if (info.role === role) outputs[info.name] = value;
        return value;
      },
    });
    return { outputs: { ...outputs, logits } };
  });
  const { logits, ...taps } = await step({ image: image(model) });
  await engine.dispose();
  return { logits: logits!, taps: Object.values(taps) };
}

describe.each(sets)('%s', (_, makeModel) => {
  test('tokens kept in place and hidden give the same as tokens taken out', async () => {
    for (const form of ['paper', 'code', 'map'] as const) {
      const plain = makeModel();
      const weights = largeWeights(plain);
      // The sequence that is filtered is another one when tokens stay in it.
      const counts = form === 'map' ? [3, 2] : [2];
      const [out, hidden] = [false, true].map((inPlace) =>
        adapt(plain, [lfe({ counts, form, inPlace })]),
      ) as [Model, Model];
      const results = [await run(out, weights), await run(hidden, weights)] as const;
      const whole = await run(plain, weights);
      // LV-ViT's second head takes the best of all patches, those of 0 too.
      if (plain.architecture.name === 'lvvit') continue;
      expect(maxDifference(results[0].logits, results[1].logits)).toBeLessThan(1e-4);
      expect(maxDifference(results[0].logits, whole.logits)).toBeGreaterThan(1e-3);
    }
  });

  test("EViT's and LFE's token counts, and ToMe's, whose sizes sum to all", async () => {
    const plain = makeModel();
    const weights = largeWeights(plain);
    const n = (await run(plain, weights, 'weights')).taps[0]!.shape[2]!;
    const tokens = async (adapter: Adapter) => {
      const model = adapt(plain, [adapter]);
      return (await run(model, weights, 'weights')).taps.map(({ shape }) => shape[2]);
    };
    expect(await tokens(evit({ keepRatio: 0.7, blocks: [0] }))).toEqual([
      n,
      2 + Math.ceil(0.7 * (n - 1)),
    ]);
    expect(await tokens(lfe({ counts: [2] }))).toEqual([n, 3]);
    expect(await tokens(tome({ r: 2 }))).toEqual([n, n - 2]);
    const { taps } = await run(adapt(plain, [tome({ r: [1, 1] })]), weights, 'sizes');
    taps.forEach(({ data, shape }, block) => {
      expect(shape[1]).toBe(n - 1 - block);
      for (let i = 0; i < shape[0]!; i++) {
        const own = Array.from(data).slice(i * shape[1]!, (i + 1) * shape[1]!);
        expect(own.reduce((a, b) => a + b)).toBeCloseTo(n, 5);
      }
    });
  });

  test('the tokens that are left are known by their places', async () => {
    for (const [adapter, left] of [
      [lfe({ counts: [3, 2] }), 2],
      [lfe({ counts: [3, 2], inPlace: true }), 2],
      [evit({ counts: [3, 3] }), 3],
    ] as const) {
      const model = adapt(makeModel(), [adapter]);
      const engine = await engines.onnx!();
      engine.set(largeWeights(model));
      const kept = (await keptTokens(engine, model, image(model)))!;
      await engine.dispose();
      const { height, width } = model.taps.find((tap) => tap.role === 'tokens')!.layout!;
      expect(kept.shape).toEqual([3, height, width]);
      const sums = [0, 1, 2].map((i) =>
        Array.from(kept.data)
          .slice(i * height * width, (i + 1) * height * width)
          .reduce((a, b) => a + b),
      );
      // The token of a sum may go again in a later block, and lies nowhere.
      for (const sum of sums) expect(Math.abs(sum - left)).toBeLessThanOrEqual(left === 3 ? 1 : 0);
    }
  });
});

describe.each(grids)('%s', (name, makeModel) => {
  test('tokens cannot be taken out, but kept in place and hidden', async () => {
    const attempt = (adapter: Adapter) => {
      try {
        return adapt(makeModel(), [adapter]);
      } catch (error) {
        return (error as KcrError).code;
      }
    };
    expect(attempt(lfe({ counts: [2] }))).toBe('TOKENS_GRID');
    expect(attempt(tome({ r: 1 }))).toBe('TOKENS_GRID');
    for (const form of ['paper', 'code', 'map'] as const) {
      const hidden = attempt(lfe({ counts: [3, 2], form, inPlace: true }));
      if (name === 'efficientvit') {
        expect(hidden).toBe('TOKENS_ATTENTION');
        continue;
      }
      const weights = largeWeights(makeModel());
      const { taps } = await run(hidden as Model, weights, 'tokens');
      const [, , d] = taps[0]!.shape as [number, number, number];
      const left = tokensOf(taps[0]!, d).filter((token) => token.some((x) => x !== 0));
      expect(left).toHaveLength(3 * 3);
      const whole = await run(makeModel(), weights);
      expect(
        maxDifference((await run(hidden as Model, weights)).logits, whole.logits),
      ).toBeGreaterThan(1e-4);
    }
  });
});

const tokensOf = ({ data }: NdArray, d: number): number[][] =>
  Array.from({ length: data.length / d }, (_, i) => Array.from(data.slice(i * d, (i + 1) * d)));

test('what hidden tokens held changes nothing for the others', async () => {
  const plain = smallModels.swin!();
  const weights = largeWeights(plain);
  // Scores by place, so that the choice does not depend on the image.
  const byPlace = defineTokenSelector({
    name: 'by-place',
    module: 'here',
    contract: 1,
    select: (_: object) => ({
      keep: tokensToKeep('by-place', { counts: [32, 32] }),
      inPlace: true,
      scores: ({ tokens, fromMap }) => {
        const [images, n] = tokens.shape as [number, number];
        const column = tf.cumsum(tf.ones([images, 8, 8, 1]), 2);
        return tf.reshape(tf.neg(fromMap(column)), [images, n]);
      },
    }),
  });
  const model = adapt(plain, [byPlace({})]);
  const engine = await engines.onnx!();
  engine.set(weights);
  const attention = async (shift: number) => {
    const step = engine.compile('taps', ({ inputs, state }) => {
      const outputs: Record<string, Tensor> = {};
      let block = 0;
      model.apply(inputs.image!, {
        state,
        tap: (value, { role, name }) => {
          if (name === 'layers.0.blocks.1.attn.context') outputs.context = value;
          // After the first selection, the right half of the map is hidden.
          if (role !== 'tokens' || block++ > 0) return value;
          const right = tf.cast(tf.greater(tf.cumsum(tf.ones([1, 8, 8, 1]), 2), 4), 'float32');
          const other = constant(noise([1, 1, value.shape[2]!], 7));
          return tf.add(value, tf.mul(tf.mul(tf.reshape(right, [1, 64, 1]), other), shift));
        },
      });
      return { outputs };
    });
    return (await step({ image: image(model) })).context!;
  };
  const [a, b] = [await attention(0), await attention(100)];
  await engine.dispose();
  // Queries of hidden tokens see others as before, but nobody sees them: all contexts stay.
  expect(maxDifference(a, b)).toBeGreaterThan(0);
  const rows = tokensOf(a, a.shape[2]!);
  const same = tokensOf(b, b.shape[2]!).map((row, i) =>
    row.every((x, j) => Math.abs(x - rows[i]![j]!) < 1e-4),
  );
  expect(same.filter(Boolean).length).toBeGreaterThanOrEqual(3 * 32);
});

test.each([
  ['TOKENS_LAYOUT', 'tokens that were merged lie in no map', [1], [4, 1]],
  ['TOKENS_CHANGED', 'two adapters that change the tokens of one block', [1], [2]],
] as const)('%s: %s', (code, _, r, counts) => {
  const stacked = () => adapt(smallModels.vit!(), [tome({ r }), lfe({ counts, form: 'map' })]);
  expect(stacked).toThrow(expect.objectContaining({ code }));
});

test.each([
  ['counts', () => lfe({ counts: [1.5] })],
  ['a share', () => evit({ keepRatio: 0, blocks: [1] })],
  ['pairs', () => tome({ r: -1 })],
])('%s out of range are refused', (_, make) => {
  expect(() => adapt(smallModels.vit!(), [make()])).toThrow(
    expect.objectContaining({ code: 'OPTION' }),
  );
});
