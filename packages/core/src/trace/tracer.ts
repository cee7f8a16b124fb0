import type { DataType } from '../ground/array.ts';
import { type NdArray, shapeText, sizeOf } from '../ground/array.ts';
import { withDeepStacks } from '../ground/author-line.ts';
import { KcrError } from '../ground/error.ts';
import { assertOwnTensor, type Tensor, tf } from '../tensor/tf.ts';
import { type Graph, type GraphOp, liveNodes, type Node, type Value } from './graph.ts';
import { pathBetween } from './paths.ts';
import { type Spec, shapeRules } from './shapes.ts';
import { simplify } from './simplify.ts';
import {
  declare,
  isFixed,
  place,
  undeclaredConstant,
  valueRead,
  withoutChance,
} from './step-guard.ts';

const BACKEND = 'kcr-trace';

/** One recording: the nodes so far, and which value each tensor's data id stands for. */
class Trace {
  readonly nodes: Node[] = [];
  readonly inputs: Record<string, Value> = {};
  readonly #values = new WeakMap<object, Value>();
  readonly #seen = new Map<string, readonly Value[]>();
  /** The places in the model that were said, and how many of them before each node. */
  readonly #said: string[] = [];
  readonly #saidBefore = new Map<Node, number>();
  #next = 0;

  /** @param takes whether an op is recorded as a node */
  constructor(readonly takes: (op: GraphOp) => boolean) {}

  /** A tensor for `value`, on the tracing backend. */
  tensor(value: Value): Tensor {
    return tf
      .engine()
      .makeTensorFromDataId(this.dataId(value), [...value.shape], value.dtype, tf.backend());
  }

  dataId(value: Value): object {
    const id = {};
    this.#values.set(id, value);
    return id;
  }

  valueOf(dataId: object): Value {
    const value = this.#values.get(dataId);
    if (value) return value;
    throw new KcrError('TRACE_FOREIGN_TENSOR', {
      where: place(),
      found: 'a tensor that was made outside the step',
      fix: 'Pass it to the step as an input, a buffer or a declared constant',
    });
  }

