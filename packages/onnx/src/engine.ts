import {
  type Communicator,
  type CompiledStep,
  type DataType,
  type Engine,
  type Graph,
  joinRows,
  KcrError,
  type NdArray,
  type StateChange,
  type StepFunction,
  shapeText,
  sizeOf,
  type Tensor,
  type Value,
} from '@kcr/core';
import {
  alone,
  gatherArrays,
  missingState,
  recomputed,
  runStep,
  type Tracing,
  trace,
} from '@kcr/core/internal';
import * as ort from 'onnxruntime-node';
import { blockSize } from './block-size.ts';
import type { Target } from './builder.ts';
import { type ChainKernel, chainKernel } from './chain-kernel.ts';
import { lowerGraph } from './graph.ts';
import { canWriteInPlace, runInPlace } from './in-place.ts';
import { isLowered } from './lowering.ts';
import { INPUT, isCut, isPass, OUTPUT, STATE, SUPPLY, UPDATE } from './ports.ts';
import { ARRAYS, encodeModel } from './proto.ts';
import { DeviceReader } from './reader.ts';
import { type Gather, type Segment, segmentsOf } from './segments.ts';
import { openSession, type Session } from './session.ts';
import { type LoweredSegment, stepMemory } from './step-memory.ts';
import { type SplitGraph, splitUpdates, type UpdateChain } from './update-chains.ts';

export interface OnnxEngineOptions {
  /** Where ONNX Runtime runs. `cuda` needs ONNX Runtime's CUDA libraries, which npm does not bring. */
  device?: Target;
  /** Threads of one operator. Default: ONNX Runtime's choice, one per core. */
  threads?: number;
  /** Prefix of a profile file that ONNX Runtime writes for each compiled step. */
  profile?: string;
}

/** What is measured of each compilation, in milliseconds. */
export interface CompileTimes {
  step: string;
  trace: number;
  session: number;
  nodes: number;
}

const TYPES = { float32: 'float32', int32: 'int32', bool: 'bool' } as const;

const wrap = ({ dtype, data, shape }: NdArray): ort.Tensor =>
  new ort.Tensor(TYPES[dtype], data as Float32Array, [...shape]);

/** The engine that traces a step into one ONNX graph and runs it on ONNX Runtime. */
export class OnnxEngine implements Engine {
  readonly name: string;
  /** One entry per compiled step and input shape. */
  readonly compileTimes: CompileTimes[] = [];
  readonly #state = new Map<string, ort.Tensor>();
  /** Buffers that the next value of an array is written into, so that a step allocates no state. */
  readonly #spare = new Map<string, ort.Tensor>();
  /** Buffers for what chains read of a graph, by length: no run needs them after it. */
  readonly #passed = new Map<number, Float32Array[]>();
  readonly #device = new DeviceReader();
  /** Those that hold a session. */
  readonly #steps = new Set<CompiledStep>();

  constructor(private readonly options: OnnxEngineOptions = {}) {
    this.name = `onnx-${this.device}`;
  }

  get device(): Target {
    return this.options.device ?? 'cpu';
  }

  set(arrays: Readonly<Record<string, NdArray>>): void {
    for (const [name, array] of Object.entries(arrays)) {
      this.#state.set(name, wrap({ ...array, data: array.data.slice() }));
      this.#spare.delete(name);
    }
  }

