import { type FileHandle, open } from 'node:fs/promises';
import type { NdArray } from './array.ts';
import { writeAtomic } from './atomic.ts';
import { KcrError, messageOf } from './error.ts';
import { headerEnd, readSafetensorsHeader, type TensorEntry } from './safetensors-header.ts';

/** Element types that are read. Halves become float32, I64 becomes int32 where its values fit. */
const WIDTHS = { F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8, F64: 8, U8: 1, BOOL: 1 } as const;

export type SafetensorsType = keyof typeof WIDTHS;

export interface SafetensorsFile {
  tensors: Record<string, NdArray>;
  /** The `__metadata__` of the header. */
  metadata: Record<string, string>;
}

/** A safetensors file whose tensors are read one by one. */
export interface OpenSafetensors extends AsyncDisposable {
  /** Names in the order of the header. */
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Reads a tensor.
   *
   * @throws KcrError `TENSOR_MISSING`, `SAFETENSORS_READ`, `SAFETENSORS_TYPE`, `SAFETENSORS_RANGE`
   */
  read(name: string): Promise<NdArray>;
}

/** How many bytes are read of a file before its header's length is known. */
const FIRST = 64;

const cannotRead = (path: string, cause: unknown) =>
  new KcrError('SAFETENSORS_READ', {
    where: path,
    found: messageOf(cause),
    fix: 'Check the path',
    cause,
  });

/** Reads bytes of a file into memory of their own. @throws KcrError `SAFETENSORS_READ` */
async function readBytes(file: FileHandle, path: string, start: number, length: number) {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, start + done);
    if (bytesRead === 0)
      throw cannotRead(path, new Error('the file became shorter while it was read'));
    done += bytesRead;
  }
  return bytes;
}

/**
 * Opens a safetensors file and checks its header: F32, F16, BF16, F64, I32, I64, U8 and BOOL. Files that the reference library
 * refuses are refused, and pickles are named as what they are. Close it with `await using`.
 *
 * @throws KcrError `SAFETENSORS_READ`, `SAFETENSORS_HEADER`, `SAFETENSORS_TYPE`, `SAFETENSORS_RANGE`, `WEIGHTS_PICKLE`
 */
