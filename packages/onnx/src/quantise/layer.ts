import type { OnnxGraph, OnnxNode, OnnxTensor } from '../proto.ts';

/** A layer with constant weights: what most of a model's arithmetic and bytes are. */
export interface Layer {
  readonly node: OnnxNode;
  /** What it reads. */
  readonly input: string;
  readonly weight: OnnxTensor;
  /** The weight's axis of output channels. */
  readonly axis: number;
  readonly bias: string | undefined;
}

/** Tells the layers of a graph: products and convolutions whose weights are constants of float32. */
export function layersOf(graph: OnnxGraph): (node: OnnxNode) => Layer | undefined {
  const tensors = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  return (node) => {
    const [input, name, bias] = node.inputs;
    const weight = name === undefined ? undefined : tensors.get(name);
    if (node.domain !== '' || input === undefined || weight?.dtype !== 'float32') return undefined;
    const axis = channelAxis(node, weight);
    return axis === undefined ? undefined : { node, input, weight, axis, bias };
  };
}

function channelAxis({ op, attributes }: OnnxNode, { shape }: OnnxTensor): number | undefined {
  if (op === 'Conv') return 0;
  if (op === 'MatMul') return shape.length === 2 ? 1 : undefined;
  if (op !== 'Gemm' || attributes.transA || attributes.alpha || attributes.beta) return undefined;
  return attributes.transB ? 0 : 1;
}
