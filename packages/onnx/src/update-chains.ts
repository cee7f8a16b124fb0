import { type Graph, type Node, sizeOf, type Value } from '@kcr/core';
import { liveNodes, uniformOf } from '@kcr/core/internal';
import { CHAIN_OPS, type Chain, type ChainStep, type Operand } from './chain.ts';
import { hasShape } from './elementwise.ts';
import { CUT, STATE, UPDATE } from './ports.ts';

/** A chain that updates arrays of the state. */
export interface UpdateChain extends Chain {
  readonly shape: readonly number[];
  /** Arrays of this shape that it reads. */
  readonly arrays: readonly Value[];
  /** Single numbers that it reads. */
  readonly scalars: readonly Value[];
  /** The arrays of the state that its results become, in the order of {@link Chain.results}. */
  readonly updated: readonly string[];
}

/** A graph in two parts. */
export interface SplitGraph {
  /** What comes first. Its outputs are those of the whole that chains do not make, and what chains read of it. */
  readonly head: Graph;
  readonly chains: readonly UpdateChain[];
  /** Names of the head's outputs that chains read. */
  readonly read: ReadonlyMap<Value, string>;
}

/**
 * Parts what a graph does last, element by element, to arrays of the state from what comes before it: the updates of an optimiser, moving averages,
 * sums of gradients. A node belongs to a chain where its result goes to no other place. Chains that share a value, or of which one reads what another
 * updates, are one.
 */
export function splitUpdates(graph: Graph): SplitGraph {
  const readers = readersOf(graph);
  const leaves = new Map<Value, string[]>();
  for (const [output, value] of Object.entries(graph.outputs))
    leaves.set(value, [...(leaves.get(value) ?? []), output]);

  /** Whether an output is the next value of an array of the state that has its shape now. */
  const revises = (output: string) => {
    if (!output.startsWith(UPDATE)) return false;
    const [now, next] = [graph.inputs[STATE + output.slice(UPDATE.length)], graph.outputs[output]!];
    return now?.dtype === 'float32' && next.dtype === 'float32' && hasShape(now, next.shape);
  };

  const last = new Set<Node>();
  for (const node of [...graph.nodes].reverse()) {
    const [out] = node.outputs;
    const goesOn = (readers.get(out) ?? []).every((reader) => last.has(reader));
    if (isChained(node) && goesOn && (leaves.get(out) ?? []).every(revises)) last.add(node);
  }
  // What makes one array of several is left to the head, or all of them would have to be kept.
  for (const node of graph.nodes) {
    const arrays = new Set(last.has(node) ? arraysOf(node) : []);
    const isOfHead = ({ producer }: Value) => producer !== undefined && !last.has(producer);
    if (arrays.size > 1 && [...arrays].every(isOfHead)) last.delete(node);
  }
  const chained = Object.entries(graph.outputs).filter(
    ([output, { producer, constant }]) =>
      revises(output) && (producer ? last.has(producer) : constant && 'uniform' in constant),
  );
  const names = new Set(chained.map(([output]) => output));
  const kept = Object.entries(graph.outputs).filter(([output]) => !names.has(output));
  const updateOf = ({ input }: Value) =>
    input?.startsWith(STATE) ? UPDATE + input.slice(STATE.length) : undefined;
  const groups = groupsOf(chained, last, updateOf);
  const chains = groups.map((group) => chainOf(group, last));
  const read = new Map(kept.map(([output, value]) => [value, output]));
  const outputs = Object.fromEntries(kept);
  for (const value of chains.flatMap(({ arrays, scalars }) => [...arrays, ...scalars]))
    if (value.producer && !read.has(value)) {
      const cut = `${CUT}${read.size}`;
      read.set(value, cut);
      outputs[cut] = value;
    }
  return { head: partOf(graph, outputs), chains, read };
}

/**
 * The part of a graph that some outputs need. Nodes that no other reads stand last, the first of them at the end: ONNX Runtime goes
 * backwards from them (`runOrder`), and so makes each gradient as soon as it can, after which what it is made of is free.
 */
function partOf(graph: Graph, outputs: Graph['outputs']): Graph {
  const live = liveNodes(graph.nodes, Object.values(outputs));
  const read = new Set(live.flatMap(({ inputs }) => Object.values(inputs)));
  const isLeaf = (node: Node) => !node.outputs.some((value) => read.has(value));
  const nodes = [...live.filter((node) => !isLeaf(node)), ...live.filter(isLeaf).reverse()];
  const used = new Set([...read, ...Object.values(outputs)]);
  const inputs = Object.entries(graph.inputs).filter(([, value]) => used.has(value));
  return { ...graph, inputs: Object.fromEntries(inputs), nodes, outputs };
}

