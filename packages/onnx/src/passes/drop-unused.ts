import type { OnnxGraph, OnnxNode } from '../proto.ts';

/** Ops whose outputs behind the first may be left out. */
const OPTIONAL = new Set(['LayerNormalization']);

/** The outputs to the last that is needed. */
const without = (outputs: readonly string[], needed: ReadonlySet<string>): string[] => {
  const last = outputs.findLastIndex((name) => needed.has(name));
  return outputs.slice(0, last + 1);
};

/** Leaves out nodes, outputs of nodes, constants and what is known of values, where no output of the graph needs them. */
export function dropUnused(graph: OnnxGraph): OnnxGraph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes: OnnxNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    const outputs = OPTIONAL.has(node.op) ? without(node.outputs, needed) : node.outputs;
    if (!node.outputs.some((name) => needed.has(name))) continue;
    nodes.push({ ...node, outputs });
    for (const name of node.inputs) needed.add(name);
  }
  const left = nodes.reverse();
  const made = new Set(left.flatMap(({ outputs }) => outputs));
  return {
    ...graph,
    nodes: left,
    initializers: graph.initializers.filter(({ name }) => needed.has(name)),
    values: graph.values?.filter(({ name }) => made.has(name) && needed.has(name)),
  };
}