export async function openSafetensors(path: string): Promise<OpenSafetensors> {
  const file = await open(path).catch((cause) => {
    throw cannotRead(path, cause);
  });
  try {
    const { size } = await file.stat();
    const first = await readBytes(file, path, 0, Math.min(size, FIRST));
    const end = headerEnd(first, path, size);
    const begin = await readBytes(file, path, 0, Math.max(end, first.length));
    const { entries, metadata, start } = readSafetensorsHeader(begin, path, size);
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    return {
      names: [...byName.keys()],
      metadata,
      async read(name) {
        const entry = byName.get(name);
        if (!entry)
          throw new KcrError('TENSOR_MISSING', {
            where: path,
            found: `no tensor ${JSON.stringify(name)}`,
            fix: 'Read one of its names',
          });
        const where = `${path}: ${name}`;
        const dtype = supported(entry, where);
        const length = entry.end - entry.begin;
        const { buffer } = await readBytes(file, path, start + entry.begin, length);
        return decode(dtype, entry.shape, buffer, where);
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error instanceof KcrError ? error : cannotRead(path, error);
  }
}

/**
 * Reads a safetensors file, each tensor into memory of its own, so that no more than these is ever needed.
 *
 * @throws KcrError as {@link openSafetensors}
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  await using file = await openSafetensors(path);
  const tensors: [string, NdArray][] = [];
  for (const name of file.names) tensors.push([name, await file.read(name)]);
  return { tensors: Object.fromEntries(tensors), metadata: { ...file.metadata } };
}

/**
 * Decodes the bytes of a safetensors file; `where` names it in errors.
 *
 * @throws KcrError `SAFETENSORS_HEADER`, `SAFETENSORS_TYPE`, `SAFETENSORS_RANGE`
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  const { entries, metadata, start } = readSafetensorsHeader(bytes, where);
  const tensors = entries.map((entry): [string, NdArray] => {
    const at = `${where}: ${entry.name}`;
    const dtype = supported(entry, at);
    // A copy is aligned to its element size, whatever the offset in the file was.
    const raw = new Uint8Array(bytes.subarray(start + entry.begin, start + entry.end)).buffer;
    return [entry.name, decode(dtype, entry.shape, raw, at)];
  });
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** @throws KcrError `SAFETENSORS_TYPE` */
function supported({ dtype }: TensorEntry, where: string): SafetensorsType {
  if (isSupported(dtype)) return dtype;
  throw new KcrError('SAFETENSORS_TYPE', {
    where,
    found: `element type ${dtype}`,
    fix: `Convert it to one of ${Object.keys(WIDTHS).join(', ')}`,
  });
}

const isSupported = (dtype: string): dtype is SafetensorsType => Object.hasOwn(WIDTHS, dtype);

function decode(
  dtype: SafetensorsType,
  shape: readonly number[],
  raw: ArrayBuffer,
  where: string,
): NdArray {
  const float = (data: Float32Array): NdArray => ({ dtype: 'float32', shape, data });
  switch (dtype) {
    case 'F32':
      return float(new Float32Array(raw));
    case 'F64':
      return float(new Float32Array(new Float64Array(raw)));
    case 'F16':
      return float(mapped(new Uint16Array(raw), Float32Array, fromHalf));
    case 'BF16':
      return float(
        new Float32Array(mapped(new Uint16Array(raw), Uint32Array, (h) => h << 16).buffer),
      );
    case 'I32':
      return { dtype: 'int32', shape, data: new Int32Array(raw) };
    case 'I64':
      return { dtype: 'int32', shape, data: narrow(new BigInt64Array(raw), where) };
    case 'U8':
      return { dtype: 'int32', shape, data: new Int32Array(new Uint8Array(raw)) };
    case 'BOOL':
      return { dtype: 'bool', shape, data: new Uint8Array(raw) };
  }
}

/** `TypedArray.from` with a function makes a list of all values first; this makes the array alone. */
function mapped<T, R extends { [i: number]: number }>(
  values: { readonly length: number; readonly [i: number]: T },
  Result: new (length: number) => R,
  value: (x: T) => number,
): R {
  const result = new Result(values.length);
  for (let i = 0; i < values.length; i++) result[i] = value(values[i]!);
  return result;
}

function narrow(values: BigInt64Array, where: string): Int32Array {
  return mapped(values, Int32Array, (value) => {
    if (BigInt.asIntN(32, value) === value) return Number(value);
    throw new KcrError('SAFETENSORS_RANGE', {
      where,
      found: `the 64-bit integer ${value}`,
      fix: 'Only integers that fit 32 bits are supported',
    });
  });
}

/** IEEE half precision to a number. */
function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A number to IEEE half precision, rounded to nearest even. */
function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  const steps = roundToEven(size * 2 ** (10 - (size === 0 ? -14 : exponent)));
  return sign | (((size === 0 ? -14 : exponent) + 14) * 1024 + steps);
}

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** A float32's upper half, rounded to nearest even. */
function toBrain(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function encode(array: NdArray, dtype: SafetensorsType): Uint8Array {
  const bytes = (data: ArrayBufferView) =>
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const { data } = array;
  switch (dtype) {
    case 'F32':
      return bytes(data instanceof Float32Array ? data : Float32Array.from(data));
    case 'F64':
      return bytes(Float64Array.from(data));
    case 'F16':
      return bytes(Uint16Array.from(data, toHalf));
    case 'BF16':
      return bytes(Uint16Array.from(new Uint32Array(Float32Array.from(data).buffer), toBrain));
    case 'I32':
      return bytes(Int32Array.from(data));
    case 'I64':
      return bytes(BigInt64Array.from(Array.from(data, BigInt)));
    case 'U8':
    case 'BOOL':
      return bytes(Uint8Array.from(data));
  }
}

const NATURAL = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;

/**
 * Encodes tensors as a safetensors file.
 *
 * @param dtypes element types by name, where they are not the natural one (F32, I32, BOOL)
 */
export function encodeSafetensors(
  { tensors, metadata }: SafetensorsFile,
  dtypes: Readonly<Record<string, SafetensorsType>> = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, array] of Object.entries(tensors)) {
    const dtype = dtypes[name] ?? NATURAL[array.dtype];
    const part = encode(array, dtype);
    header[name] = { dtype, shape: array.shape, data_offsets: [offset, offset + part.length] };
    parts.push(part);
    offset += part.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + padded + offset).fill(0x20, 8, 8 + padded);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(json, 8);
  let at = 8 + padded;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** Writes a safetensors file atomically. */
export const writeSafetensors = (
  path: string,
  file: SafetensorsFile,
  dtypes?: Readonly<Record<string, SafetensorsType>>,
): Promise<void> => writeAtomic(path, encodeSafetensors(file, dtypes));