function readersOf({ nodes }: Graph): Map<Value, Node[]> {
  const readers = new Map<Value, Node[]>();
  for (const node of nodes)
    for (const value of Object.values(node.inputs)) {
      const known = readers.get(value);
      if (known) known.push(node);
      else readers.set(value, [node]);
    }
  return readers;
}

/** Whether a value is one number wherever an op reads it. */
const isSingle = (value: Value) => sizeOf(value.shape) === 1 || uniformOf(value) !== undefined;

/** Whether an op is one of chains, over arrays of its result's shape and single numbers. */
function isChained({ kernel, op, inputs, outputs: [out] }: Node): boolean {
  const values = Object.values(inputs);
  return (
    !op &&
    Object.hasOwn(CHAIN_OPS, kernel) &&
    sizeOf(out.shape) > 1 &&
    [out, ...values].every(({ dtype }) => dtype === 'float32') &&
    values.every((value) => isSingle(value) || hasShape(value, out.shape)) &&
    values.some((value) => !isSingle(value))
  );
}

type Update = readonly [output: string, value: Value];

/** Arrays that a chain's node reads. */
const arraysOf = ({ inputs }: Node) => Object.values(inputs).filter((value) => !isSingle(value));

/** The nodes of chains that a value is made by, in any order. */
function nodesBehind(value: Value, last: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>();
  const visit = [value];
  while (visit.length > 0) {
    const node = visit.pop()!.producer;
    if (!node || !last.has(node) || found.has(node)) continue;
    found.add(node);
    visit.push(...Object.values(node.inputs));
  }
  return found;
}

/**
 * Updates that belong together.
 *
 * @param updateOf the name that the update of an array of the state has
 */
function groupsOf(
  updates: readonly Update[],
  last: ReadonlySet<Node>,
  updateOf: (value: Value) => string | undefined,
): Update[][] {
  const names = new Set(updates.map(([output]) => output));
  /** Of nodes and updates, others that they belong to. */
  const owners = new Map<Node | string, Node | string>();
  function ownerOf(key: Node | string): Node | string {
    let owner = key;
    while (owners.has(owner)) owner = owners.get(owner)!;
    return owner;
  }
  for (const [output, value] of updates)
    for (const node of nodesBehind(value, last)) {
      const overwritten = arraysOf(node).flatMap((array) => updateOf(array) ?? []);
      for (const key of [node, ...overwritten.filter((name) => names.has(name))]) {
        const [own, other] = [ownerOf(output), ownerOf(key)];
        if (own !== other) owners.set(other, own);
      }
    }
  const groups = new Map<Node | string, Update[]>();
  for (const update of updates) {
    const owner = ownerOf(update[0]);
    groups.set(owner, [...(groups.get(owner) ?? []), update]);
  }
  return [...groups.values()];
}

/** Updates as a chain, whose steps are in an order in which each reads what is made before it. */
function chainOf(group: readonly Update[], last: ReadonlySet<Node>): UpdateChain {
  const arrays: Value[] = [];
  const scalars: Value[] = [];
  const steps: ChainStep[] = [];
  const made = new Map<Node, number>();
  const place = (values: Value[], value: Value) => {
    if (!values.includes(value)) values.push(value);
    return values.indexOf(value);
  };
  function operandOf(value: Value): Operand {
    const number = uniformOf(value);
    if (number !== undefined) return { number };
    const node = value.producer;
    if (node && last.has(node)) return { step: made.get(node) ?? append(node) };
    return isSingle(value) ? { scalar: place(scalars, value) } : { array: place(arrays, value) };
  }
  function append(node: Node): number {
    const operands = CHAIN_OPS[node.kernel as ChainStep['kernel']].operands.map((key) =>
      operandOf(node.inputs[key]!),
    );
    steps.push({ kernel: node.kernel as ChainStep['kernel'], operands });
    made.set(node, steps.length - 1);
    return steps.length - 1;
  }
  const results = group.map(([, value]) => operandOf(value));
  const updated = group.map(([output]) => output.slice(UPDATE.length));
  const [[, { shape }]] = group as [Update];
  return { shape, arrays, scalars, steps, results, updated };
}
