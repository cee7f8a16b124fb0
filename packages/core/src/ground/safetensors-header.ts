import { shapeText } from './array.ts';
import { KcrError } from './error.ts';
import { foreignFormat } from './foreign-format.ts';
import { checkDepth } from './json.ts';

/** Bits of an element, of every type of the format. */
const BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E5M2FNUZ: 8,
  F8_E4M3FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** Where a tensor lies in a safetensors file, and what it is. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: keyof typeof BITS;
  readonly shape: readonly number[];
  /** Of the first byte and behind the last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** What the header of a safetensors file says. */
export interface SafetensorsHeader {
  /** In the order of the header. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Record<string, string>;
  /** Where the data begin in the file. */
  readonly start: number;
}

const MAX_HEADER = 100_000_000;
/** Most values in a header, which are 100,000 tensors of one dimension; published models have some thousands of tensors. */
const MAX_VALUES = 2 ** 19;
const MAX_USIZE = 2n ** 64n - 1n;

/**
 * Reads and checks the header of a safetensors file as the reference library does: the tensors cover the data without
 * holes and overlaps, metadata are texts, and no more stands in the file. Two things are refused besides: sizes above 2^53,
 * and headers of more than 524,288 values. The library has but its limit of 100 MB of text for these, of which
 * `JSON.parse` would make more than ten times as much; so they are counted before.
 *
 * @param bytes the file's first, its whole header at least
 * @param size of the file, in bytes
 * @throws KcrError `SAFETENSORS_HEADER`, `SAFETENSORS_TYPE`, `SAFETENSORS_RANGE`
 */
export function readSafetensorsHeader(
  bytes: Uint8Array,
  where: string,
  size = bytes.length,
): SafetensorsHeader {
  const { text, start } = headerText(bytes, where, size);
  checkAmount(text, where);
  const header = parsed(text, bytes, where);
  checkText(text, where);
  const { __metadata__: metadata } = header;
  const entries = Object.entries(header).flatMap(([name, entry]) =>
    name === '__metadata__' ? [] : [entryOf(name, entry, `${where}: ${name}`)],
  );
  checkLayout(entries, size - start, where);
  return { entries, metadata: checkedMetadata(metadata, where), start };
}

function headerError(where: string, found: string, cause?: unknown): KcrError {
  const fix = 'The file is damaged or no safetensors file: fetch or write it again';
  return new KcrError('SAFETENSORS_HEADER', { where, found, fix, cause });
}

/**
 * Where the header of a file ends.
 *
 * @param bytes the file's first
 * @param size of the file, in bytes
 * @throws KcrError `SAFETENSORS_HEADER`, `WEIGHTS_PICKLE`
 */
