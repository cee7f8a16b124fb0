import type { OnnxGraph, OnnxNode } from '../proto.ts';
import type { Size } from '../sizes.ts';
import { BINARY, UNARY } from './elementwise-ops.ts';
import { type Rewriter, rewrite } from './rewriter.ts';

/** A reshape that makes one axis of the first ones and leaves the others: [images, heads, n, d] -> [images * heads, n, d]. */
interface Merge {
  x: string;
  /** The axes that become one. */
  leading: readonly Size[];
}

function merge(w: Rewriter, name: string): Merge | undefined {
  const x = w.made(name, 'Reshape')?.inputs[0];
  const [before, after] = [x && w.shape(x), w.shape(name)];
  if (!x || !before || !after || before.length <= after.length) return undefined;
  const rest = after.length - 1;
  const leading = before.slice(0, before.length - rest);
  return after.slice(1).join() === before.slice(leading.length).join() ? { x, leading } : undefined;
}

/** What an op reads where its arrays keep their first axes apart, and those axes, which all share. */
function apart(w: Rewriter, { inputs }: OnnxNode) {
  const merges = inputs.map((name) => (w.isConstant(name) ? undefined : merge(w, name)));
  const first = merges.find((m) => m !== undefined);
  const rank = first && w.shape(inputs[merges.indexOf(first)]!)!.length;
  const fit = inputs.every((name, i) =>
    w.isConstant(name)
      ? (w.shape(name)?.length ?? Infinity) < (rank ?? 0)
      : merges[i]?.leading.join() === first?.leading.join(),
  );
  if (!first || !fit) return undefined;
  return { names: inputs.map((name, i) => merges[i]?.x ?? name), leading: first.leading };
}

/** Ops that read several arrays, all of which have the first axis. */
const TOGETHER = new Set([...BINARY, 'MatMul']);

/** Ops of one array that go along an axis, or from one on. */
const BY_AXIS = new Set(['LayerNormalization', 'LogSoftmax', 'Softmax']);

/** Ops of one array that others tell axes and places. */
const BY_PLACES = new Set(['Pad', 'Slice']);

/** Attributes of an op of one array for one that has `more` axes before it. */
function attributesFor(
  w: Rewriter,
  node: OnnxNode,
  more: number,
): OnnxNode['attributes'] | undefined {
  const { op, inputs, attributes } = node;
  if (UNARY.has(op) || BY_PLACES.has(op)) return attributes;
  if (op === 'Transpose') {
    const perm = attributes.perm as readonly number[];
    const first = Array.from({ length: more }, (_, i) => i);
    return perm[0] === 0 ? { perm: [...first, ...perm.map((axis) => axis + more)] } : undefined;
  }
  if (!BY_AXIS.has(op)) return undefined;
  const axis = attributes.axis as number;
  if (axis === 0 || axis === -(w.shape(inputs[0]!)?.length ?? 0)) return undefined;
  return { ...attributes, axis: axis < 0 ? axis : axis + more };
}

/** What says axes or places of an op of one array, for one that has `more` axes before it; undefined where it goes along the first. */
function placesFor(w: Rewriter, { op, inputs }: OnnxNode, more: number): string[] | undefined {
  const rest = inputs.slice(1);
  if (op === 'Pad') {
    const pads = w.ints(inputs[1]);
    const rank = (pads?.length ?? 0) / 2;
    if (pads?.[0] !== 0 || pads[rank] !== 0 || inputs.length > 3) return undefined;
    const first = Array<number>(more).fill(0);
    return [
      w.int64([...first, ...pads.slice(0, rank), ...first, ...pads.slice(rank)]),
      ...rest.slice(1),
    ];
  }
  if (op !== 'Slice') return rest;
  const axes = w.ints(inputs[3]);
  if (!axes?.every((axis) => axis > 0)) return undefined;
  return rest.with(2, w.int64(axes.map((axis) => axis + more)));
}

/**
 * Moves reshapes that make one axis of the first ones (images and heads, images and windows) behind what can be computed
 * with these apart, where they meet the reshape that takes them apart again and end (`mergeReshapes`).
 */
export const sinkReshapes = (graph: OnnxGraph): OnnxGraph =>
  rewrite(graph, (node, w) => {
    const { op, inputs } = node;
    if (node.domain !== '' || node.outputs.length !== 1) return false;
    if (inputs.every((name) => w.isConstant(name))) return false;
    const found = TOGETHER.has(op)
      ? apart(w, node)
      : apart(w, { ...node, inputs: inputs.slice(0, 1) });
    if (!found) return false;
    const { names, leading } = found;
    const attributes = TOGETHER.has(op)
      ? node.attributes
      : attributesFor(w, node, leading.length - 1);
    if (!attributes) return false;
    const rest = TOGETHER.has(op) ? [] : placesFor(w, node, leading.length - 1);
    if (!rest) return false;
    const all = [...names, ...rest];
    const y = w.node(op, all, attributes);
    const [merged] = w.shape(inputs.find((name) => !w.isConstant(name))!)!;
    const inner = w.shape(y)?.slice(leading.length);
    const back = inner && w.reshape(y, [merged!, ...inner]);
    if (back === undefined) return false;
    w.replace(node.outputs[0]!, back);
    return true;
  });
