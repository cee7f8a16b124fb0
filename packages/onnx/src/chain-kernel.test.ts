import { expect, test } from 'vitest';
import { CHAIN_OPS, type Chain, type ChainStep, type Operand } from './chain.ts';
import { chainKernel } from './chain-kernel.ts';

const r = Math.fround;

/** Each op by JavaScript's own numbers, rounded to single ones, which is what IEEE 754 says of it. */
const expected: Record<ChainStep['kernel'], (a: number, b: number) => number> = {
  Abs: (a) => Math.abs(a),
  Neg: (a) => -a,
  Sqrt: (a) => r(Math.sqrt(a)),
  Square: (a) => r(a * a),
  Add: (a, b) => r(a + b),
  Sub: (a, b) => r(a - b),
  Multiply: (a, b) => r(a * b),
  RealDiv: (a, b) => r(a / b),
  Minimum: (a, b) => Math.min(a, b),
  Maximum: (a, b) => Math.max(a, b),
};

const SPECIAL = [0, -0, 1, -1, r(1e-45), r(3.4e38), -r(3.4e38), Infinity, -Infinity, Number.NaN];

/** Pairs of all special numbers, and others. */
const pairs = [
  ...SPECIAL.flatMap((a) => SPECIAL.map((b) => [a, b] as const)),
  ...Array.from(
    { length: 1001 },
    (_, i) => [r(Math.sin(i) * 10 ** (i % 9)), r(Math.cos(3 * i))] as const,
  ),
];

const chainOf = (
  steps: readonly ChainStep[],
  results: readonly Operand[],
  [arrays, scalars]: readonly [number, number],
): Chain => ({ arrays: { length: arrays }, scalars: { length: scalars }, steps, results });

test.each(Object.keys(CHAIN_OPS) as ChainStep['kernel'][])('%s', (kernel) => {
  const two = CHAIN_OPS[kernel].operands.length === 2 && CHAIN_OPS[kernel].operands[0] === 'a';
  const operands: Operand[] = two ? [{ array: 0 }, { array: 1 }] : [{ array: 0 }];
  if (kernel === 'Square') operands.push({ array: 0 });
  const chain = chainOf([{ kernel, operands }], [{ step: 0 }], [2, 0]);
  const [a, b] = [0, 1].map((i) => Float32Array.from(pairs, (pair) => pair[i]!));
  const out = new Float32Array(pairs.length);
  chainKernel(chain).run([a!, b!], [], [out]);
  pairs.forEach(([x, y], i) => {
    expect([x, y, out[i]]).toEqual([x, y, expected[kernel](x, y)]);
  });
});

test.each([1, 2, 3, 4, 5, 8191, 8192, 8193, 20_000])(
  'results may take the place of what is read, for %i numbers',
  (length) => {
    // m' = m * 0.5 + g, p' = p * s - m': two results over two of three arrays.
    const steps: ChainStep[] = [
      { kernel: 'Multiply', operands: [{ array: 0 }, { number: 0.5 }] },
      { kernel: 'Add', operands: [{ step: 0 }, { array: 1 }] },
      { kernel: 'Multiply', operands: [{ array: 2 }, { scalar: 0 }] },
      { kernel: 'Sub', operands: [{ step: 2 }, { step: 1 }] },
    ];
    const kernel = chainKernel(chainOf(steps, [{ step: 1 }, { step: 3 }], [3, 1]));
    const [m, g, p] = [1, 2, 3].map((phase) =>
      Float32Array.from({ length }, (_, i) => Math.sin(i + phase)),
    ) as [Float32Array, Float32Array, Float32Array];
    const nextM = m.map((value, i) => r(r(value * 0.5) + g[i]!));
    const nextP = p.map((value, i) => r(r(value * r(0.7)) - nextM[i]!));
    kernel.run([m, g, p], [0.7], [m, p]);
    expect(m).toEqual(nextM);
    expect(p).toEqual(nextP);
  },
);

test('constants that JSON has no word for are told apart', () => {
  for (const number of [0, -0, Infinity, -Infinity, Number.NaN, 1, 1e39]) {
    const out = new Float32Array(3);
    chainKernel(chainOf([], [{ number }], [0, 0])).run([], [], [out]);
    const single = r(number);
    expect([...out]).toEqual([single, single, single]);
  }
});

test('chains that do the same have one kernel', () => {
  const negated = () =>
    chainOf([{ kernel: 'Neg', operands: [{ array: 0 }] }], [{ step: 0 }], [1, 0]);
  expect(chainKernel(negated())).toBe(chainKernel(negated()));
  expect(
    chainKernel({ ...negated(), steps: [{ kernel: 'Abs', operands: [{ array: 0 }] }] }),
  ).not.toBe(chainKernel(negated()));
});