  async get(names: readonly string[]): Promise<Record<string, NdArray>> {
    const held = Object.entries(await this.#held(names));
    return Object.fromEntries(
      held.map(([name, array]) => [name, { ...array, data: array.data.slice() }]),
    );
  }

  async revise(names: readonly string[], change: StateChange): Promise<void> {
    const held = await this.#held(names);
    await change(held);
    const elsewhere = names.filter((name) => this.#read(name).location !== 'cpu');
    this.set(Object.fromEntries(elsewhere.map((name) => [name, held[name]!])));
  }

  /** Arrays of the state: the engine's own where they are the host's. */
  async #held(names: readonly string[]): Promise<Record<string, NdArray>> {
    const held: Record<string, NdArray> = {};
    for (const name of names) {
      const tensor = this.#read(name);
      held[name] = toArray(tensor.location === 'cpu' ? tensor : await this.#device.read(tensor));
    }
    return held;
  }

  names = () => [...this.#state.keys()];

  delete(names: readonly string[]): void {
    for (const name of names) {
      this.#state.delete(name);
      this.#spare.delete(name);
    }
  }

  compile(name: string, step: StepFunction): CompiledStep {
    const programs = new Map<string, Promise<Program>>();
    /** What has been traced and does not run yet. */
    const traced = new Map<string, Promise<Traced>>();
    const tracedFor = (inputs: InputShapes) => {
      const key = keyOf(inputs);
      const known = traced.get(key) ?? this.#traced(name, step, inputs);
      traced.set(key, known);
      return known;
    };
    const run = async (inputs: Readonly<Record<string, NdArray>> = {}) => {
      const key = keyOf(inputs);
      let program = programs.get(key);
      if (!program) {
        program = tracedFor(inputs).then((own) => this.#program(name, own));
        programs.set(key, program);
        this.#steps.add(compiled);
        traced.clear();
      }
      return this.#run(await program, inputs);
    };
    const memory = async (inputs: InputShapes = {}) =>
      stepMemory((await tracedFor(inputs)).segments);
    const dispose = async () => {
      this.#steps.delete(compiled);
      const ended = [...programs.values()];
      programs.clear();
      traced.clear();
      for (const program of ended) {
        // One that could not be compiled has said so where it was run.
        for (const { session } of (await program.catch(() => undefined))?.segments ?? []) {
          if (this.options.profile) session?.endProfiling();
          await session?.release();
        }
      }
    };
    const compiled: CompiledStep = Object.assign(run, {
      memory,
      dispose,
      [Symbol.asyncDispose]: dispose,
    });
    return compiled;
  }

  async dispose(): Promise<void> {
    for (const step of [...this.#steps]) await step.dispose();
    await this.#device.dispose();
    this.delete(this.names());
    this.#passed.clear();
  }

  [Symbol.asyncDispose] = () => this.dispose();

  #read(name: string): ort.Tensor {
    const tensor = this.#state.get(name);
    if (tensor) return tensor;
    throw missingState(name);
  }

  async #traced(name: string, step: StepFunction, inputs: InputShapes): Promise<Traced> {
    const start = performance.now();
    const { graph, supplies, communicator } = this.#trace(step, inputs);
    const block = this.device === 'cpu' ? await blockSize() : 0;
    const inPlace = this.device === 'cpu' && (await canWriteInPlace());
    const options = { name, target: this.device, block, unreadable: inPlace };
    const split = this.device === 'cpu' ? splitUpdates(graph) : whole(graph);
    const blockedInputs = new Set<string>();
    const segments = segmentsOf(split.head).map((segment) => {
      const passing = { blockedInputs, blockedOutput: isPass };
      const lowered = lowerGraph(segment.graph, { ...options, ...passing });
      for (const output of lowered.blocked) blockedInputs.add(output);
      return { ...segment, lowered };
    });
    const milliseconds = performance.now() - start;
    const nodes = graph.nodes.length;
    return { ...split, nodes, supplies, inPlace, segments, communicator, milliseconds };
  }

  async #program(
    name: string,
    { chains, read, nodes, supplies, inPlace, segments, communicator, milliseconds }: Traced,
  ): Promise<Program> {
    const start = performance.now();
    const runs: SegmentRun[] = [];
    for (const { graph, gathers, ended, lowered } of segments) {
      // In the order in which the runtime lays them out.
      const shapes = new Map(lowered.outputs.map(({ name, shape }) => [name, shape.map(Number)]));
      const outputs = Object.entries(graph.outputs).map(
        ([output, { dtype }]) => [output, { dtype, shape: shapes.get(output)! }] as const,
      );
      const bytes = encodeModel({ ...lowered, values: [] });
      const isOne = segments.length === 1;
      // A step may be chains alone.
      const session =
        outputs.length > 0
          ? await createSession(bytes, name, graph, { ...this.options, isOne })
          : undefined;
      runs.push({ session, used: new Set(session?.inputNames), outputs, gathers, ended });
    }
    this.compileTimes.push({
      step: name,
      trace: milliseconds,
      session: performance.now() - start,
      nodes,
    });
    const kernels = chains.map((chain) => ({ ...chain, kernel: chainKernel(chain) }));
    const chained = chains.flatMap(({ arrays, scalars }) => [...arrays, ...scalars]);
    const used = runs.flatMap((run) => [...run.used]);
    const given = new Set([...used, ...chained.flatMap(({ input }) => input ?? [])]);
    const state = [...given].filter((n) => n.startsWith(STATE)).map((n) => n.slice(STATE.length));
    return { segments: runs, communicator, inPlace, given, state, supplies, chains: kernels, read };
  }

  #trace(step: StepFunction, inputs: InputShapes) {
    const supplies: Supply[] = [];
    let again: string | undefined;
    let communicator = alone;
    const run = (tracing: Tracing) => {
      const state = new Map<string, Tensor>();
      const given = Object.entries(inputs).map(([input, { shape, dtype }]) => [
        input,
        tracing.input(INPUT + input, shape, dtype),
      ]);
      const {
        outputs,
        updates = {},
        recompute,
        communicator: together = alone,
      } = runStep(step, {
        inputs: Object.fromEntries(given),
        state: (name) => {
          let tensor = state.get(name);
          if (!tensor) {
            const { dims, type } = this.#read(name);
            tensor = tracing.input(STATE + name, dims, type as DataType);
            state.set(name, tensor);
          }
          return tensor;
        },
        supply: (name, shape, dtype, next) => {
          const feed = `${SUPPLY}${supplies.length}:${name}`;
          supplies.push({ feed, shape, dtype, next });
          return tracing.input(feed, shape, dtype);
        },
      });
      again = recompute;
      communicator = together;
      return { ...prefixed(OUTPUT, outputs), ...prefixed(UPDATE, updates) };
    };
    const traced = trace(run, { takes: (op) => isLowered(op) || op.collective });
    const graph = again === undefined ? traced : recomputed(traced, OUTPUT + again);
    return { graph, supplies, communicator };
  }

  async #run(program: Program, inputs: Readonly<Record<string, NdArray>>) {
    const { segments, communicator, inPlace, given, state, supplies } = program;
    const tensors: Record<string, ort.Tensor> = {};
    for (const name of state) tensors[STATE + name] = this.#read(name);
    for (const [name, array] of Object.entries(inputs))
      if (given.has(INPUT + name)) tensors[INPUT + name] = wrap(array);
    for (const { feed, shape, dtype, next } of supplies) {
      // Every supply is drawn, also one the graph does not use: streams stay the same on all engines.
      const data = next();
      if (given.has(feed)) tensors[feed] = wrap({ shape, dtype, data });
    }
    const passOn = (names: Iterable<string>) => {
      for (const name of names) {
        if (inPlace) this.#passOn(tensors[name]!);
        delete tensors[name];
      }
    };
    for (const segment of segments) {
      Object.assign(tensors, await this.#runSegment(segment, tensors, inPlace));
      if (segment.gathers.length > 0)
        Object.assign(tensors, await gathered(segment.gathers, tensors, communicator));
      passOn(segment.ended);
    }
    this.#runChains(program, tensors);
    const told: Record<string, NdArray> = {};
    for (const [name, tensor] of Object.entries(tensors)) {
      if (name.startsWith(UPDATE)) this.#update(name.slice(UPDATE.length), tensor, inPlace);
      else if (name.startsWith(OUTPUT)) told[name.slice(OUTPUT.length)] = toArray(tensor);
    }
    passOn(Object.keys(tensors).filter(isCut));
    return told;
  }

  /** What a segment makes of what it is given. */
  async #runSegment(
    { session, used, outputs }: SegmentRun,
    tensors: Readonly<Record<string, ort.Tensor>>,
    inPlace: boolean,
  ): Promise<Readonly<Record<string, ort.Tensor>>> {
    if (!session) return {};
    const own = Object.fromEntries([...used].map((name) => [name, tensors[name]!]));
    if (inPlace) return await this.#runInPlace(session, own, outputs);
    return await session.run(
      own,
      outputs.map(([name]) => name),
    );
  }

  /** Updates arrays of the state where they are, by what a run was given and what came of it. */
  #runChains(
    { chains, read: names }: Program,
    tensors: Readonly<Record<string, ort.Tensor>>,
  ): void {
    const dataOf = (value: Value): Float32Array => {
      const { constant, input, shape } = value;
      if (constant && 'data' in constant) return constant.data as Float32Array;
      const name = input ?? names.get(value)!;
      return dataOfShape(name, tensors[name]!, shape);
    };
    const calls = chains.map(({ kernel, shape, arrays, scalars, updated }) => {
      const read = arrays.map(dataOf);
      const numbers = scalars.map((value) => dataOf(value)[0]!);
      const next = updated.map((name) => dataOfShape(name, this.#read(name), shape));
      return () => kernel.run(read, numbers, next);
    });
    // All are checked before the first changes anything.
    for (const call of calls) call();
  }

  /** Keeps a tensor's buffer for others. */
  #passOn({ data }: ort.Tensor): void {
    if (!(data instanceof Float32Array)) return;
    const same = this.#passed.get(data.length);
    if (same) same.push(data);
    else this.#passed.set(data.length, [data]);
  }

  /** Runs a session into memory that an update uses again in every second step. */
  async #runInPlace(
    session: Session,
    feeds: Record<string, ort.Tensor>,
    outputs: SegmentRun['outputs'],
  ) {
    const results: Record<string, ort.Tensor> = {};
    for (const [name, { dtype, shape }] of outputs) {
      const spare = name.startsWith(UPDATE) && this.#spare.get(name.slice(UPDATE.length));
      const size = sizeOf(shape);
      const isPassed = dtype === 'float32' && (isCut(name) || isPass(name));
      const passed = isPassed && this.#passed.get(size)?.pop();
      results[name] = spare || wrap({ dtype, shape, data: passed || new ARRAYS[dtype](size) });
    }
    await runInPlace(session, feeds, results);
    return results;
  }

