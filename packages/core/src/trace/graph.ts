import type { DataType } from '../ground/array.ts';

/** A constant of a graph: one number everywhere, or declared data. */
export type Constant =
  | { readonly uniform: number }
  | { readonly data: Float32Array | Int32Array | Uint8Array };

/** A value that flows through a {@link Graph}. Exactly one of `producer`, `constant`, `input` is set. */
export interface Value {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: DataType;
  readonly producer?: Node;
  readonly constant?: Constant;
  /** Name of the graph input that this value is. */
  readonly input?: string;
}

/** An op of one's own, as far as a graph knows it; see `defineOp`. */
export interface GraphOp {
  readonly name: string;
  /** Names of its outputs, in the order of a node's. */
  readonly outputs: readonly string[];
  /** How engines write it, by engine. */
  readonly lowerings: Readonly<Record<string, unknown>>;
}

/** One call of a kernel or op. Inputs and attributes have its names; TensorFlow.js' own for its kernels. */
export interface Node {
  /** The name of the kernel, or of the op. */
  readonly kernel: string;
  /** The op, where it is no kernel of TensorFlow.js. */
  readonly op?: GraphOp;
  readonly inputs: Readonly<Record<string, Value>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly outputs: readonly [Value, ...Value[]];
}

/** What a traced function computes: `nodes` in execution order, only those that an output needs. */
export interface Graph {
  readonly inputs: Readonly<Record<string, Value>>;
  readonly nodes: readonly Node[];
  readonly outputs: Readonly<Record<string, Value>>;
}

/** The number a value has everywhere, if it is a uniform constant. */
export const uniformOf = (value: Value | undefined): number | undefined =>
  value?.constant && 'uniform' in value.constant ? value.constant.uniform : undefined;

/** The nodes that `outputs` need, in the order given. */
export function liveNodes(nodes: readonly Node[], outputs: Iterable<Value>): Node[] {
  const needed = new Set<Node>();
  const visit = [...outputs];
  while (visit.length > 0) {
    const node = visit.pop()?.producer;
    if (!node || needed.has(node)) continue;
    needed.add(node);
    visit.push(...Object.values(node.inputs));
  }
  return nodes.filter((node) => needed.has(node));
}

/**
 * Multiply-accumulates of every matrix product and convolution in the graph, the count that a
 * model's cost list must agree with.
 */
export function graphMacs(graph: Graph): number {
  let macs = 0;
  for (const { kernel, inputs, attrs, outputs } of graph.nodes) {
    const out = (outputs[0] as Value).shape.reduce((a, b) => a * b, 1);
    if (kernel === 'Affine') {
      macs += out * (inputs.x!.shape[1] as number);
    } else if (kernel === 'BatchMatMul') {
      macs += out * (inputs.a!.shape.at(attrs.transposeA ? -2 : -1) as number);
    } else if (kernel === 'Conv2D') {
      const [h, w, inputChannels] = inputs.filter!.shape as [number, number, number, number];
      macs += out * h * w * inputChannels;
    } else if (kernel === 'DepthwiseConv2dNative') {
      const [h, w] = inputs.filter!.shape as [number, number, number, number];
      macs += out * h * w;
    }
  }
  return macs;
}
