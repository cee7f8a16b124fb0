import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { openModule, type WithMemory } from '@kcr/core/ground';
import { CHAIN_OPS, type Chain, type Operand } from './chain.ts';

/*
 * A chain of ops over arrays as a loop in WebAssembly: ONNX Runtime would go over all arrays once for each op, which is what updates of large
 * parameters cost. Arrays come through a little memory of the loop's own, part by part, so that they may lie anywhere. WebAssembly's numbers are
 * unsigned LEB128, as protobuf's are.
 */

/** Numbers of each array that are worked on at once: those of a chain fit the cache of a core. */
const PART = 8192;
const BYTES = 4 * PART;
const PAGE = 2 ** 16;

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const SECTION = { type: 1, function: 3, memory: 5, export: 7, code: 10 };
const TYPE = { i32: 0x7f, f32: 0x7d, v128: 0x7b, function: 0x60, none: 0x40 };
const OP = {
  loop: 0x03,
  end: 0x0b,
  repeatIf: [0x0d, 0],
  get: 0x20,
  set: 0x21,
  tee: 0x22,
  i32: 0x41,
  f32: 0x43,
  isLess: 0x49,
  add: 0x6a,
  vector: 0xfd,
};
const VECTOR = { load: 0x00, store: 0x0b, splat: 0x13 };

/** Base 2 logarithm of the bytes that four numbers are aligned to. */
const ALIGNED = 4;

/** Writes instructions. */
type Code = (w: BinaryWriter) => void;

const all =
  (...parts: readonly Code[]): Code =>
  (w) => {
    for (const part of parts) part(w);
  };
const bytes =
  (...values: readonly number[]): Code =>
  (w) =>
    void w.raw(Uint8Array.from(values));
const sized =
  (content: Code): Code =>
  (w) => {
    w.fork();
    content(w);
    w.join();
  };
const list = (...items: readonly Code[]): Code => all(number(items.length), ...items);
const number =
  (value: number): Code =>
  (w) =>
    void w.uint32(value);
const section = (id: number, ...items: readonly Code[]): Code =>
  all(bytes(id), sized(list(...items)));
const get = (local: number) => all(bytes(OP.get), number(local));
const set = (local: number) => all(bytes(OP.set), number(local));
const vector = (instruction: number) => all(bytes(OP.vector), number(instruction));
/** Loads or stores four numbers at an address and so many bytes on. */
const moved = (instruction: number, offset: number) =>
  all(vector(instruction), number(ALIGNED), number(offset));

