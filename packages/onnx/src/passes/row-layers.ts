import type { OnnxGraph, OnnxNode } from '../proto.ts';
import type { Size } from '../sizes.ts';
import { BINARY, UNARY } from './elementwise-ops.ts';
import { type Rewriter, rewrite } from './rewriter.ts';

/** A value's last axis alone, all others made one: [images, tokens, channels] -> [images * tokens, channels]. */
const rowsOf = (w: Rewriter, name: string, shape: readonly Size[]): string | undefined => {
  const columns = shape.at(-1);
  return typeof columns === 'number'
    ? w.node('Reshape', [name, w.int64([-1, columns])])
    : undefined;
};

/**
 * Layers over arrays of more axes become `Gemm` over their rows, as ONNX Runtime computes them: written so, it has no reshapes to put
 * around each of them itself.
 */
export const rowLayers = (graph: OnnxGraph): OnnxGraph =>
  rewrite(graph, (node, w) => {
    if (node.op !== 'Add' || node.domain !== '') return false;
    const at = node.inputs.findIndex((name) => w.made(name, 'MatMul') && w.uses(name) === 1);
    const [product, bias] = [node.inputs[at], node.inputs[1 - at]];
    const [x, weight] = w.made(product, 'MatMul')?.inputs ?? [];
    if (!x || !weight || !bias || !w.isConstant(weight) || !w.isConstant(bias)) return false;
    const [from, to] = [w.shape(x), w.shape(product!)];
    if (!from || !to || from.length < 3 || w.shape(bias)?.length !== 1) return false;
    const rows = rowsOf(w, x, from);
    const back = rows && w.reshape(w.node('Gemm', [rows, weight, bias]), to);
    if (!back) return false;
    w.replace(node.outputs[0]!, back);
    return true;
  });

/** The rows that a reshape has made an array of more axes of, [rows, channels] -> [images, tokens, channels], and its shape. */
function split(w: Rewriter, name: string) {
  const rows = w.made(name, 'Reshape')?.inputs[0];
  const [before, after] = [rows && w.shape(rows), w.shape(name)];
  const is = before?.length === 2 && (after?.length ?? 0) > 2 && before[1] === after!.at(-1);
  return is ? { rows: rows!, shape: after! } : undefined;
}

/** Whether an op of one array computes each row from itself. */
function isByRow(w: Rewriter, { op, inputs, attributes }: OnnxNode): boolean {
  if (!inputs.slice(1).every((name) => w.isConstant(name))) return false;
  if (UNARY.has(op)) return true;
  const last = (w.shape(inputs[0]!)?.length ?? 0) - 1;
  return op === 'LayerNormalization' && (attributes.axis === -1 || attributes.axis === last);
}

/** What a node reads, as rows; undefined where it does not compute each row from rows alone. */
function inputsAsRows(w: Rewriter, node: OnnxNode, shape: readonly Size[]): string[] | undefined {
  const { op, inputs } = node;
  if (!BINARY.has(op)) {
    const first = isByRow(w, node) ? split(w, inputs[0]!) : undefined;
    return first && [first.rows, ...inputs.slice(1)];
  }
  const rows = inputs.map((name) => {
    if (w.isConstant(name)) return (w.shape(name)?.length ?? 2) < 2 ? name : undefined;
    if (w.shape(name)?.join() !== shape.join()) return undefined;
    return split(w, name)?.rows ?? rowsOf(w, name, shape);
  });
  return rows.every((name) => name !== undefined) ? rows : undefined;
}

/**
 * Moves the reshapes that take the rows of layers apart ([rows, channels] -> [images, tokens, channels]) behind what computes each row
 * from itself: norms, activations, additions. They meet the next layer's, and both end (`mergeReshapes`).
 */
export const keepRows = (graph: OnnxGraph): OnnxGraph =>
  rewrite(graph, (node, w) => {
    if (node.domain !== '' || node.outputs.length !== 1) return false;
    const found = node.inputs.map((name) => split(w, name)).find((s) => s !== undefined);
    const inputs = found && inputsAsRows(w, node, found.shape);
    if (!inputs) return false;
    const { op, attributes } = node;
    const own = op === 'LayerNormalization' ? { ...attributes, axis: -1 } : { ...attributes };
    const back = w.reshape(w.node(op, inputs, own), found.shape);
    if (!back) return false;
    w.replace(node.outputs[0]!, back);
    return true;
  });
