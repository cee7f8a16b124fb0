import type { Generator } from '@kcr/core';
import { chance, mutateBytes, oneOf } from './mutate-bytes.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A text that stands in JSON as it is, for what `JSON.stringify` does not write. */
const raw = (text: string): string => `@@${text}@@`;

const DEEP = 5000;

/** Values that readers forget. */
const VALUES: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  2,
  0.5,
  -0.5,
  1e-300,
  255,
  65_536,
  1e9,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e15,
  1e308,
  -1e308,
  '',
  ' ',
  '0',
  '-1',
  'NaN',
  'constructor',
  '__proto__',
  'toString',
  '../../../etc/passwd',
  '\u0000',
  '\ud800',
  '"><script>alert(1)</script>',
  'a'.repeat(100_000),
  [],
  {},
  [[]],
  [null],
  [0],
  [-1],
  [1, 2],
  [1e9, 1e9],
  { length: -1 },
  { length: 1e9 },
  { constructor: 1 },
  raw('-0'),
  raw('1e999'),
  raw('NaN'),
  raw('1e-999'),
  raw('123456789012345678901234567890'),
  raw('{"__proto__":{"polluted":1}}'),
  raw('{"a":1,"a":2}'),
  raw('['.repeat(DEEP) + ']'.repeat(DEEP)),
];
const KEYS = ['__proto__', 'constructor', 'length', '', 'x', 'toString', '0'];

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** Other numbers near one, and it in other types. */
const ofNumber = (x: number): readonly Json[] => [
  -x,
  x + 1,
  x - 1,
  x * 2,
  x * 1e6,
  x / 3,
  String(x),
  [x],
];
const ofText = (text: string): readonly Json[] => [
  `${text}x`,
  text.slice(1),
  text.toUpperCase(),
  [text],
  `${text}#${text}`,
];
const ofList = (list: readonly Json[]): readonly Json[] => [
  [...list, ...list],
  list.slice(0, 1),
  list.slice(1),
  [],
  list.toReversed(),
  [list],
];

/** Another value in the place of one. */
function another(generator: Generator, value: Json): Json {
  if (chance(generator, 0.5)) return oneOf(generator, VALUES);
  if (typeof value === 'number') return oneOf(generator, ofNumber(value));
  if (typeof value === 'string') return oneOf(generator, ofText(value));
  if (value !== null && typeof value === 'object')
    return isList(value) ? oneOf(generator, ofList(value)) : oneOf(generator, [[value], {}, null]);
  return oneOf(generator, VALUES);
}

/** The entries of a list or an object, changed. */
function withEntries(
  value: readonly Json[] | JsonObject,
  change: (entries: [string, Json][]) => [string, Json][],
): Json {
  const entries = change(Object.entries(value));
  return isList(value as Json) ? entries.map(([, entry]) => entry) : Object.fromEntries(entries);
}

/** A value with one change somewhere within it. */
function changed(generator: Generator, value: Json): Json {
  if (value === null || typeof value !== 'object' || Object.keys(value).length === 0)
    return another(generator, value);
  if (chance(generator, 0.05)) return another(generator, value);
  const at = generator.integer(Object.keys(value).length);
  const how = generator.uniform();
  return withEntries(value as readonly Json[] | JsonObject, (entries) => {
    const [key, entry] = entries[at]!;
    if (how < 0.06) return entries.toSpliced(at, 1);
    if (how < 0.1) return [...entries, [oneOf(generator, KEYS), entry]];
    if (how < 0.14) return entries.with(at, [key, oneOf(generator, entries)[1]]);
    return entries.with(at, [key, changed(generator, entry)]);
  });
}

/** JSON with one to three changes of its values and fields. */
export function mutateValue(generator: Generator, value: Json): Json {
  let result = value;
  for (let left = chance(generator, 0.7) ? 1 : 3; left > 0; left--)
    result = changed(generator, result);
  return result;
}

/** The text of JSON, in which some values are none that `JSON.stringify` writes. */
export const jsonText = (value: Json): string =>
  JSON.stringify(value).replace(/"@@(.*?)@@"/g, (_, text: string) => text.replaceAll('\\"', '"'));

/** The file of JSON that is another: in three of four cases JSON still, else other bytes. */
export function mutateJson(generator: Generator, value: Json): Buffer {
  if (chance(generator, 0.75)) return Buffer.from(jsonText(mutateValue(generator, value)));
  return mutateBytes(generator, Buffer.from(JSON.stringify(value, null, 1)));
}
