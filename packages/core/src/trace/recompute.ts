import { sizeOf } from '../ground/array.ts';
import { copyNode, type Graph, liveNodes, type Node, type Value } from './graph.ts';

/** Parts that the values which are kept for later are shared out to; each is computed again as a whole. */
const PARTS = 16;

/**
 * Computes values again where the gradients need them, instead of keeping them from the forward pass (Chen et al., "Training deep nets
 * with sublinear memory cost", 2016). What leads to `loss` is cut where little is alive, as it is between the blocks of a model: of each
 * part only what it began with stays, and its values are computed again just before the first node that needs one. The numbers are the
 * same. A step computes its forward pass nearly twice, and its memory is that of one part and of what all parts begin with.
 *
 * A part is computed again from `x + 0 * g`, where x is what it begins with and g a gradient that is there by then: otherwise a runtime
 * would see that the same is computed twice, or do it early.
 *
 * @param output name of the graph's output that is the loss
 * @returns the graph as it is where that is not computed
 */
export function recomputed(graph: Graph, output: string): Graph {
  const loss = graph.outputs[output]?.producer;
  if (!loss) return graph;
  const end = graph.nodes.indexOf(loss) + 1;
  const [forward, backward] = [graph.nodes.slice(0, end), graph.nodes.slice(end)];
  const rewriting = new Rewriting(graph, backward);
  for (const part of partsOf(forward, backward)) rewriting.plan(part);
  return rewriting.graph(forward);
}

/** Consecutive nodes of a forward pass, without what they leave to those after them. */
interface Part {
  readonly nodes: ReadonlySet<Node>;
  /** Values of it that stay. */
  readonly left: ReadonlySet<Value>;
}

const bytesOf = ({ shape }: Value): number => 4 * sizeOf(shape);

/** Cuts a forward pass where what is alive is mostly one value, into parts that keep about as much each. */
function partsOf(forward: readonly Node[], backward: readonly Node[]): Part[] {
  const lastUse = new Map<Value, number>();
  forward.forEach(({ inputs }, i) => {
    for (const value of Object.values(inputs)) if (value.producer) lastUse.set(value, i);
  });
  const later = new Set(backward.flatMap(({ inputs }) => Object.values(inputs)));
  const keptBy = forward.map(({ outputs }) =>
    outputs.reduce((sum, value) => sum + (later.has(value) ? bytesOf(value) : 0), 0),
  );
  const most = keptBy.reduce((sum, bytes) => sum + bytes, 0) / PARTS;
  const parts: Part[] = [];
  const alive = new Set<Value>();
  let nodes = new Set<Node>();
  let kept = 0;
  forward.forEach((node, i) => {
    nodes.add(node);
    kept += keptBy[i]!;
    for (const value of node.outputs) if ((lastUse.get(value) ?? -1) > i) alive.add(value);
    for (const value of Object.values(node.inputs))
      if (lastUse.get(value) === i) alive.delete(value);
    const sizes = [...alive].map(bytesOf);
    const all = sizes.reduce((sum, bytes) => sum + bytes, 0);
    const isCut = sizes.length > 0 && Math.max(...sizes) > 0.8 * all;
    // What is alive stays: a part has to keep more than that to be worth it.
    if (!isCut || kept < most || kept < 2 * all) return;
    parts.push({ nodes, left: new Set(alive) });
    nodes = new Set();
    kept = 0;
  });
  // The last part is needed at once.
  return parts;
}

/** A part that is computed again. */
interface Again {
  readonly nodes: readonly Node[];
  /** What it is held back by, in what it begins with. */
  readonly begin: Value;
  readonly gradient: Value;
  /** Values that are read later. */
  readonly wanted: readonly Value[];
}

/** What is computed again, and before which node. */
class Rewriting {
  readonly #backward: ReadonlySet<Node>;
  readonly #again = new Map<Node, Again[]>();
  readonly #paths: Map<Node, string>;
  /** What stands for values in the nodes that are written. */
  readonly #written = new Map<Value, Value>();
  readonly #nodes: Node[] = [];
  #next: number;

  constructor(
    private readonly traced: Graph,
    private readonly backward: readonly Node[],
  ) {
    this.#backward = new Set(backward);
    this.#paths = new Map(traced.paths);
    const values = traced.nodes.flatMap((node) => [...Object.values(node.inputs), ...node.outputs]);
    this.#next = 1 + values.reduce((most, { id }) => Math.max(most, id), 0);
  }

