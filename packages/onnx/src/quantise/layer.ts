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

/** Which layers a pass leaves as they are, by their place in the model and their op. */
export interface KeepOptions {
  /** Default: it leaves none. */
  readonly keep?: (layer: Layer) => boolean;
}

/** Tells the layers of a graph that are not kept: products and convolutions whose weights are constants of float32. */
export function layersOf(
  graph: OnnxGraph,
  { keep }: KeepOptions,
): (node: OnnxNode) => Layer | undefined {
  const tensors = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  return (node) => {
    const [input, name, bias] = node.inputs;
    const weight = name === undefined ? undefined : tensors.get(name);
    if (node.domain !== '' || input === undefined || weight?.dtype !== 'float32') return undefined;
    const axis = channelAxis(node, weight);
    if (axis === undefined) return undefined;
    const layer = { node, input, weight, axis, bias };
    return keep?.(layer) ? undefined : layer;
  };
}

function channelAxis({ op, attributes }: OnnxNode, { shape }: OnnxTensor): number | undefined {
  if (op === 'Conv') return 0;
  if (op === 'MatMul') return shape.length === 2 ? 1 : undefined;
  if (op !== 'Gemm' || attributes.transA || attributes.alpha || attributes.beta) return undefined;
  return attributes.transB ? 0 : 1;
}