export function headerEnd(bytes: Uint8Array, where: string, size: number): number {
  if (bytes.length < 8) throw headerError(where, `${size} bytes, too few for a header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER, size - 8)))
    throw (
      foreignFormat(bytes, where) ??
      headerError(where, `a header of ${length} bytes in a file of ${size}`)
    );
  return 8 + Number(length);
}

function headerText(bytes: Uint8Array, where: string, size: number) {
  const start = headerEnd(bytes, where, size);
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { text: decoder.decode(bytes.subarray(8, start)), start };
  } catch (cause) {
    throw foreignFormat(bytes, where) ?? headerError(where, 'a header that is not UTF-8', cause);
  }
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];

/** Counts values by the commas outside texts. @throws KcrError `SAFETENSORS_HEADER` */
function checkAmount(text: string, where: string): void {
  let [values, inText] = [1, false];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) inText = !inText;
    else if (inText && code === BACKSLASH) i++;
    else if (!inText && code === COMMA) values++;
  }
  if (values > MAX_VALUES)
    throw new KcrError('SAFETENSORS_HEADER', {
      where,
      found: `a header of ${values} values`,
      fix: `At most ${MAX_VALUES} are read: give each tensor few dimensions, or write several files`,
    });
}

function parsed(text: string, bytes: Uint8Array, where: string): Record<string, unknown> {
  try {
    checkDepth(text);
    const header = JSON.parse(text);
    if (typeof header !== 'object' || header === null || Array.isArray(header))
      throw new Error('no object');
    return header;
  } catch (cause) {
    const found = `a header that is not a JSON object (${(cause as Error).message})`;
    throw foreignFormat(bytes, where) ?? headerError(where, found, cause);
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|-?\d[\d.eE+-]*/g;
const FIELDS = ['dtype', 'shape', 'data_offsets'];

/** What `JSON.parse` does not say of a text: fields that are there twice, numbers such as 1.0, and halves of characters. */
function checkText(text: string, where: string): void {
  /** For each open object the fields so far, for each open list nothing. */
  const open: (Set<string> | undefined)[] = [];
  let [last, entry, field] = ['', '', ''];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && open.length <= 2) {
      const key: string = JSON.parse(last);
      if (open.length === 1) [entry, field] = [key, ''];
      else field = key;
      const once = open.length === 1 ? ['__metadata__'] : entry === '__metadata__' ? [] : FIELDS;
      if (once.includes(key)) {
        if (open.at(-1)?.has(key)) throw headerError(where, `the field ${last} twice`);
        open.at(-1)?.add(key);
      }
    } else if (token.startsWith('"')) {
      if (token.includes('\\u') && /\p{Surrogate}/u.test(JSON.parse(token)))
        throw headerError(where, `half of a character in ${token}`);
    } else if (/^[-\d]/.test(token) && !/^\d+$/.test(token))
      if (field === '' || FIELDS.includes(field))
        throw headerError(where, `the number ${token} instead of a natural one`);
    last = token;
  }
}

function checkedMetadata(metadata: unknown, where: string): Record<string, string> {
  if (metadata === undefined || metadata === null) return {};
  if (typeof metadata !== 'object' || Array.isArray(metadata))
    throw headerError(where, 'metadata that are no object');
  const wrong = Object.entries(metadata).find(([, value]) => typeof value !== 'string');
  if (wrong) throw headerError(where, `metadata "${wrong[0]}" that are no text`);
  return metadata as Record<string, string>;
}

const isNatural = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
const areNatural = (list: unknown): list is number[] =>
  Array.isArray(list) && list.every(isNatural);

function entryOf(name: string, said: unknown, where: string): TensorEntry {
  if (typeof said !== 'object' || said === null) throw headerError(where, 'no description');
  // As in the reference library, a list has the fields in order.
  const [dtype, shape, offsets]: unknown[] =
    Array.isArray(said) && said.length === FIELDS.length
      ? said
      : FIELDS.map((field) =>
          Object.hasOwn(said, field) ? said[field as keyof typeof said] : null,
        );
  if (typeof dtype !== 'string' || !Object.hasOwn(BITS, dtype))
    throw new KcrError('SAFETENSORS_TYPE', {
      where,
      found: `element type ${JSON.stringify(dtype)}`,
      fix: 'The format has no such type: write the file again',
    });
  if (!areNatural(shape) || !areNatural(offsets) || offsets.length !== 2)
    throw headerError(where, 'a shape or offsets that are not lists of natural numbers');
  const [begin, end] = offsets as [number, number];
  return { name, dtype: dtype as TensorEntry['dtype'], shape, begin, end };
}

/** Bits of a tensor, or nothing where one of the products on the way does not fit 64 bits. */
function bitsOf({ dtype, shape }: TensorEntry): bigint | undefined {
  let product = 1n;
  for (const factor of shape) {
    product *= BigInt(factor);
    if (product > MAX_USIZE) return undefined;
  }
  const bits = product * BigInt(BITS[dtype]);
  return bits > MAX_USIZE ? undefined : bits;
}

/** Tensors lie one behind another, from the first byte to the last. */
function checkLayout(entries: readonly TensorEntry[], available: number, where: string): void {
  const refuse = (at: string, found: string) =>
    new KcrError('SAFETENSORS_RANGE', {
      where: at,
      found,
      fix: 'The file is truncated or its header lies: fetch or write it again',
    });
  let next = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    const { name, dtype, shape, begin, end } = entry;
    const at = `${where}: ${name}`;
    const bits = bitsOf(entry);
    if (begin !== next || end < begin)
      throw refuse(at, `bytes ${begin} to ${end}, where the tensor at ${next} is next`);
    if (bits === undefined || bits !== 8n * BigInt(end - begin))
      throw refuse(at, `bytes ${begin} to ${end} for ${dtype} ${shapeText(shape)}`);
    if (end > available) throw refuse(at, `bytes ${begin} to ${end} of ${available}`);
    next = end;
  }
  if (next !== available)
    throw refuse(where, `${available - next} bytes behind the last tensor, which ends at ${next}`);
}
