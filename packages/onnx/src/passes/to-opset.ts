import { KcrError } from '@kcr/core';
import { type OnnxGraph, OPSET } from '../proto.ts';
import { type Rewriter, rewrite } from './rewriter.ts';

/** The versions of ONNX' operator set that graphs can be written in. */
const OPSETS = { first: 17, last: 23 } as const;

const half = (w: Rewriter, value: number) =>
  w.initializer({ dtype: 'float32', shape: [], data: Float32Array.of(value) });

/** x / 2 (1 + erf(x / sqrt 2)), for versions without Gelu. */
function gelu(w: Rewriter, x: string): string {
  const erf = w.node('Erf', [w.node('Mul', [x, half(w, Math.SQRT1_2)])]);
  return w.node('Mul', [w.node('Mul', [x, half(w, 0.5)]), w.node('Add', [erf, half(w, 1)])]);
}

/** Reductions whose axes are an attribute before version 18. */
const REDUCTIONS = new Set(['ReduceMax', 'ReduceMean', 'ReduceMin', 'ReduceProd']);

/**
 * Writes a graph of operator set {@link OPSET} in another version. Later ones have no other ops that it would use.
 *
 * @throws KcrError `ONNX_OPSET`
 */
export function toOpset(graph: OnnxGraph, version: number): OnnxGraph {
  const { first, last } = OPSETS;
  if (!(Number.isSafeInteger(version) && version >= first && version <= last))
    throw new KcrError('ONNX_OPSET', {
      where: 'exportOnnx',
      found: `version ${version} of ONNX' operator set`,
      fix: `Choose one from ${first} to ${last}`,
    });
  if (version >= OPSET) return { ...graph, opset: version };
  const older = rewrite(graph, (node, w) => {
    const [x, axes] = node.inputs as [string, string | undefined];
    const out = node.outputs[0]!;
    if (node.op === 'Gelu') w.replace(out, gelu(w, x));
    else if (version < 18 && REDUCTIONS.has(node.op) && axes !== undefined)
      w.replace(out, w.node(node.op, [x], { ...node.attributes, axes: w.ints(axes)! }));
    else return false;
    return true;
  });
  return { ...older, opset: version };
}