  /** Makes a new value current; the old one's buffer takes the next, where steps write in place. */
  #update(name: string, tensor: ort.Tensor, inPlace: boolean): void {
    const old = this.#state.get(name);
    this.#state.set(name, tensor);
    if (old && inPlace) this.#spare.set(name, old);
    else old?.dispose();
  }
}

/** @throws KcrError `SHAPE_MISMATCH` where it has another size than the step was compiled for */
function dataOfShape(name: string, { data, dims }: ort.Tensor, shape: readonly number[]) {
  if (data.length === sizeOf(shape)) return data as Float32Array;
  throw new KcrError('SHAPE_MISMATCH', {
    where: name,
    found: `${shapeText(dims)}, and the step was compiled for ${shapeText(shape)}`,
    fix: 'Compile the step again after arrays of another shape are set',
  });
}

/** What tells compilations of a step apart. */
const keyOf = (inputs: InputShapes): string =>
  Object.entries(inputs)
    .map(([input, { dtype, shape }]) => `${input}:${dtype}${shapeText(shape)}`)
    .join();

/** What the processes have of some values, gathered in one message. */
async function gathered(
  gathers: readonly Gather[],
  tensors: Readonly<Record<string, ort.Tensor>>,
  communicator: Communicator,
): Promise<Record<string, ort.Tensor>> {
  const own = Object.fromEntries(gathers.map(({ from }) => [from, toArray(tensors[from]!)]));
  const all = await gatherArrays(communicator, own);
  const results = gathers.map(({ from, to, shape }) => {
    const rows = joinRows(all.map((arrays) => arrays[from]!));
    return [to, wrap({ ...rows, shape })];
  });
  return Object.fromEntries(results);
}

