import type { OnnxGraph, OnnxNode } from '../proto.ts';
import { BINARY, UNARY } from './elementwise-ops.ts';
import { type Rewriter, rewrite } from './rewriter.ts';

/** The transpose that makes a value. Axis i of what it gives is axis perm[i] of what it reads. */
function transposed(w: Rewriter, name: string) {
  const node = w.made(name, 'Transpose');
  return node && { x: node.inputs[0]!, perm: node.attributes.perm as readonly number[] };
}

/** The permutation that undoes one. */
const inverse = (perm: readonly number[]) => perm.map((_, i) => perm.indexOf(i));

/** A constant that broadcasts with a transposed array of rank `perm.length`, as it broadcasts with the array before. */
function before(w: Rewriter, constant: string, perm: readonly number[]): string | undefined {
  const shape = w.shape(constant);
  if (!shape || shape.length > perm.length) return undefined;
  if (shape.every((n) => n === 1)) return constant;
  const whole = [...Array<number>(perm.length - shape.length).fill(1), ...shape];
  const full = whole.length === shape.length ? constant : w.reshape(constant, whole);
  return full && w.node('Transpose', [full], { perm: inverse(perm) });
}

/** What an op reads where its arrays are read before they are transposed, and the permutation that all share. */
function common(w: Rewriter, { inputs }: OnnxNode) {
  const found = inputs.map((name) => (w.isConstant(name) ? undefined : transposed(w, name)));
  const first = found.find((t) => t !== undefined);
  const same = inputs.every(
    (name, i) => w.isConstant(name) || found[i]?.perm.join() === first?.perm.join(),
  );
  if (!first || !same) return undefined;
  const names = inputs.map((name, i) => found[i]?.x ?? before(w, name, first.perm));
  return names.includes(undefined) ? undefined : { names: names as string[], perm: first.perm };
}

/** Writes an op before the transpose, and transposes what it gives. */
function sink(
  w: Rewriter,
  node: OnnxNode,
  { inputs, attributes = node.attributes, perm }: Sunk,
): true {
  const names = w.nodeOutputs(node.op, inputs, attributes, node.outputs.length);
  node.outputs.forEach((old, i) => {
    const keeps = perm.every((axis, j) => axis === j);
    w.replace(old, keeps ? names[i]! : w.node('Transpose', [names[i]!], { perm }));
  });
  return true;
}

interface Sunk {
  inputs: readonly string[];
  attributes?: OnnxNode['attributes'];
  perm: readonly number[];
}

type Rule = (
  node: OnnxNode,
  x: { x: string; perm: readonly number[] },
  w: Rewriter,
) => Sunk | undefined;

const axisOf = (axis: unknown, perm: readonly number[]): number => {
  const at = (axis as number) ?? -1;
  return perm[at < 0 ? at + perm.length : at]!;
};

const byAxis: Rule = ({ inputs, attributes }, { x, perm }) => ({
  inputs: [x, ...inputs.slice(1)],
  attributes: { ...attributes, axis: axisOf(attributes.axis, perm) },
  perm,
});

const reduce: Rule = ({ inputs, attributes }, { x, perm }, w) => {
  const axes = w.ints(inputs[1]);
  if (!axes) return undefined;
  const at = axes.map((axis) => axisOf(axis, perm)).sort((a, b) => a - b);
  const left = perm.filter((axis) => !at.includes(axis));
  const order = left.toSorted((a, b) => a - b);
  return {
    inputs: [x, w.int64(at)],
    perm: attributes.keepdims === 0 ? left.map((axis) => order.indexOf(axis)) : perm,
  };
};

const pad: Rule = ({ inputs }, { x, perm }, w) => {
  const pads = w.ints(inputs[1]);
  if (!pads) return undefined;
  const [start, end] = [0, perm.length].map((first) =>
    inverse(perm).map((axis) => pads[first + axis]!),
  ) as [number[], number[]];
  return { inputs: [x, w.int64([...start, ...end]), ...inputs.slice(2)], perm };
};

const slice: Rule = ({ inputs }, { x, perm }, w) => {
  const axes = w.ints(inputs[3]);
  if (!axes) return undefined;
  const at = w.int64(axes.map((axis) => axisOf(axis, perm)));
  return { inputs: [x, ...inputs.slice(1, 3), at, ...inputs.slice(4)], perm };
};

/** By an index of one axis, constant. */
const gather: Rule = (node, given, w) =>
  w.shape(node.inputs[1]!)?.length === 1 ? byAxis(node, given, w) : undefined;

const again: Rule = ({ attributes }, { perm }) => ({
  inputs: [],
  perm: (attributes.perm as readonly number[]).map((axis) => perm[axis]!),
});

/** Ops of one array whose axes are told by number. */
const rules: Readonly<Record<string, Rule>> = {
  Gather: gather,
  LogSoftmax: byAxis,
  Pad: pad,
  ReduceMax: reduce,
  ReduceMean: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ReduceSum: reduce,
  Slice: slice,
  Softmax: byAxis,
  Split: byAxis,
  Transpose: again,
};

/**
 * Moves transposes behind what can be computed before them, where they meet others and end: between layers that want the
 * channels first, activations are in no other order.
 */
export const sinkTransposes = (graph: OnnxGraph): OnnxGraph =>
  rewrite(graph, (node, w) => {
    const { op, inputs, attributes } = node;
    if (node.domain !== '' || inputs.every((name) => w.isConstant(name))) return false;
    if (BINARY.has(op) || op === 'Concat') {
      const found = common(w, node);
      if (!found) return false;
      const { names, perm } = found;
      if (op !== 'Concat') return sink(w, node, { inputs: names, perm });
      const axis = axisOf(attributes.axis, perm);
      return sink(w, node, { inputs: names, attributes: { axis }, perm });
    }
    const given = transposed(w, inputs[0]!);
    if (!given) return false;
    const { x, perm } = given;
    if (UNARY.has(op)) return sink(w, node, { inputs: [x, ...inputs.slice(1)], perm });
    const sunk = rules[op]?.(node, given, w);
    if (!sunk) return false;
    if (op !== 'Transpose') return sink(w, node, sunk);
    const keeps = sunk.perm.every((axis, i) => axis === i);
    w.replace(node.outputs[0]!, keeps ? x : w.node('Transpose', [x], { perm: sunk.perm }));
    return true;
  });
