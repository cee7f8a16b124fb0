import type { OnnxGraph } from '../proto.ts';
import { type Rewriter, rewrite } from './rewriter.ts';

/** What `rows` [rows, in] are the rows of, where it has more axes: [..., in]. */
function rowsOf(w: Rewriter, rows: string): string | undefined {
  const reshape = w.made(rows, 'Reshape');
  const x = reshape?.inputs[0];
  const [before, after] = [x && w.shape(x), w.shape(rows)];
  return before && before.length > 2 && before.at(-1) === after?.at(-1) ? x : undefined;
}

/**
 * Layers with constant weights over the rows of an array of more axes become MatMul and Add over the array itself,
 * which is how linear layers are written everywhere; what reshapes their rows back goes (`mergeReshapes`).
 */
export const linearLayers = (graph: OnnxGraph): OnnxGraph =>
  rewrite(graph, (node, w) => {
    if (node.op !== 'Gemm' || node.attributes.transA) return false;
    const [rows, weight, bias] = node.inputs as [string, string, string | undefined];
    const x = rowsOf(w, rows);
    if (x === undefined || !w.isConstant(weight)) return false;
    const matrix = node.attributes.transB
      ? w.node('Transpose', [weight], { perm: [1, 0] })
      : weight;
    const product = w.node('MatMul', [x, matrix]);
    const y = bias === undefined ? product : w.node('Add', [product, bias]);
    const columns = w.shape(y)?.at(-1);
    if (typeof columns !== 'number') return false;
    w.replace(node.outputs[0]!, w.node('Reshape', [y, w.int64([-1, columns])]));
    return true;
  });