type InputShapes = Readonly<Record<string, Omit<NdArray, 'data'>>>;

interface Supply {
  feed: string;
  shape: readonly number[];
  dtype: DataType;
  next(): NdArray['data'];
}

/** A graph that is not parted. */
const whole = (graph: Graph): SplitGraph => ({ head: graph, chains: [], read: new Map() });

/** A step for some input shapes, before it can run. */
interface Traced extends Pick<SplitGraph, 'chains' | 'read'> {
  /** Nodes of the whole. */
  readonly nodes: number;
  readonly supplies: Supply[];
  readonly inPlace: boolean;
  readonly segments: readonly LoweredSegment[];
  readonly communicator: Communicator;
  readonly milliseconds: number;
}

interface SegmentRun extends Pick<Segment, 'gathers' | 'ended'> {
  /** Absent where there is nothing to compute. */
  readonly session?: Session;
  /** What the session takes. */
  readonly used: ReadonlySet<string>;
  readonly outputs: readonly (readonly [name: string, Pick<Value, 'shape' | 'dtype'>])[];
}

interface Program extends Pick<SplitGraph, 'read'> {
  readonly segments: readonly SegmentRun[];
  /** Who takes part in exchanges between segments. */
  readonly communicator: Communicator;
  /** Whether sessions write their results into memory that they are given. */
  inPlace: boolean;
  /** What sessions or chains take. */
  given: ReadonlySet<string>;
  /** The arrays of the state among them. */
  state: string[];
  chains: readonly (UpdateChain & { readonly kernel: ChainKernel })[];
  supplies: Supply[];
}

