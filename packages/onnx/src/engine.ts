import {
  type CompiledStep,
  type DataType,
  type Engine,
  type Graph,
  KcrError,
  type NdArray,
  type StateChange,
  type StepFunction,
  type StepMemory,
  shapeText,
  sizeOf,
  type Tensor,
  type Value,
} from '@kcr/core';
import { missingState, recomputed, runStep, type Tracing, trace } from '@kcr/core/internal';
import * as ort from 'onnxruntime-node';
import { blockSize } from './block-size.ts';
import type { Target } from './builder.ts';
import { type ChainKernel, chainKernel } from './chain-kernel.ts';
import { lowerGraph } from './graph.ts';
import { graphMemory } from './graph-memory.ts';
import { canWriteInPlace, runInPlace } from './in-place.ts';
import { isLowered } from './lowering.ts';
import { ARRAYS, encodeModel, type OnnxGraph } from './proto.ts';
import { DeviceReader } from './reader.ts';
import { openSession, type Session } from './session.ts';
import { CUT, type SplitGraph, splitUpdates, type UpdateChain } from './update-chains.ts';

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

const OUTPUT = 'out:';
const UPDATE = 'new:';
const INPUT = 'in:';
const STATE = 'state:';
const SUPPLY = 'supply:';
const PREFIXES = { state: STATE, update: UPDATE };

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
      stepMemory((await tracedFor(inputs)).lowered);
    const dispose = async () => {
      this.#steps.delete(compiled);
      const ended = [...programs.values()];
      programs.clear();
      traced.clear();
      for (const program of ended) {
        // One that could not be compiled has said so where it was run.
        const session = (await program.catch(() => undefined))?.session;
        if (this.options.profile) session?.endProfiling();
        await session?.release();
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
    const { graph, supplies } = this.#trace(step, inputs);
    const block = this.device === 'cpu' ? await blockSize() : 0;
    const inPlace = this.device === 'cpu' && (await canWriteInPlace());
    const options = { name, target: this.device, block, unreadable: inPlace };
    const split = this.device === 'cpu' ? splitUpdates(graph, PREFIXES) : whole(graph);
    const lowered = lowerGraph(split.head, options);
    const milliseconds = performance.now() - start;
    const nodes = graph.nodes.length;
    return { ...split, nodes, supplies, inPlace, lowered, milliseconds };
  }

  async #program(
    name: string,
    { head, chains, read, nodes, supplies, inPlace, lowered, milliseconds }: Traced,
  ): Promise<Program> {
    const bytes = encodeModel({ ...lowered, values: [] });
    const encoded = performance.now();
    // A step may be chains alone.
    const outputs = Object.entries(head.outputs).map(
      ([output, { shape, dtype }]) => [output, { shape, dtype }] as const,
    );
    const session =
      outputs.length > 0 ? await createSession(bytes, name, head, this.options) : undefined;
    this.compileTimes.push({
      step: name,
      trace: milliseconds,
      session: performance.now() - encoded,
      nodes,
    });
    const runs = chains.map((chain) => ({ ...chain, kernel: chainKernel(chain) }));
    const chained = chains.flatMap(({ arrays, scalars }) => [...arrays, ...scalars]);
    const used = new Set(session?.inputNames);
    const given = new Set([...used, ...chained.flatMap(({ input }) => input ?? [])]);
    const state = [...given].filter((n) => n.startsWith(STATE)).map((n) => n.slice(STATE.length));
    return { session, inPlace, used, given, state, supplies, outputs, chains: runs, read };
  }

  #trace(step: StepFunction, inputs: InputShapes) {
    const supplies: Supply[] = [];
    let again: string | undefined;
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
      return { ...prefixed(OUTPUT, outputs), ...prefixed(UPDATE, updates) };
    };
    const traced = trace(run, { takes: isLowered });
    const graph = again === undefined ? traced : recomputed(traced, OUTPUT + again);
    return { graph, supplies };
  }

  async #run(program: Program, inputs: Readonly<Record<string, NdArray>>) {
    const { session, inPlace, used, given, state, supplies, outputs } = program;
    const feeds: Record<string, ort.Tensor> = {};
    for (const name of state) feeds[STATE + name] = this.#read(name);
    for (const [name, array] of Object.entries(inputs))
      if (given.has(INPUT + name)) feeds[INPUT + name] = wrap(array);
    for (const { feed, shape, dtype, next } of supplies) {
      // Every supply is drawn, also one the graph does not use: streams stay the same on all engines.
      const data = next();
      if (given.has(feed)) feeds[feed] = wrap({ shape, dtype, data });
    }
    const own = Object.fromEntries([...used].map((name) => [name, feeds[name]!]));
    const names = outputs.map(([name]) => name);
    const results = !session
      ? {}
      : inPlace
        ? await this.#runInPlace(session, own, outputs)
        : await session.run(own, names);
    this.#runChains(program, { ...feeds, ...results });
    const told: Record<string, NdArray> = {};
    for (const [name, tensor] of Object.entries(results)) {
      if (name.startsWith(UPDATE)) this.#update(name.slice(UPDATE.length), tensor, inPlace);
      else if (name.startsWith(OUTPUT)) told[name.slice(OUTPUT.length)] = toArray(tensor);
      else if (inPlace) this.#passOn(tensor.data as Float32Array);
    }
    return told;
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

  /** Keeps a buffer for another run. */
  #passOn(buffer: Float32Array): void {
    const same = this.#passed.get(buffer.length);
    if (same) same.push(buffer);
    else this.#passed.set(buffer.length, [buffer]);
  }

  /** Runs a session into memory that an update uses again in every second step. */
  async #runInPlace(
    session: Session,
    feeds: Record<string, ort.Tensor>,
    outputs: Program['outputs'],
  ) {
    const results: Record<string, ort.Tensor> = {};
    for (const [name, { dtype, shape }] of outputs) {
      const spare = name.startsWith(UPDATE) && this.#spare.get(name.slice(UPDATE.length));
      const size = sizeOf(shape);
      const passed = name.startsWith(CUT) && this.#passed.get(size)?.pop();
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

/** What a run of a lowered step takes besides the state. */
function stepMemory(lowered: OnnxGraph): StepMemory {
  const { inputs, outputs, constants, arena } = graphMemory(lowered);
  const outside = [...inputs, ...outputs].filter(([port]) => !isOfState(port) && !isCut(port));
  const run = outside.reduce((sum, [, bytes]) => sum + bytes, constants + arena);
  const updates = [...outputs].filter(([port]) => port.startsWith(UPDATE));
  const own = updates.map(([port, bytes]) => [port.slice(UPDATE.length), bytes] as const);
  return { run, shared: Object.fromEntries([...own, ...passed(outputs)]) };
}

/** Buffers of what chains read, which runs pass on, named by their size and place among those of it. */
function passed(outputs: ReadonlyMap<string, number>): (readonly [string, number])[] {
  const counts = new Map<number, number>();
  return [...outputs].flatMap(([port, bytes]) => {
    if (!isCut(port)) return [];
    const place = counts.get(bytes) ?? 0;
    counts.set(bytes, place + 1);
    return [[`${bytes} bytes, ${place}`, bytes] as const];
  });
}

const isCut = (port: string): boolean => port.startsWith(CUT);

const isOfState = (port: string): boolean => port.startsWith(STATE) || port.startsWith(UPDATE);

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
interface Traced extends SplitGraph {
  /** Nodes of the whole. */
  readonly nodes: number;
  readonly supplies: Supply[];
  readonly inPlace: boolean;
  readonly lowered: OnnxGraph;
  readonly milliseconds: number;
}

interface Program extends Pick<SplitGraph, 'read'> {
  /** Absent where chains do all. */
  session?: Session;
  /** Whether it writes its results into memory that it is given. */
  inPlace: boolean;
  /** What the session takes. */
  used: ReadonlySet<string>;
  /** What the session or chains take. */
  given: ReadonlySet<string>;
  /** The arrays of the state among them. */
  state: string[];
  chains: readonly (UpdateChain & { readonly kernel: ChainKernel })[];
  supplies: Supply[];
  outputs: (readonly [name: string, Pick<Value, 'shape' | 'dtype'>])[];
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
  { device = 'cpu', threads, profile }: OnnxEngineOptions,
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
        ? { extra: { optimization: { disable_specified_optimizers: UNUSED_PASSES } } }
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
