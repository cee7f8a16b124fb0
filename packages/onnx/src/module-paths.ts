import type { Graph, Node } from '@kcr/core';
import { commonPath } from '@kcr/core/internal';

/** The module of a parameter; a parameter of the model itself stands for one. */
const moduleOf = (parameter: string) =>
  parameter.includes('.') ? parameter.slice(0, parameter.lastIndexOf('.')) : parameter;

/**
 * The module that each node of a traced model belongs to: that of the parameters that it reads, or else the one that the model
 * was in when it was traced.
 *
 * @param parameters names of the graph's inputs that are parameters
 */
export function modulePaths(
  { nodes, paths }: Graph,
  parameters: { has(name: string): boolean },
): ReadonlyMap<Node, string> {
  /** Of values that are made of parameters alone. */
  const modules = new Map<number, string>();
  const found = new Map<Node, string>();
  for (const node of nodes) {
    const inputs = Object.values(node.inputs);
    const read = inputs.flatMap(({ id, input }) => {
      const module =
        input !== undefined && parameters.has(input) ? moduleOf(input) : modules.get(id);
      return module === undefined ? [] : [module];
    });
    const common = read.length > 0 ? read.reduce(commonPath) : '';
    const path = common || paths.get(node);
    if (path !== undefined) found.set(node, path);
    const constants = inputs.filter(({ constant }) => constant).length;
    if (read.length > 0 && read.length + constants === inputs.length)
      for (const { id } of node.outputs) modules.set(id, common);
  }
  return found;
}