const prefixed = (prefix: string, tensors: Record<string, Tensor>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));

const toArray = (tensor: ort.Tensor): NdArray => ({
  dtype: tensor.type as DataType,
  shape: tensor.dims,
  data: tensor.data as Float32Array,
});

const onDevice = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, 'gpu-buffer' as const]));

/**
 * Passes of ONNX Runtime over transposes. A step's are where they cost least: these passes join transposes of filters that are apart since ONNX
 * Runtime does two of one axis many times as fast as one of several, and do others again for each of their readers. Measured without
 * them: a training step of MobileViT-S 0.95 of the time, EfficientViT-B1 0.97, Swin-T 0.98, DeiT-T 1.00, inference 0.98 to 1.03.
 */
const UNUSED_PASSES = 'TransposeOptimizer;TransposeOptimizer_CPUExecutionProvider';

async function createSession(
  bytes: Uint8Array,
  name: string,
  graph: Graph,
  { device = 'cpu', threads, profile, isOne }: OnnxEngineOptions & { readonly isOne: boolean },
): Promise<Session> {
  const updates = Object.keys(graph.outputs).filter((output) => output.startsWith(UPDATE));
  try {
    return await openSession(bytes, {
      executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
      // Measured: memory patterns double the peak memory of a training step and win no time.
      enableMemPattern: false,
      executionMode: 'sequential',
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      ...(device === 'cpu'
        ? {
            extra: {
              optimization: { disable_specified_optimizers: UNUSED_PASSES },
              // Threads of each of several would wait busily while the next one runs.
              ...(isOne ? {} : { session: { intra_op: { allow_spinning: '0' } } }),
            },
          }
        : {}),
      ...(profile ? { enableProfiling: true, profileFilePrefix: `${profile}-${name}` } : {}),
      ...(device === 'webgpu' ? { preferredOutputLocation: onDevice(updates) } : {}),
    });
  } catch (cause) {
    throw new KcrError('ONNX_SESSION', {
      where: `step "${name}" on ${device}`,
      found: (cause as Error).message,
      fix:
        device === 'cpu'
          ? 'Report this as a bug: the traced graph is not valid ONNX'
          : `Check that ONNX Runtime finds its ${device} libraries and a device, or use device "cpu"`,
      cause,
    });
  }
}

/** The default engine. */
export const createOnnxEngine = (options: OnnxEngineOptions = {}): OnnxEngine =>
  new OnnxEngine(options);
