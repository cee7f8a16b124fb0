import { FEW, infer, type Known } from '../infer.ts';
import type { AttributeValue, OnnxGraph, OnnxNode, OnnxPort, OnnxTensor } from '../proto.ts';
import { type Size, sizeAt, sizeOfBatch } from '../sizes.ts';
import { dropUnused } from './drop-unused.ts';

/** A graph that computes the same in another form. */
export type Pass = (graph: OnnxGraph) => OnnxGraph | Promise<OnnxGraph>;

/** Sizes of the batch for which shapes are inferred; those that depend on it are known by the difference. */
const BATCH = 2;
const BATCHES = [BATCH, BATCH + 1] as const;

type Everywhere = readonly [Known | undefined, Known | undefined];

/** Type and sizes of a value. */
export interface Sizes {
  dtype: Known['dtype'];
  shape: readonly Size[];
}

/**
 * Writes a graph anew, node by node, and knows of each value who makes it, its type and sizes, and whether it is constant.
 * Nodes are given with the names that their inputs have in the new graph.
 */
export class Rewriter {
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers = new Map<string, OnnxTensor>();
  readonly #producers = new Map<string, OnnxNode>();
  readonly #known = new Map<string, Everywhere>();
  readonly #said: ReadonlyMap<string, OnnxPort>;
  readonly #replaced = new Map<string, string>();
  readonly #constants = new Set<string>();
  readonly #uses = new Map<string, number>();
  readonly #taken: Set<string>;
  #path: string | undefined;
  #next = 0;

  constructor(private readonly graph: OnnxGraph) {
    this.#said = new Map((graph.values ?? []).map((port) => [port.name, port]));
    for (const tensor of graph.initializers) this.#addInitializer(tensor);
    for (const port of graph.inputs) this.#known.set(port.name, knownOf(port));
    const used = [
      ...graph.nodes.flatMap((node) => node.inputs),
      ...graph.outputs.map((o) => o.name),
    ];
    for (const name of used) this.#uses.set(name, this.uses(name) + 1);
    this.#taken = new Set(graph.nodes.flatMap((node) => node.outputs));
  }

  /** A node of the source with the names of the new graph, whose path new nodes get. */
  enter(node: OnnxNode): OnnxNode {
    this.#path = node.path;
    return { ...node, inputs: node.inputs.map((name) => this.resolve(name)) };
  }

  /** Nodes that are added next belong to this module. */
  within(path: string | undefined): void {
    this.#path = path;
  }

  /** The name that a value of the source has in the new graph. */
  resolve(name: string): string {
    return this.#replaced.get(name) ?? name;
  }

