import { type Graph, KcrError, type Node } from '@kcr/core';

/** Attributes that say shapes, which may follow the batch. */
const SHAPES = new Set(['shape', 'size', 'inputShape']);

const said = ({ kernel, attrs }: Node) =>
  kernel + JSON.stringify(Object.entries(attrs).filter(([name]) => !SHAPES.has(name)));

/**
 * Shapes of a graph's values, by id, in a trace of the same function with another batch size.
 *
 * @throws KcrError `ONNX_DYNAMIC` where that trace computes something else
 */
export function twinShapes(
  graph: Graph,
  twin: Graph,
  name: string,
): ReadonlyMap<number, readonly number[]> {
  const shapes = new Map<number, readonly number[]>();
  const pair = (own: Node['inputs'], other: Node['inputs']) => {
    for (const [key, { id }] of Object.entries(own)) shapes.set(id, other[key]!.shape);
  };
  const same = graph.nodes.every((node, i) => {
    const other = twin.nodes[i];
    if (!other || said(node) !== said(other)) return false;
    pair(node.inputs, other.inputs);
    node.outputs.forEach(({ id }, output) => {
      shapes.set(id, other.outputs[output]!.shape);
    });
    return true;
  });
  if (!same || graph.nodes.length !== twin.nodes.length)
    throw new KcrError('ONNX_DYNAMIC', {
      where: name,
      found: 'a model that computes something else for another batch size',
      fix: 'Export it with a fixed batch, or make its function independent of the batch size',
    });
  pair(graph.inputs, twin.inputs);
  pair(graph.outputs, twin.outputs);
  return shapes;
}
