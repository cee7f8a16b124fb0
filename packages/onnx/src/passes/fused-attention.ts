import { MICROSOFT } from '../domains.ts';
import type { OnnxGraph, OnnxNode } from '../proto.ts';
import { type Rewriter, rewrite } from './rewriter.ts';

/** The node that makes a value, if it is of this kind and nothing else reads the value. */
function only(w: Rewriter, name: string | undefined, op: string): OnnxNode | undefined {
  const node = w.made(name, op);
  return node && w.uses(name!) === 1 ? node : undefined;
}

/** Rows of [batch, tokens, heads * size] whose heads were moved before the tokens, by a permutation. */
function heads(w: Rewriter, name: string, perm: readonly number[]) {
  const moved = only(w, name, 'Transpose');
  const split = moved && only(w, moved.inputs[0], 'Reshape');
  if (!split || `${moved.attributes.perm}` !== `${perm}`) return undefined;
  const [rows] = split.inputs as [string];
  const [whole, apart] = [w.shape(rows), w.shape(split.outputs[0]!)];
  const [count, size] = apart?.slice(2) ?? [];
  const fits =
    whole?.length === 3 &&
    apart?.length === 4 &&
    `${whole.slice(0, 2)}` === `${apart.slice(0, 2)}` &&
    typeof count === 'number' &&
    typeof size === 'number';
  return fits ? { rows, count } : undefined;
}

/**
 * Attention whose weights nothing else reads becomes ONNX Runtime's own operator, which computes a head without storing all of its
 * weights. Queries are scaled already. With a bias on the scores (windows of Swin) it is no faster, and that is left as it is.
 */
export const fusedAttention = (graph: OnnxGraph): OnnxGraph =>
  rewrite(graph, (node, w) => {
    if (node.op !== 'Reshape' || node.domain !== '') return false;
    const moved = only(w, node.inputs[0], 'Transpose');
    const mixed = moved && only(w, moved.inputs[0], 'MatMul');
    const softmax = mixed && only(w, mixed.inputs[0], 'Softmax');
    const scores = softmax && only(w, softmax.inputs[0], 'MatMul');
    if (!scores || `${moved.attributes.perm}` !== '0,2,1,3') return false;
    if (softmax.attributes.axis !== -1 && softmax.attributes.axis !== 3) return false;
    const q = heads(w, scores.inputs[0]!, [0, 2, 1, 3]);
    const k = heads(w, scores.inputs[1]!, [0, 2, 3, 1]);
    const v = heads(w, mixed.inputs[1]!, [0, 2, 1, 3]);
    if (!q || !k || !v) return false;
    const joined = w.ints(node.inputs[1]);
    const whole = [w.shape(q.rows)![1], w.shape(v.rows)![2]];
    if (joined?.length !== 3 || `${joined.slice(1)}` !== `${whole}`) return false;
    w.copy({
      op: 'MultiHeadAttention',
      domain: MICROSOFT,
      inputs: [q.rows, k.rows, v.rows],
      outputs: node.outputs,
      attributes: { num_heads: q.count, scale: { float: 1 } },
      path: node.path,
    });
    return true;
  });
