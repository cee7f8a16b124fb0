import { type DataType, sizeOf } from '../ground/array.ts';

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
  /** Whether processes exchange values by it, so that no one graph can compute it. */
  readonly collective: boolean;
  /** Multiply-accumulates of a call. Absent: none. */
  readonly macs?: (inputs: never, attrs: never) => number;
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
  /** The module of the model that a node belongs to, such as `blocks.3.mlp`; absent where nothing said it. */
  readonly paths: ReadonlyMap<Node, string>;
}

/** The number a value has everywhere, if it is a uniform constant. */
export const uniformOf = (value: Value | undefined): number | undefined =>
  value?.constant && 'uniform' in value.constant ? value.constant.uniform : undefined;

/**
 * The nodes that `outputs` need, in the order given.
 *
 * @param within whether a value is made by them; what makes others is not followed. Default: all are
 */
export function liveNodes(
  nodes: readonly Node[],
  outputs: Iterable<Value>,
  within: (value: Value) => boolean = () => true,
): Node[] {
  const needed = new Set<Node>();
  const visit = [...outputs];
  while (visit.length > 0) {
    const value = visit.pop()!;
    const node = within(value) ? value.producer : undefined;
    if (!node || needed.has(node)) continue;
    needed.add(node);
    visit.push(...Object.values(node.inputs));
  }
  return nodes.filter((node) => needed.has(node));
}

/**
 * A node once more, whose outputs are values of its own.
 *
 * @param read what it reads instead of an input
 * @param idOf the id of the output that stands for one of the node's. Default: the same
 */
export function copyNode(
  node: Node,
  read: (input: Value) => Value,
  idOf: (output: Value) => number = ({ id }) => id,
): Node {
  const inputs = Object.entries(node.inputs).map(([name, value]) => [name, read(value)]);
  const outputs: Value[] = [];
  const copy: Node = {
    ...node,
    inputs: Object.fromEntries(inputs),
    outputs: outputs as unknown as Node['outputs'],
  };
  for (const output of node.outputs) outputs.push({ ...output, id: idOf(output), producer: copy });
  return copy;
}

type Inputs<I extends string> = Readonly<Record<I, Value>>;

/** Multiply-accumulates for each value of a node's output, by kernel of TensorFlow.js. */
const macsPerValue: Readonly<Record<string, (inputs: never, attrs: never) => number>> = {
  BatchMatMul: ({ a }: Inputs<'a'>, { transposeA }: { transposeA: boolean }) =>
    a.shape.at(transposeA ? -2 : -1) as number,
  // Filters are [height, width, input channels, output channels], depthwise ones [height, width, channels, 1].
  Conv2D: ({ filter }: Inputs<'filter'>) => sizeOf(filter.shape.slice(0, 3)),
  DepthwiseConv2dNative: ({ filter }: Inputs<'filter'>) => sizeOf(filter.shape.slice(0, 2)),
};

/**
 * Multiply-accumulates of every matrix product and convolution in the graph, the count that a
 * model's cost list must agree with. An op that does not say its own counts where it is traced through.
 */
export const graphMacs = ({ nodes }: Graph): number =>
  nodes.reduce((macs, { kernel, op, inputs, attrs, outputs: [out] }) => {
    if (op) return macs + (op.macs?.(inputs as never, attrs as never) ?? 0);
    const perValue = macsPerValue[kernel]?.(inputs as never, attrs as never) ?? 0;
    return macs + sizeOf(out.shape) * perValue;
  }, 0);