  /** Plans to compute a part again, where that can be held back until it is needed. */
  plan({ nodes, left }: Part): void {
    // What is exchanged is little, and would be exchanged again.
    const isLeft = (value: Value) => left.has(value) || value.producer?.op?.collective === true;
    const isKept = (value: Value) =>
      value.producer !== undefined && nodes.has(value.producer) && !isLeft(value);
    const readers = this.backward.filter(({ inputs }) => Object.values(inputs).some(isKept));
    const [first] = readers;
    if (!first) return;
    const wanted = new Set(readers.flatMap(({ inputs }) => Object.values(inputs).filter(isKept)));
    const again = liveNodes([...nodes], wanted, isKept);
    const outside = again.flatMap(({ inputs }) => Object.values(inputs)).filter((v) => !isKept(v));
    const [begin] = outside
      .filter(({ dtype, constant }) => dtype === 'float32' && !constant)
      .toSorted((a, b) => bytesOf(b) - bytesOf(a));
    const gradient = this.#gradientBefore(first);
    if (!begin || !gradient) return;
    const planned = this.#again.get(first) ?? [];
    this.#again.set(first, [...planned, { nodes: again, begin, gradient, wanted: [...wanted] }]);
  }

  /** What the backward pass has computed last before a node. */
  #gradientBefore(first: Node): Value | undefined {
    const before = this.backward.slice(0, this.backward.indexOf(first));
    return before.findLast(({ outputs: [{ dtype }] }) => dtype === 'float32')?.outputs[0];
  }

  /** The graph with what was planned. */
  graph(forward: readonly Node[]): Graph {
    this.#nodes.push(...forward);
    for (const node of this.backward) {
      for (const part of this.#again.get(node) ?? []) this.#compute(part);
      this.#write(node, this.#written);
    }
    const outputs = Object.entries(this.traced.outputs).map(([name, value]) => {
      // What the forward pass gives is as it was.
      const isLater = value.producer !== undefined && this.#backward.has(value.producer);
      return [name, isLater ? this.#written.get(value)! : value];
    });
    const { inputs } = this.traced;
    return { inputs, nodes: this.#nodes, outputs: Object.fromEntries(outputs), paths: this.#paths };
  }

  /** Writes the nodes that compute a part again. */
  #compute({ nodes, begin, gradient, wanted }: Again): void {
    const again = new Map<Value, Value>([[begin, this.#heldBack(begin, gradient)]]);
    for (const node of nodes) this.#write(node, again);
    for (const value of wanted) this.#written.set(value, again.get(value)!);
  }

  /** `value + 0 * gradient`, of one number of the gradient. */
  #heldBack(value: Value, gradient: Value): Value {
    const g = this.#written.get(gradient) ?? gradient;
    const { dtype } = value;
    const ones = g.shape.map(() => 1);
    const slice = { begin: g.shape.map(() => 0), size: ones };
    const one = this.#call('Slice', { x: g }, slice, ones);
    const number = this.#call('Reshape', { x: one }, { shape: [] }, []);
    const zero: Value = { id: this.#next++, shape: [], dtype, constant: { uniform: 0 } };
    const nothing = this.#call('Multiply', { a: number, b: zero }, {}, []);
    return this.#call('Add', { a: value, b: nothing }, {}, value.shape);
  }

  #call(
    kernel: string,
    inputs: Node['inputs'],
    attrs: Node['attrs'],
    shape: readonly number[],
  ): Value {
    const outputs: Value[] = [];
    const node: Node = { kernel, inputs, attrs, outputs: outputs as unknown as Node['outputs'] };
    const value: Value = { id: this.#next++, shape, dtype: 'float32', producer: node };
    outputs.push(value);
    this.#nodes.push(node);
    return value;
  }

  /** Writes a node once more. @param instead what stands for its inputs, and from then on for its outputs */
  #write(node: Node, instead: Map<Value, Value>): void {
    const written = copyNode(
      node,
      (value) => instead.get(value) ?? value,
      () => this.#next++,
    );
    node.outputs.forEach((value, i) => void instead.set(value, written.outputs[i]!));
    this.#nodes.push(written);
    const path = this.traced.paths.get(node);
    if (path !== undefined) this.#paths.set(written, path);
  }
}