  /** Takes a node over as it is. */
  copy(node: OnnxNode): void {
    this.#nodes.push(node);
    const inputs = node.inputs.filter((name) => name !== '');
    const constant = inputs.length > 0 && inputs.every((name) => this.isConstant(name));
    const [first, second] = BATCHES.map((_, i) =>
      infer(
        node,
        node.inputs.map((name) => this.#known.get(name)?.[i]),
      ),
    );
    node.outputs.forEach((name, i) => {
      this.#producers.set(name, node);
      if (constant) this.#constants.add(name);
      const said = this.#said.get(name);
      const known: Everywhere = said && !first ? knownOf(said) : [first?.[i], second?.[i]];
      this.#known.set(name, known);
    });
  }

  /** Adds a node and returns the names of its outputs. */
  nodeOutputs(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
    outputs = 1,
  ): string[] {
    const names = Array.from({ length: outputs }, () => this.#fresh());
    this.copy({ op, domain: '', inputs, outputs: names, attributes, path: this.#path });
    return names;
  }

  /** Adds a node with one output and returns its name. */
  node(op: string, inputs: readonly string[], attributes?: Record<string, AttributeValue>): string {
    return this.nodeOutputs(op, inputs, attributes)[0]!;
  }

  /** A constant. */
  initializer(tensor: Omit<OnnxTensor, 'name'>): string {
    const name = this.#fresh();
    this.#addInitializer({ ...tensor, name });
    return name;
  }

  /** A list of 64-bit integers. */
  int64(values: readonly number[]): string {
    const data = BigInt64Array.from(values.map(BigInt));
    return this.initializer({ dtype: 'int64', shape: [values.length], data });
  }

  /** Puts a value in the place of one of the source. */
  replace(old: string, name: string): void {
    this.#replaced.set(old, name);
    this.#uses.set(name, this.uses(name) + this.uses(old));
  }

  /** The node that makes a value of the new graph, if it is of this kind. */
  made(name: string | undefined, op: string): OnnxNode | undefined {
    const node = name === undefined ? undefined : this.#producers.get(name);
    return node?.op === op && node.domain === '' ? node : undefined;
  }

  /** Type and sizes of a value, where they are known. */
  sizes(name: string): Sizes | undefined {
    const [first, second] = this.#known.get(name) ?? [];
    if (!first || !second || first.shape.length !== second.shape.length) return undefined;
    const shape = first.shape.map((n, i) => sizeOfBatch(n, second.shape[i]!, BATCH));
    return shape.every((size) => size !== undefined) ? { dtype: first.dtype, shape } : undefined;
  }

  /** A value's sizes. */
  shape(name: string): readonly Size[] | undefined {
    return this.sizes(name)?.shape;
  }

  /** A short list of integers that is the same for all batches. */
  ints(name: string | undefined): readonly number[] | undefined {
    const [first, second] = (name !== undefined && this.#known.get(name)) || [];
    return first?.ints?.join() === second?.ints?.join() ? first?.ints : undefined;
  }

  /** Whether a value is computed from constants alone. */
  isConstant(name: string): boolean {
    return this.#constants.has(name);
  }

  /** How many inputs and graph outputs of the source a value of it is. */
  uses(name: string): number {
    return this.#uses.get(name) ?? 0;
  }

  /** The name of `x` in another shape, of which at most one size may depend on the batch; undefined where more do. */
  reshape(x: string, shape: readonly Size[]): string | undefined {
    const fixed = shape.map((size) => (typeof size === 'number' ? size : -1));
    if (fixed.filter((n) => n < 0).length > 1) return undefined;
    return this.node('Reshape', [x, this.int64(fixed)]);
  }

  /** The new graph, without what no output needs. */
  finish(): OnnxGraph {
    const renamed = new Map<string, string>();
    for (const { name } of this.graph.outputs) {
      const found = this.resolve(name);
      if (found === name) continue;
      if (this.#producers.has(found) && !renamed.has(found) && !this.#isOutput(found))
        renamed.set(found, name);
      else this.#nodes.push(identity(found, name));
    }
    const rename = (name: string) => renamed.get(name) ?? name;
    const nodes = this.#nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }));
    const values = [...this.#producers.keys()].flatMap((name) => {
      const sizes = this.sizes(name);
      return sizes ? [{ name: rename(name), ...sizes }] : [];
    });
    return dropUnused({
      ...this.graph,
      nodes,
      initializers: [...this.#initializers.values()],
      values,
    });
  }

  #isOutput(name: string): boolean {
    return this.graph.outputs.some((output) => output.name === name);
  }

  #addInitializer(tensor: OnnxTensor): void {
    const { name, dtype, shape, data } = tensor;
    const integers = dtype === 'int64' || dtype === 'int32';
    const ints = integers && data.length <= FEW ? Array.from(data, Number) : undefined;
    this.#initializers.set(name, tensor);
    this.#constants.add(name);
    const known = { dtype, shape, ints };
    this.#known.set(name, [known, known]);
  }

  #fresh(): string {
    let name: string;
    do name = `n${this.#next++}`;
    while (this.#taken.has(name) || this.#initializers.has(name));
    return name;
  }
}

const identity = (input: string, output: string): OnnxNode => ({
  op: 'Identity',
  domain: '',
  inputs: [input],
  outputs: [output],
  attributes: {},
});

const knownOf = ({ dtype, shape }: OnnxPort): Everywhere => {
  const [first, second] = BATCHES.map((batch) => ({
    dtype,
    shape: shape.map((size) => sizeAt(size, batch)),
  }));
  return [first, second];
};

/**
 * Writes a graph anew.
 *
 * @param visit gets each node with its inputs' names in the new graph; gives true where it has written something in
 *   its place, else the node is taken over
 */
export function rewrite(
  graph: OnnxGraph,
  visit: (node: OnnxNode, w: Rewriter) => boolean,
): OnnxGraph {
  const w = new Rewriter(graph);
  for (const source of graph.nodes) {
    const node = w.enter(source);
    if (!visit(node, w)) w.copy(node);
  }
  return w.finish();
}
