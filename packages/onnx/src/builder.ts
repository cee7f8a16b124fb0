import { type Constant, KcrError, shapeText, type Value } from '@kcr/core';
import { uniformOf } from '@kcr/core/internal';
import { NCHWC } from './domains.ts';
import {
  ARRAYS,
  type AttributeValue,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
} from './proto.ts';
import { partsOf, type Size, sizeOfBatch } from './sizes.ts';

interface NodeOptions {
  outputs?: number;
  domain?: string;
}

/** Where a graph will run, as far as its nodes differ: a device of ONNX Runtime, or any runtime of plain ONNX. */
export type Target = 'cpu' | 'webgpu' | 'cuda' | 'onnx';

/** Images in the trace that a graph is written from, where the batch is dynamic; its twin has one more. */
export const TRACED_BATCH = 2;

/** Collects the nodes and constants of an ONNX graph, and knows the name of each traced value. */
export class OnnxBuilder {
  readonly #nodes: OnnxNode[] = [];
  readonly #outputs = new Map<string, string>();
  readonly initializers: OnnxTensor[] = [];
  readonly #names = new Map<number, string>();
  readonly #blocked = new Map<number, string>();
  readonly #expanded = new Map<number, string>();
  /** Values whose name holds something smaller that broadcasts to their shape: one number, or a part of it. */
  readonly #lazy = new Map<number, 'number' | 'part'>();
  readonly #constants = new Map<string, string>();
  readonly #sizes = new Map<Size, string>();
  /** Where the nodes that are added belong in the model. */
  path: string | undefined;
  /** The graph's input and axis that the batch is read from, where it is dynamic. */
  batch: { input: string; axis: number } | undefined;
  #next = 0;

  /**
   * @param twin shapes by value id in a trace of the same function with one image more than {@link TRACED_BATCH}:
   *   sizes that differ there are dynamic
   * @param block channels to a block of the runtime's blocked layout; 0: it is not used
   */
  constructor(
    readonly target: Target,
    private readonly twin?: ReadonlyMap<number, readonly number[]>,
    readonly block = 0,
  ) {}

  /** Whether it may have operators of ONNX' own alone. */
  get plain(): boolean {
    return this.target === 'onnx' || this.target === 'webgpu';
  }

  /** A value's shape, with `undefined` for sizes that depend on the batch. */
  dynamicShape(value: Value): (number | undefined)[] {
    return this.sizes(value).map((size) => (typeof size === 'number' ? size : undefined));
  }

  /** A value's sizes, those that depend on the batch as such. @throws KcrError `ONNX_DYNAMIC` */
  sizes(value: Value): Size[] {
    const other = this.twin?.get(value.id) ?? value.shape;
    return value.shape.map((n, i) => {
      const size = sizeOfBatch(n, other[i]!, TRACED_BATCH);
      if (size === undefined || other.length !== value.shape.length) throw this.#dynamic(value);
      return size;
    });
  }