  input(name: string, shape: readonly number[], dtype: DataType): Value {
    const value: Value = { id: this.#next++, shape: [...shape], dtype, input: name };
    this.inputs[name] = value;
    return value;
  }

  constant(data: Float32Array | Int32Array | Uint8Array, shape: number[], dtype: DataType): Value {
    const first = data[0] ?? 0;
    const common = { id: this.#next++, shape, dtype };
    if (data.every((x) => x === first)) return { ...common, constant: { uniform: first } };
    if (isFixed(data)) return { ...common, constant: { data } };
    throw undeclaredConstant(shape, dtype);
  }

  /**
   * The outputs of a call: those of an equal one before it, or of a new node.
   *
   * @param call what is called, and with what
   * @param specs shape and type of its outputs
   */
  record(call: Omit<Node, 'outputs'>, specs: () => readonly Readonly<Spec>[]): readonly Value[] {
    const { kernel, inputs, attrs, op } = call;
    const known = op ? undefined : simplify(call);
    if (known) return [known];
    const key = `${kernel}(${Object.values(inputs).map(identity)})${JSON.stringify(attrs)}`;
    const same = this.#seen.get(key);
    if (same) return same;
    const outputs: Value[] = [];
    const node: Node = { ...call, outputs: outputs as unknown as Node['outputs'] };
    for (const { shape, dtype } of specs())
      outputs.push({ id: this.#next++, shape, dtype, producer: node });
    this.nodes.push(node);
    this.#saidBefore.set(node, this.#said.length);
    this.#seen.set(key, outputs);
    return outputs;
  }

  /** Where in the model the traced function is. */
  at(path: string): void {
    if (this.#said.at(-1) !== path) this.#said.push(path);
  }

  /** The module that each node belongs to. */
  paths(nodes: readonly Node[]): Map<Node, string> {
    const paths = new Map<Node, string>();
    for (const node of nodes) {
      const said = this.#saidBefore.get(node)!;
      const before = this.#said[said - 1];
      if (before !== undefined) paths.set(node, pathBetween(before, this.#said[said] ?? ''));
    }
    return paths;
  }

  /** The values of a kernel call's inputs, by name. */
  valuesOf(inputs: tf.NamedTensorInfoMap): Record<string, Value> {
    const values: Record<string, Value> = {};
    for (const [name, info] of Object.entries(inputs))
      if (info) values[name] = this.valueOf(info.dataId);
    return values;
  }

  /** What a kernel gives for its outputs. */
  infos(outputs: readonly Value[]): tf.TensorInfo | tf.TensorInfo[] {
    const infos = outputs.map((value) => ({
      dataId: this.dataId(value),
      shape: [...value.shape],
      dtype: value.dtype,
    }));
    return infos.length === 1 ? infos[0]! : infos;
  }
}

/** What makes two inputs the same value: uniform constants by number and shape, others by id. */
const identity = (value: Value) =>
  value.constant && 'uniform' in value.constant
    ? `${value.constant.uniform}${value.dtype}${shapeText(value.shape)}`
    : value.id;

let active: Trace | undefined;

function current(): Trace {
  if (active) return active;
  throw new KcrError('TRACE_INACTIVE', {
    where: place(),
    found: 'a traced tensor used after its trace had ended',
    fix: 'Return the value as an output of the step instead of keeping the tensor',
  });
}

function refuseRead(): never {
  throw valueRead();
}

/** A TensorFlow.js backend whose kernels record instead of compute. */
class TraceBackend extends tf.KernelBackend {
  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: DataType): object {
    const data =
      values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array
        ? values
        : Float32Array.from(values as unknown as number[]);
    return current().dataId(current().constant(data, shape, dtype));
  }
  override move(): void {
    throw new KcrError('TRACE_FOREIGN_TENSOR', {
      where: place(),
      found: 'a tensor of another backend was used inside a step',
      fix: 'Pass it to the step as an input, a buffer or a declared constant',
    });
  }
  override read(): Promise<tf.backend_util.BackendValues> {
    return refuseRead();
  }
  override readSync(): tf.backend_util.BackendValues {
    return refuseRead();
  }
  override numDataIds = () => 0;
  override disposeData = () => true;
  override incRef(): void {}
  override refCount = () => 1;
  override floatPrecision = () => 32 as const;
  override dispose(): void {}
}

let hasKernels = false;

/** Makes the tracing backend and every kernel with a shape rule known to TensorFlow.js. */
function registerBackend(): void {
  if (!tf.findBackendFactory(BACKEND)) tf.registerBackend(BACKEND, () => new TraceBackend(), -1);
  if (hasKernels) return;
  hasKernels = true;
  for (const [kernelName, rule] of shapeRules)
    tf.registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        const trace = current();
        const call = { kernel: kernelName, inputs: trace.valuesOf(inputs), attrs: { ...attrs } };
        return trace.infos(trace.record(call, () => rule(call.inputs, call.attrs)));
      },
    });
}

/**
 * Records a call of an op as a node of the trace that goes on.
 *
 * @param specs shape and type of the outputs
 * @returns what stands for the outputs; undefined where there is no trace, or it does not take the op
 */
export function recordOp(
  op: GraphOp,
  inputs: tf.NamedTensorInfoMap,
  attrs: object,
  specs: (inputs: Record<string, Value>) => readonly Readonly<Spec>[],
): tf.TensorInfo | tf.TensorInfo[] | undefined {
  if (!active?.takes(op)) return undefined;
  const call = { kernel: op.name, op, inputs: active.valuesOf(inputs), attrs: { ...attrs } };
  return active.infos(active.record(call, () => specs(call.inputs)));
}

/** Tells the trace that goes on, if there is one, where in the model the traced function is. */
export const atPath = (path: string): void => active?.at(path);

/**
 * Shape and type of what `run` computes from tensors like `inputs`, found by a trace aside of the one that
 * goes on.
 */
export function tracedSpecs(
  inputs: Readonly<Record<string, Value>>,
  run: (tensors: Record<string, Tensor>) => readonly Tensor[],
): Spec[] {
  const outer = active;
  const aside = new Trace(() => true);
  active = aside;
  tf.engine().startScope('shapes');
  try {
    const tensors = Object.entries(inputs).map(([name, { shape, dtype }]) => [
      name,
      aside.tensor(aside.input(name, shape, dtype)),
    ]);
    return run(Object.fromEntries(tensors)).map(({ dataId }) => {
      const { shape, dtype } = aside.valueOf(dataId);
      return { shape, dtype };
    });
  } finally {
    tf.engine().endScope();
    active = outer;
  }
}

/** What a traced function may ask of its surroundings. */
export interface Tracing {
  /** A tensor that is an input of the graph. */
  input(name: string, shape: readonly number[], dtype?: DataType): Tensor;
}

export interface TraceOptions {
  /** Whether an op is recorded as a node; else its definition is traced. Default: all are. */
  takes?(op: GraphOp): boolean;
}

/**
 * Records what `run` computes, on shapes alone: nothing is calculated and no memory is taken.
 *
 * @param run called once; returns the named outputs
 * @throws KcrError `TRACE_KERNEL` for a kernel that cannot be traced, `TRACE_READ` for a value read
 *   inside, `TRACE_UNDECLARED_CONSTANT` for baked-in randomness, `TRACE_FOREIGN_TENSOR`, `STEP_CHANCE`
 */
export function trace(
  run: (tracing: Tracing) => Record<string, Tensor>,
  { takes = () => true }: TraceOptions = {},
): Graph {
  if (active) throw new Error('trace() inside trace()');
  const engine = tf.engine();
  const before = engine.backendName;
  registerBackend();
  void tf.setBackend(BACKEND);
  const recording = new Trace(takes);
  active = recording;
  engine.startScope('trace');
  try {
    const tracing: Tracing = {
      input: (name, shape, dtype = 'float32') => {
        const tensor = recording.tensor(recording.input(name, shape, dtype));
        // The engine is a global of the process and belongs to the copy that was loaded first.
        assertOwnTensor(tensor, 'the TensorFlow.js engine');
        return tensor;
      },
    };
    const tensors = withDeepStacks(() => withoutChance(() => run(tracing)));
    const outputs = Object.fromEntries(
      Object.entries(tensors).map(([name, t]) => [name, recording.valueOf(t.dataId)]),
    );
    const nodes = liveNodes(recording.nodes, Object.values(outputs));
    return { inputs: recording.inputs, nodes, outputs, paths: recording.paths(nodes) };
  } catch (error) {
    throw kernelError(error);
  } finally {
    engine.endScope();
    active = undefined;
    if (before) void tf.setBackend(before);
    else tf.removeBackend(BACKEND);
  }
}

/** TensorFlow.js' "kernel not registered" as a coded error that names the kernel and the place; all else as it is. */
export function kernelError(error: unknown): unknown {
  if (error instanceof KcrError || !(error instanceof Error)) return error;
  const kernel = /Kernel '(\w+)' not registered for backend 'kcr-trace'/.exec(error.message)?.[1];
  if (!kernel) return error;
  return new KcrError('TRACE_KERNEL', {
    where: place(error),
    found: `the kernel ${kernel}, which the tracer does not know`,
    fix: 'Write it with traceable ops, or define an op (defineOp) that has shapes and a lowering',
    cause: error,
  });
}

/**
 * A tensor of fixed values that are meant to be part of the model (an index table, a filter).
 * Inside a trace, undeclared varying constants are refused as baked-in randomness.
 *
 * @throws KcrError `SHAPE_MISMATCH` for more or fewer values than the shape has
 */
export function constant(array: NdArray): Tensor {
  declare(array.data);
  if (array.data.length !== sizeOf(array.shape))
    throw new KcrError('SHAPE_MISMATCH', {
      where: 'constant()',
      found: `${array.data.length} values for shape ${shapeText(array.shape)}`,
      fix: 'Pass as many values as the shape has elements',
    });
  return tf.tensor(array.data, [...array.shape], array.dtype);
}
