import type { Graph, Node, Value } from '@kcr/core';
import { copyNode } from '@kcr/core/internal';
import { isPass, PASS } from './ports.ts';

/** What processes exchange after a segment: what each has of a value is gathered. */
export interface Gather {
  /** Name of the value among the segment's outputs, or the graph's inputs. */
  readonly from: string;
  /** Name and shape of what is gathered, as an input of later segments. */
  readonly to: string;
  readonly shape: readonly number[];
}

/** A part of a graph that runs without other processes. */
export interface Segment {
  /** Its inputs are those of the whole, what earlier segments gave, and what was gathered. */
  readonly graph: Graph;
  readonly gathers: readonly Gather[];
  /** Names of what earlier segments and this one gave to later ones, and none after this one reads. */
  readonly ended: readonly string[];
}

/**
 * Parts a graph at the ops by which processes exchange values. Each node is in the first segment that has all that it reads: of a backward pass
 * too, so that what is kept for it is free as early as can be.
 */
export function segmentsOf(graph: Graph): Segment[] {
  /** The first segment that can read a value; what is not there is an input of the whole. */
  const readable = new Map<Value, number>();
  const parts: Part[] = [];
  for (const node of graph.nodes) {
    const inputs = Object.values(node.inputs);
    const at = Math.max(0, ...inputs.map((value) => readable.get(value) ?? 0));
    const isGather = node.op?.collective === true;
    const from = isGather ? at + 1 : at;
    while (parts.length <= from) parts.push({ nodes: [], gathers: [] });
    parts[at]![isGather ? 'gathers' : 'nodes'].push(node);
    for (const value of node.outputs) readable.set(value, from);
  }
  if (parts.length < 2) return [{ graph, gathers: [], ended: [] }];
  return new Parting(graph, parts, readable).segments();
}

interface Part {
  readonly nodes: Node[];
  readonly gathers: Node[];
}

const isGathered = ({ producer }: Value): boolean => producer?.op?.collective === true;

/** Writes the graphs of segments. */
class Parting {
  /** Names of values by which later segments know them, and those of the graph's outputs. */
  readonly #names = new Map<Value, string>();
  /** Values that each segment gives, by name. */
  readonly #given: Record<string, Value>[];

  constructor(
    private readonly graph: Graph,
    private readonly parts: readonly Part[],
    private readonly readable: ReadonlyMap<Value, number>,
  ) {
    this.#given = parts.map(() => ({}));
    for (const [name, value] of Object.entries(graph.inputs)) this.#names.set(value, name);
    for (const [name, value] of Object.entries(graph.outputs)) {
      if (isGathered(value)) this.#nameOf(value);
      this.#give(value, name);
    }
    parts.forEach(({ nodes, gathers }, at) => {
      for (const node of nodes)
        for (const value of Object.values(node.inputs))
          if (this.#isBefore(value, at)) this.#nameOf(value);
      for (const { inputs } of gathers)
        for (const value of Object.values(inputs)) this.#nameOf(value);
    });
  }

  segments(): Segment[] {
    const parted = this.parts.map(({ nodes, gathers }, at) => ({
      graph: this.#segment(nodes, at),
      gathers: gathers.map(({ inputs, outputs: [out] }) => {
        const [value] = Object.values(inputs) as [Value];
        return { from: this.#nameOf(value), to: this.#nameOf(out), shape: out.shape };
      }),
    }));
    const given = new Set(this.#given.flatMap((values) => Object.keys(values)).filter(isPass));
    /** The last segment that reads a value. */
    const last = new Map<string, number>();
    parted.forEach(({ graph, gathers }, at) => {
      const read = [...Object.keys(graph.inputs), ...gathers.map(({ from }) => from)];
      for (const name of read) if (given.has(name)) last.set(name, at);
    });
    return parted.map((segment, at) => ({
      ...segment,
      ended: [...given].filter((name) => last.get(name) === at),
    }));
  }

  #isBefore(value: Value, at: number): boolean {
    return value.producer !== undefined && (this.#segmentOf(value) < at || isGathered(value));
  }

  #segmentOf(value: Value): number {
    return this.readable.get(value) ?? 0;
  }

  /** The name of a value outside its segment; what makes it gives it from then on. */
  #nameOf(value: Value): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const name = `${PASS}${value.id}`;
    if (isGathered(value)) this.#names.set(value, name);
    else this.#give(value, name);
    return name;
  }

  #give(value: Value, name: string): void {
    if (!this.#names.has(value)) this.#names.set(value, name);
    this.#given[this.#segmentOf(value)]![name] = value;
  }

  /** A segment as a graph of its own: what it reads of others are inputs, which nothing in it makes. */
  #segment(nodes: readonly Node[], at: number): Graph {
    const inputs: Record<string, Value> = {};
    const written = new Map<Value, Value>();
    const paths = new Map<Node, string>();
    const own = (value: Value): Value => {
      const known = written.get(value);
      if (known) return known;
      const name = value.input ?? (this.#isBefore(value, at) ? this.#nameOf(value) : undefined);
      if (name === undefined) return value;
      const { id, shape, dtype } = value;
      const input: Value = { id, shape, dtype, input: name };
      inputs[name] = input;
      written.set(value, input);
      return input;
    };
    const copies = nodes.map((node) => {
      const copy = copyNode(node, own);
      node.outputs.forEach((value, i) => void written.set(value, copy.outputs[i]!));
      const path = this.graph.paths.get(node);
      if (path !== undefined) paths.set(copy, path);
      return copy;
    });
    const outputs = Object.entries(this.#given[at]!).map(([name, value]) => [name, own(value)]);
    return { inputs, nodes: copies, outputs: Object.fromEntries(outputs), paths };
  }
}
