import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { Generator } from '../ground/random.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { affine } from './affine.ts';
import { batchNorm, scaleShift } from './batch-norm.ts';
import { crossEntropy } from './cross-entropy.ts';
import { gelu } from './gelu.ts';
import { hardSwish } from './hard-swish.ts';
import { layerNorm } from './layer-norm.ts';
import { lookup } from './lookup.ts';
import { inverse, reindex } from './reindex.ts';
import { resizeBilinear } from './resize.ts';
import { silu } from './silu.ts';

/** erf in float64, by its Taylor series. */
function erf64(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

type Vec = number[];
interface Case {
  shapes: number[][];
  /** The op in TensorFlow.js. */
  op(inputs: Tensor[]): Tensor;
  /** Its definition in float64, on flat row-major inputs. */
  reference(inputs: Vec[]): Vec;
}

const cases: Record<string, Case> = {
  gelu: {
    shapes: [[3, 4]],
    op: ([x]) => gelu(x!),
    reference: ([x]) => x!.map((v) => 0.5 * v * (1 + erf64(v / Math.SQRT2))),
  },
  layerNorm: {
    shapes: [[3, 4], [4], [4]],
    op: ([x, g, b]) => layerNorm(x!, g!, b!, 1e-5),
    reference: ([x, g, b]) =>
      [0, 1, 2].flatMap((r) => {
        const row = x!.slice(4 * r, 4 * r + 4);
        const mean = row.reduce((s, v) => s + v) / 4;
        const variance = row.reduce((s, v) => s + (v - mean) ** 2, 0) / 4;
        return row.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-5)) * g![i]! + b![i]!);
      }),
  },
  affine: {
    shapes: [[3, 4], [2, 4], [2]],
    op: ([x, w, b]) => affine(x!, w!, b!),
    reference: ([x, w, b]) =>
      [0, 1, 2].flatMap((r) =>
        [0, 1].map((o) =>
          [0, 1, 2, 3].reduce((s, i) => s + x![4 * r + i]! * w![4 * o + i]!, b![o]!),
        ),
      ),
  },
  take: {
    shapes: [[3, 4]],
    op: ([x]) => reindex(x!, [0, 3], 1),
    reference: ([x]) => x!.filter((_, i) => i % 4 === 0 || i % 4 === 3),
  },
  put: {
    shapes: [[3, 2]],
    op: ([x]) => reindex(x!, inverse([1, 3], 4), 1),
    reference: ([x]) => [0, 1, 2].flatMap((r) => [0, x![2 * r]!, 0, x![2 * r + 1]!]),
  },
  silu: {
    shapes: [[3, 4]],
    op: ([x]) => silu(x!),
    reference: ([x]) => x!.map((v) => v / (1 + Math.exp(-v))),
  },
  hardSwish: {
    shapes: [[5, 8]],
    op: ([x]) => hardSwish(tf.mul(x!, 3)),
    reference: ([x]) => x!.map((v) => (3 * v * Math.min(Math.max(3 * v + 3, 0), 6)) / 6),
  },
  'permuted rows with zeros': {
    shapes: [[2, 3, 2]],
    op: ([x]) => reindex(x!, [2, -1, 0], 1),
    reference: ([x]) => [0, 6].flatMap((i) => [x![i + 4]!, x![i + 5]!, 0, 0, x![i]!, x![i + 1]!]),
  },
  lookup: {
    shapes: [[3, 2]],
    op: ([x]) => lookup(x!, [2, 0, 2, 2]),
    reference: ([x]) => [2, 0, 2, 2].flatMap((row) => x!.slice(2 * row, 2 * row + 2)),
  },
  resizeBilinear: {
    shapes: [[2, 3, 2, 2]],
    op: ([x]) => resizeBilinear(x!, [4, 3]),
    reference: ([x]) =>
      Array.from({ length: 2 * 4 * 3 * 2 }, (_, i) => {
        const [n, row, column, c] = [i / 24, (i / 6) % 4, (i / 2) % 3, i % 2].map(
          Math.floor,
        ) as Vec;
        // Pixel centres are at halves; beyond the first and last one the image goes on unchanged.
        const at = (r: number, s: number) => x![((n! * 3 + r) * 2 + s) * 2 + c!]!;
        const split = (place: number, from: number, to: number) => {
          const p = Math.min(Math.max(((place + 0.5) * from) / to - 0.5, 0), from - 1);
          return [Math.floor(p), Math.min(Math.floor(p) + 1, from - 1), p % 1] as const;
        };
        const [top, bottom, down] = split(row!, 3, 4);
        const [left, right, over] = split(column!, 2, 3);
        const line = (r: number) => at(r, left) * (1 - over) + at(r, right) * over;
        return line(top) * (1 - down) + line(bottom) * down;
      }),
  },
  batchNorm: {
    shapes: [[2, 3, 2], [2], [2]],
    op: ([x, g, b]) => batchNorm(x!, g!, b!, { eps: 1e-5, processes: 1 }).y,
    reference: ([x, g, b]) => {
      const moment = (c: number, f: (v: number) => number) =>
        x!.reduce((sum, v, i) => (i % 2 === c ? sum + f(v) : sum), 0) / 6;
      return x!.map((v, i) => {
        const mean = moment(i % 2, (u) => u);
        const variance = moment(i % 2, (u) => (u - mean) ** 2);
        return ((v - mean) / Math.sqrt(variance + 1e-5)) * g![i % 2]! + b![i % 2]!;
      });
    },
  },
  scaleShift: {
    shapes: [[2, 3, 2], [2], [2]],
    op: ([x, g, b]) => scaleShift(x!, g!, b!),
    reference: ([x, g, b]) => x!.map((v, i) => v * g![i % 2]! + b![i % 2]!),
  },
  crossEntropy: {
    shapes: [[3, 4]],
    op: ([x]) => crossEntropy(x!, tf.oneHot(tf.tensor1d([0, 2, 3], 'int32'), 4) as Tensor, 0.1),
    reference: ([x]) => {
      const labels = [0, 2, 3];
      const loss = labels.reduce((sum, label, r) => {
        const row = x!.slice(4 * r, 4 * r + 4);
        const total = Math.log(row.reduce((s, v) => s + Math.exp(v), 0));
        return (
          sum - row.reduce((s, v, c) => s + (v - total) * ((c === label ? 0.9 : 0) + 0.025), 0)
        );
      }, 0);
      return [loss / 3];
    },
  },
};