  /** The name of a value's shape as a list; sizes that depend on the batch are computed. @throws KcrError `ONNX_DYNAMIC` */
  shape(value: Value): string {
    const sizes = this.sizes(value);
    if (sizes.every((size) => typeof size === 'number')) return this.int64(value.shape);
    const parts = sizes.map((size) => this.#size(size, value));
    return parts.length === 1 ? parts[0]! : this.node('Concat', parts, { axis: 0 });
  }

  /** The name of `x` in another, fixed shape. */
  reshape(x: string, shape: readonly number[]): string {
    return this.node('Reshape', [x, this.int64(shape)]);
  }

  /** The target of a Reshape: -1 for a size that depends on the batch. @throws KcrError `ONNX_DYNAMIC` */
  reshapeTarget(value: Value): string {
    const shape = this.dynamicShape(value);
    if (shape.filter((n) => n === undefined).length > 1) return this.shape(value);
    return this.int64(shape.map((n) => n ?? -1));
  }

  /** Adds a node and returns the names of its outputs. */
  nodeOutputs(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
    { outputs = 1, domain = '' }: NodeOptions = {},
  ): string[] {
    const names = Array.from({ length: outputs }, () => this.#fresh());
    this.#nodes.push({ op, domain, inputs, outputs: names, attributes, path: this.path });
    return names;
  }

  /** Adds a node with one output and returns its name. */
  node(
    op: string,
    inputs: readonly string[],
    attributes?: Record<string, AttributeValue>,
    domain = '',
  ): string {
    return this.nodeOutputs(op, inputs, attributes, { domain })[0] as string;
  }

  /** Adds a node whose outputs have names of their own. */
  add(node: OnnxNode): void {
    this.#nodes.push(node);
  }

  /** Gives a traced value a name; `lazy` says what it holds where broadcasting is still to be done. */
  bind(value: Value, name: string, lazy?: 'number' | 'part'): void {
    this.#names.set(value.id, name);
    if (lazy) this.#lazy.set(value.id, lazy);
  }

  /** The name that a value has in its full shape and its own layout, if it has been asked for or made. */
  nameOf(value: Value): string | undefined {
    const known = this.isLazy(value) ? this.#expanded.get(value.id) : this.#names.get(value.id);
    return known && (this.#outputs.get(known) ?? known);
  }

  isBound(value: Value): boolean {
    return this.#names.has(value.id) || this.#blocked.has(value.id);
  }

  /** Gives a feature map a name in blocked layout. */
  bindBlocked(value: Value, name: string): void {
    this.#blocked.set(value.id, name);
  }

  /** Whether a value is a feature map that fits the blocked layout. */
  canBlock(value: Value): boolean {
    const { shape } = value;
    if (this.block === 0 || shape.length !== 4 || this.isLazy(value)) return false;
    return shape[3]! % this.block === 0 && !this.dynamicShape(value).includes(undefined);
  }

  /** Whether a value is there in blocked layout and not in its own. */
  isBlocked({ id }: Value): boolean {
    return this.#blocked.has(id) && !this.#names.has(id);
  }

  /** The name of a feature map in blocked layout. */
  blocked(value: Value): string {
    let name = this.#blocked.get(value.id);
    if (!name) {
      name = this.node('ReorderInput', [this.get(value)], { channels_last: 1 }, NCHWC);
      this.#blocked.set(value.id, name);
    }
    return name;
  }

  /** The name of a value in its full shape. */
  get(value: Value): string {
    if (this.isBlocked(value)) {
      const attributes = { channels_last: 1, channels: value.shape[3]! };
      this.bind(value, this.node('ReorderOutput', [this.blocked(value)], attributes, NCHWC));
    }
    const known = this.#names.get(value.id) ?? this.#constant(value);
    if (!this.#lazy.has(value.id) && uniformOf(value) === undefined) return known;
    if (value.shape.length === 0) return known;
    let full = this.#expanded.get(value.id);
    if (!full) {
      full = this.node('Expand', [known, this.shape(value)]);
      this.#expanded.set(value.id, full);
    }
    return full;
  }

  /** The name of something that broadcasts to the value's shape, which may be smaller. */
  broadcastable(value: Value): string {
    if (this.isBlocked(value)) return this.get(value);
    return this.#names.get(value.id) ?? this.#constant(value);
  }

  /** Whether {@link broadcastable} may be smaller than the value. */
  isLazy(value: Value): boolean {
    return this.#lazy.has(value.id) || (uniformOf(value) !== undefined && value.shape.length > 0);
  }

  /** Whether {@link broadcastable} is one number, which broadcasts in any layout. */
  isNumber(value: Value): boolean {
    return (
      value.shape.length === 0 ||
      uniformOf(value) !== undefined ||
      this.#lazy.get(value.id) === 'number'
    );
  }

  /** A float32 scalar. */
  scalar(value: number, dtype: 'float32' | 'int32' | 'bool' = 'float32'): string {
    return this.initializer(dtype, [], ARRAYS[dtype].of(value));
  }

  /** A list of 64-bit integers (shapes, axes). */
  int64(values: readonly number[]): string {
    return this.initializer('int64', [values.length], BigInt64Array.from(values.map(BigInt)));
  }

  /** A list of 32-bit integers (indices). */
  int32(values: readonly number[]): string {
    return this.initializer('int32', [values.length], Int32Array.from(values));
  }

  /** A constant; equal small ones are stored once. */
  initializer(dtype: OnnxType, shape: readonly number[], data: OnnxTensor['data']): string {
    const key = data.length <= 4096 ? `${dtype}${shapeText(shape)}${data.join()}` : undefined;
    const same = key && this.#constants.get(key);
    if (same) return same;
    const name = this.#fresh();
    this.initializers.push({ name, dtype, shape, data });
    if (key) this.#constants.set(key, name);
    return name;
  }

  /** Makes a value a graph output of that name. */
  output(name: string, value: Value): void {
    this.#output(name, this.get(value), !this.isLazy(value));
  }

  /** Makes a feature map a graph output of that name, in blocked layout. */
  outputBlocked(name: string, value: Value): void {
    this.#output(name, this.blocked(value), true);
  }

  #output(name: string, known: string, isWhole: boolean): void {
    // The node that makes a value can write the output itself, once; else a copy is made.
    const made = this.#nodes.some((node) => node.outputs.includes(known));
    const own = made && isWhole && !this.#outputs.has(known);
    if (own) this.#outputs.set(known, name);
    else
      this.#nodes.push({
        op: 'Identity',
        domain: '',
        inputs: [known],
        outputs: [name],
        attributes: {},
      });
  }

  /** The nodes that the outputs need, under the outputs' names. */
  finish(outputs: readonly string[]): OnnxNode[] {
    const renamed = (name: string) => this.#outputs.get(name) ?? name;
    const nodes = this.#nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
    }));
    const needed = new Set(outputs);
    const live: OnnxNode[] = [];
    for (const node of nodes.reverse()) {
      if (!node.outputs.some((name) => needed.has(name))) continue;
      live.push(node);
      for (const name of node.inputs) needed.add(name);
    }
    return live.reverse();
  }

  #constant(value: Value): string {
    const constant: Constant | undefined = value.constant;
    if (!constant)
      throw new KcrError('ONNX_VALUE', {
        where: `value ${value.id}`,
        found: 'a value that no node, input or constant gives',
        fix: 'Report this as a bug of the tracer',
      });
    if ('data' in constant && this.dynamicShape(value).includes(undefined))
      throw this.#dynamic(value);
    const name =
      'uniform' in constant
        ? this.scalar(constant.uniform, value.dtype)
        : this.initializer(value.dtype, value.shape, constant.data);
    this.#names.set(value.id, name);
    return name;
  }

  /** The name of a size as a list of one. */
  #size(size: Size, of: Value): string {
    if (typeof size === 'number') return this.int64([size]);
    let name = this.#sizes.get(size);
    if (!name) {
      if (!this.batch) throw this.#dynamic(of);
      const { perImage, fixed } = partsOf(size);
      const { input, axis } = this.batch;
      name = this.node('Shape', [input], { start: axis, end: axis + 1 });
      if (perImage > 1) name = this.node('Mul', [name, this.int64([perImage])]);
      if (fixed > 0) name = this.node('Add', [name, this.int64([fixed])]);
      this.#sizes.set(size, name);
    }
    return name;
  }

  /** A size that must be the same for all batches. @throws KcrError `ONNX_DYNAMIC` */
  fixedSize(value: Value, axis: number): number {
    const size = this.sizes(value)[axis];
    if (typeof size !== 'number') throw this.#dynamic(value);
    return size;
  }

  #dynamic(value: Value): KcrError {
    return new KcrError('ONNX_DYNAMIC', {
      where: `a value of shape ${shapeText(value.shape)}`,
      found: 'a shape that cannot follow the batch size',
      fix: 'Export with a fixed batch, or write the model so that shapes grow evenly with the batch',
    });
  }

  #fresh(): string {
    return `v${this.#next++}`;
  }
}
