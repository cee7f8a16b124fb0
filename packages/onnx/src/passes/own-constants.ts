import type { OnnxGraph, OnnxTensor } from '../proto.ts';

/** Constants up to this length are cheap to store again. */
const SHORT = 8;

/**
 * Gives each reader of a short constant of numbers a copy of its own. Converters to float16 cast what an op needs in float32 under a
 * name made of the constant's, and write two nodes of one name where two such ops share it.
 */
export function ownConstants(graph: OnnxGraph): OnnxGraph {
  const short = new Map(
    graph.initializers
      .filter(
        ({ dtype, data, parameter }) => dtype === 'float32' && data.length <= SHORT && !parameter,
      )
      .map((tensor) => [tensor.name, tensor]),
  );
  const taken = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const copies: OnnxTensor[] = [];
  const read = new Set<string>();
  const ownName = (name: string): string => {
    const tensor = short.get(name);
    if (!tensor || !read.has(name)) {
      read.add(name);
      return name;
    }
    let own = name;
    for (let i = 1; taken.has(own); i++) own = `${name}_${i}`;
    taken.add(own);
    copies.push({ ...tensor, name: own });
    return own;
  };
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(ownName) }));
  return { ...graph, nodes, initializers: [...graph.initializers, ...copies] };
}
