import { expect, test } from 'vitest';
import type { OnnxBuilder } from '../builder.ts';
import { constantWaves, graphOf, opsAfter, unchanged } from '../testing/graphs.ts';
import { fusedAttention } from './fused-attention.ts';

const TOKENS = 5;
const HEADS = 2;

interface Options {
  /** Channels of a head of q and k. */
  readonly size?: number;
  /** Sizes of what is added to the scores. */
  readonly bias?: readonly number[];
  /** Does something else with the weights. */
  readonly weights?: (b: OnnxBuilder, weights: string) => string;
  readonly axis?: number;
  /** Whether the weights are an output too. */
  readonly read?: boolean;
}

/** Attention of q, k [batch, tokens, 2 * size] and v [batch, tokens, 12]. */
const attention = ({ size = 6, bias, weights = (_, x) => x, axis = -1, read }: Options = {}) => {
  const rows = ['batch', TOKENS, HEADS * size];
  return graphOf({ q: rows, k: rows, v: ['batch', TOKENS, 12] }, (b) => {
    const heads = (x: string, n: number, perm: number[]) =>
      b.node('Transpose', [b.reshape(x, [-1, TOKENS, HEADS, n])], { perm });
    const q = heads('q', size, [0, 2, 1, 3]);
    const k = heads('k', size, [0, 2, 3, 1]);
    const v = heads('v', 6, [0, 2, 1, 3]);
    const scores = b.node('MatMul', [q, k]);
    const biased = bias ? b.node('Add', [scores, constantWaves(b, bias)]) : scores;
    const softmax = weights(b, b.node('Softmax', [biased], { axis }));
    const mixed = b.node('MatMul', [softmax, v]);
    const back = b.node('Transpose', [mixed], { perm: [0, 2, 1, 3] });
    const y = b.node('Neg', [b.reshape(back, [-1, TOKENS, 12])]);
    const outputs: Record<string, string> = { y };
    if (read) outputs.softmax = softmax;
    return outputs;
  });
};

test.each<[string, Options, string[]]>([
  ['attention', {}, ['MultiHeadAttention', 'Neg']],
  ['narrower q and k', { size: 3 }, ['MultiHeadAttention', 'Neg']],
])('%s becomes one operator', async (_, options, ops) => {
  const graph = attention(options);
  await unchanged(graph, fusedAttention);
  expect(await opsAfter(graph, fusedAttention)).toEqual(ops);
});

test.each<[string, Options]>([
  ['a softmax over other tokens', { axis: 2 }],
  ['a bias', { bias: [HEADS, TOKENS, TOKENS] }],
  ['weights that are changed', { weights: (b, x) => b.node('Mul', [x, x]) }],
  ['weights that something else reads', { read: true }],
])('%s: nothing is fused', async (_, options) => {
  const graph = attention(options);
  const before = graph.nodes.map(({ op }) => op).filter((op) => op !== 'Identity');
  expect(await opsAfter(graph, fusedAttention)).toEqual(before);
});