describe.each(['cpu', 'wasm'])('%s', (backend) => {
  beforeAll(async () => {
    await createEagerEngine({ backend });
  });

  test.each(Object.entries(cases))(
    '%s: values and gradients are those of float64',
    (_, { shapes, op, reference }) => {
      const generator = new Generator(11);
      const inputs = shapes.map((shape) =>
        Array.from({ length: shape.reduce((a, b) => a * b) }, () =>
          Math.fround(generator.normal()),
        ),
      );
      const weights = reference(inputs).map(() => Math.fround(generator.normal()));
      const objective = (values: Vec[]) =>
        reference(values).reduce((s, v, i) => s + v * weights[i]!, 0);

      const tensors = inputs.map((values, i) => tf.tensor(values, shapes[i]));
      const before = tf.memory().numTensors;
      const [value, gradients] = tf.tidy(() => {
        const weighted = (...xs: Tensor[]) => {
          const y = op(xs);
          return tf.sum(tf.mul(tf.reshape(y, [-1]), tf.tensor1d(weights)));
        };
        return [
          [...op(tensors).dataSync()],
          tf
            .grads(weighted)(tensors)
            .map((g) => [...g.dataSync()]),
        ];
      });
      expect(tf.memory().numTensors).toBe(before);
      reference(inputs).forEach((expected, i) => expect(value[i]).toBeCloseTo(expected, 5));

      const h = 1e-6;
      inputs.forEach((values, k) =>
        values.forEach((x, i) => {
          const at = (shifted: number) => objective(inputs.with(k, values.with(i, shifted)));
          expect(gradients[k]![i]).toBeCloseTo((at(x + h) - at(x - h)) / (2 * h), 4);
        }),
      );
    },
  );
});