/** The WebAssembly module of a chain: `run(bytes, ...scalars)` over its memory, in which arrays and then results lie `BYTES` apart. */
function chainModule({ arrays, scalars, steps, results }: Chain): Uint8Array {
  const constants = constantsOf([...steps.flatMap(({ operands }) => operands), ...results]);
  // Locals: bytes and scalars, which are parameters; the place in the arrays; then vectors.
  const place = 1 + scalars.length;
  const local = {
    scalar: (i: number) => place + 1 + i,
    number: (value: number) =>
      local.scalar(scalars.length + constants.findIndex((constant) => Object.is(constant, value))),
    array: (i: number) => local.scalar(scalars.length + constants.length + i),
    step: (i: number) => local.array(arrays.length + i),
  };
  const vectors = scalars.length + constants.length + arrays.length + steps.length;
  const read = (operand: Operand) => {
    const [[kind, i]] = Object.entries(operand) as [[keyof typeof local, number]];
    return get(local[kind](i));
  };
  const each = <T>(items: ArrayLike<T>, write: (i: number) => Code) =>
    all(...Array.from(items, (_, i) => write(i)));
  const float = (value: number): Code =>
    all(bytes(OP.f32), (w) => void w.float(Math.fround(value)));
  const body = all(
    list(all(number(1), bytes(TYPE.i32)), all(number(vectors), bytes(TYPE.v128))),
    each(scalars, (i) => all(get(1 + i), vector(VECTOR.splat), set(local.scalar(i)))),
    ...constants.map((value) => all(float(value), vector(VECTOR.splat), set(local.number(value)))),
    bytes(OP.loop, TYPE.none),
    each(arrays, (i) => all(get(place), moved(VECTOR.load, i * BYTES), set(local.array(i)))),
    each(steps, (i) =>
      all(
        ...steps[i]!.operands.map(read),
        vector(CHAIN_OPS[steps[i]!.kernel].instruction),
        set(local.step(i)),
      ),
    ),
    each(results, (i) =>
      all(get(place), read(results[i]!), moved(VECTOR.store, (arrays.length + i) * BYTES)),
    ),
    all(get(place), bytes(OP.i32, 16, OP.add, OP.tee), number(place)),
    all(get(0), bytes(OP.isLess, ...OP.repeatIf)),
    bytes(OP.end, OP.end),
  );
  const pages = Math.ceil(((arrays.length + results.length) * BYTES) / PAGE);
  const parameters = Array.from(scalars, () => bytes(TYPE.f32));
  const name = (text: string) => sized(bytes(...Buffer.from(text)));
  const writer = new BinaryWriter();
  all(
    bytes(...MAGIC),
    section(SECTION.type, all(bytes(TYPE.function), list(bytes(TYPE.i32), ...parameters), list())),
    section(SECTION.function, number(0)),
    section(SECTION.memory, all(number(0), number(pages))),
    section(
      SECTION.export,
      all(name('run'), bytes(0), number(0)),
      all(name('memory'), bytes(2), number(0)),
    ),
    section(SECTION.code, sized(body)),
  )(writer);
  return writer.finish();
}

/** The constants among operands, each once; NaN and -0 are numbers of their own. */
function constantsOf(operands: readonly Operand[]): number[] {
  const found: number[] = [];
  for (const operand of operands)
    if ('number' in operand && !found.some((value) => Object.is(value, operand.number)))
      found.push(operand.number);
  return found;
}

/** Works a chain's results out. */
export interface ChainKernel {
  /**
   * @param arrays all of one length
   * @param results where they go, which may be arrays that the chain reads
   */
  run(
    arrays: readonly Float32Array[],
    scalars: readonly number[],
    results: readonly Float32Array[],
  ): void;
}

/** What a chain's module has. */
interface Exports extends WithMemory {
  run(bytes: number, ...scalars: readonly number[]): void;
}

/** Numbers that JSON has no word for are told apart too. */
const asText = (_: string, value: unknown) =>
  typeof value === 'number' ? (Object.is(value, -0) ? '-0' : String(value)) : value;

const kernels = new Map<string, ChainKernel>();

/** The kernel of a chain; chains that do the same have one. */
export function chainKernel(chain: Chain): ChainKernel {
  const { arrays, scalars, steps, results } = chain;
  const key = JSON.stringify([arrays.length, scalars.length, steps, results], asText);
  const known = kernels.get(key) ?? open(chain);
  kernels.set(key, known);
  return known;
}

function open(chain: Chain): ChainKernel {
  const { memory, run } = openModule<Exports>(chainModule(chain));
  const parts = Array.from(
    { length: chain.arrays.length + chain.results.length },
    (_, i) => new Float32Array(memory.buffer, i * BYTES, PART),
  );
  const inputs = parts.slice(0, chain.arrays.length);
  const outputs = parts.slice(chain.arrays.length);
  return {
    run(arrays, scalars, results) {
      const { length } = results[0]!;
      for (let from = 0; from < length; from += PART) {
        const end = Math.min(from + PART, length);
        inputs.forEach((input, i) => {
          input.set(arrays[i]!.subarray(from, end));
        });
        run(4 * (end - from), ...scalars);
        outputs.forEach((output, i) => {
          results[i]!.set(output.subarray(0, end - from), from);
        });
      }
    },
  };
}
