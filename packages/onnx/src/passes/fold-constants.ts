import { sizeOf } from '@kcr/core';
import type * as ort from 'onnxruntime-node';
import {
  encodeModel,
  type OnnxGraph,
  type OnnxNode,
  type OnnxPort,
  type OnnxTensor,
} from '../proto.ts';
import { openSession } from '../session.ts';
import { Rewriter } from './rewriter.ts';

/** Values up to this length are stored though they could be made from fewer numbers. */
const SMALL = 256;

/** Ops that make much of little: their results would make the file larger. */
const GROWING = new Set(['Expand', 'Tile', 'OneHot', 'ConstantOfShape']);

/** The nodes that can be computed ahead, and what of them is read by others. */
function ahead(graph: OnnxGraph) {
  const w = new Rewriter(graph);
  const known = new Set(graph.initializers.map(({ name }) => name));
  const nodes: OnnxNode[] = [];
  const rest: OnnxNode[] = [];
  const given = new Set(graph.outputs.map(({ name }) => name));
  for (const node of graph.nodes) {
    w.copy(node);
    const sizes = node.outputs.map((name) => w.sizes(name));
    const length = Math.max(...sizes.map((s) => sizeOf((s?.shape ?? [Infinity]) as number[])));
    const folds =
      node.outputs.every((name) => w.isConstant(name) && !given.has(name)) &&
      node.inputs.every((name) => name === '' || known.has(name)) &&
      (length <= SMALL || (Number.isFinite(length) && !GROWING.has(node.op)));
    (folds ? nodes : rest).push(node);
    if (folds) for (const name of node.outputs) known.add(name);
  }
  const read = new Set(rest.flatMap(({ inputs }) => inputs));
  const made = nodes.flatMap(({ outputs }) => outputs).filter((name) => read.has(name));
  const ports: OnnxPort[] = made.map((name) => ({ name, ...w.sizes(name)! }));
  return { nodes, rest, ports };
}

/** The parameter that a value is made of, the first that its nodes read. */
function parametersOf(graph: OnnxGraph, nodes: readonly OnnxNode[]) {
  const parameters = new Map(graph.initializers.map(({ name, parameter }) => [name, parameter]));
  for (const { inputs, outputs } of nodes) {
    const first = inputs.map((name) => parameters.get(name)).find((name) => name !== undefined);
    for (const name of outputs) parameters.set(name, first);
  }
  return parameters;
}

/** Computes what constants alone decide, by ONNX Runtime. */
export async function foldConstants(graph: OnnxGraph): Promise<OnnxGraph> {
  const { nodes, rest, ports } = ahead(graph);
  if (ports.length === 0) return graph;
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const initializers = graph.initializers.filter(({ name }) => used.has(name));
  const bytes = encodeModel({ name: 'constants', nodes, initializers, inputs: [], outputs: ports });
  await using session = await openSession(bytes, { graphOptimizationLevel: 'disabled' });
  const results = await session.run({});
  const parameters = parametersOf(graph, nodes);
  const folded = ports.map(({ name, dtype }): OnnxTensor => {
    const { dims, data } = results[name] as ort.Tensor;
    const parameter = parameters.get(name);
    return { name, dtype, shape: [...dims], data: data as OnnxTensor['data'], parameter };
  });
  const read = new Set(rest.flatMap(({ inputs }) => inputs));
  return {
    ...graph,
    nodes: rest,
    initializers: [...graph.initializers.filter(({ name }) => read.has(name)), ...folded],
  };
}
