import type { OnnxGraph, OnnxTensor } from '../proto.ts';

/** Gives out names once; one that is taken gets a number. */
class Names {
  readonly #taken: Set<string>;
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  unique(wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#taken.add(name);
    return name;
  }
}

/** The longest list that is written out in its name. */
const LISTED = 8;

/** The name of a list of integers that says all of itself, such as `int64 [-1, 197, 192]`. */
function literal({ dtype, shape, data }: OnnxTensor): string | undefined {
  if (dtype === 'float32' || shape.length > 1 || data.length > LISTED) return undefined;
  const text = Array.from<number | bigint>(data).join(', ');
  return shape.length === 1 ? `${dtype} [${text}]` : `${dtype} ${text}`;
}

/**
 * Names nodes and what they give after their module and op (`blocks.3.mlp.fc1/MatMul`), constants after the parameter that they
 * are or are made of, short lists of integers after what they say, and others after the node that reads them first. Names of the graph's inputs and outputs stay.
 */
export function nameValues(graph: OnnxGraph): OnnxGraph {
  const ports = [...graph.inputs, ...graph.outputs].map(({ name }) => name);
  const values = new Names(ports);
  const nodeNames = new Names([]);
  const renamed = new Map(ports.map((name) => [name, name]));
  const rename = (old: string, wanted: string) => {
    if (!renamed.has(old)) renamed.set(old, values.unique(wanted));
  };
  for (const tensor of graph.initializers) {
    const wanted = tensor.parameter ?? literal(tensor);
    if (wanted !== undefined) rename(tensor.name, wanted);
  }
  const nodes = graph.nodes.map((node) => {
    const name = nodeNames.unique(node.path ? `${node.path}/${node.op}` : node.op);
    for (const input of node.inputs) if (input !== '') rename(input, `${name}/constant`);
    node.outputs.forEach((output, i) => {
      if (output !== '') rename(output, node.outputs.length > 1 ? `${name}/${i}` : name);
    });
    return { ...node, name };
  });
  const nameOf = (name: string) => renamed.get(name) ?? name;
  return {
    ...graph,
    nodes: nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
    })),
    initializers: graph.initializers.map((tensor) => ({ ...tensor, name: nameOf(tensor.name) })),
    values: graph.values
      ?.map((port) => ({ ...port, name: nameOf(port.name) }))
      .filter(({ name }) => !ports.includes(name)),
  };
}
