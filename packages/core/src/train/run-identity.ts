import { createHash } from 'node:crypto';
import type { NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import { isRecord } from '../ground/json-value.ts';
import { describeAdapter } from '../model/adapter.ts';
import type { Dataset, ImageSet } from '../model/batch.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';

/** An extension as an identity names it: what it is and what it was made with. */
interface ExtensionIdentity {
  readonly name: string;
  readonly options?: unknown;
}

/** What a stage of a run reads, as far as its result depends on it. */
export interface RunParts {
  /** What is done: `fit`, `search`, `prune`. */
  readonly stage: string;
  readonly model: Model;
  /** The sets of images, by what they are for. */
  readonly data: Readonly<Record<string, ImageSet | undefined>>;
  /** Weights that it starts from, by what they are for. */
  readonly weights?: Readonly<Record<string, StateDict | undefined>>;
  /** Plugins, criteria, allocators and the like, in their order. */
  readonly extensions: readonly ExtensionIdentity[];
  /** Versions of the packages that take part, by name. */
  readonly versions?: Readonly<Record<string, string>>;
  /** All other settings, as JSON. */
  readonly options: object;
}

/** What a run is: two runs are the same if these are equal. JSON, saved beside what the run has made. */
export interface RunIdentity {
  readonly stage: string;
  readonly model: object;
  readonly data: Readonly<Record<string, object>>;
  readonly weights: Readonly<Record<string, string>>;
  readonly extensions: readonly object[];
  readonly versions: Readonly<Record<string, string>>;
  readonly options: object;
}

/** The identity of a run: the one place that says what its parts are known by. */
export async function runIdentity(parts: RunParts): Promise<RunIdentity> {
  const { stage, model, data, weights = {}, extensions, versions = {}, options } = parts;
  const identity = {
    stage,
    model: modelIdentity(model),
    data: await dataIdentities(data),
    weights: mapPresent(weights, weightsDigest),
    extensions: extensions.map(({ name, options }) => ({ name, options })),
    versions,
    options,
  };
  return JSON.parse(JSON.stringify(identity));
}

const mapPresent = <T, R>(entries: Readonly<Record<string, T | undefined>>, of: (value: T) => R) =>
  Object.fromEntries(
    Object.entries(entries).flatMap(([name, value]) => (value ? [[name, of(value)]] : [])),
  );

/** SHA-256 of names, shapes and values, as hexadecimal text. */
export function weightsDigest(state: StateDict): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(state).sort()) {
    const { shape, data } = state[name]!;
    hash.update(`${name}[${shape}]`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

const modelIdentity = ({ architecture, config, kept, adapters }: Model): object => ({
  architecture: architecture.name,
  config,
  kept,
  adapters: adapters.map(describeAdapter),
});

async function dataIdentities(sets: RunParts['data']): Promise<Record<string, object>> {
  const identities: Record<string, object> = {};
  // One after another: each may read all files of a folder.
  for (const [name, set] of Object.entries(sets))
    if (set) identities[name] = await dataIdentity(set);
  return identities;
}

/** What a set says of itself; its pixels are among it only where it has an `identity`. */
async function dataIdentity(set: ImageSet & Partial<Pick<Dataset, 'labels'>>): Promise<object> {
  const { length: images, classes, shape, input, labels } = set;
  const digest = labels && valuesDigest(labels);
  return { images, classes, shape, input, labels: digest, ...(await set.identity?.()) };
}

/** SHA-256 of numbers as they lie in memory, as hexadecimal text. */
export function valuesDigest({ buffer, byteOffset, byteLength }: NdArray['data']): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Checks that a run that was saved is the one to go on with.
 *
 * @param path the file that it was saved in
 * @throws KcrError `RESUME_MISMATCH` naming what differs, with the saved and the present value: first what is in the data,
 *   then weights, then the rest, and of each the most specific
 */
export function requireSameRun(path: string, saved: object, now: RunIdentity): void {
  const found = otherRun(saved, now);
  if (found === undefined) return;
  throw new KcrError('RESUME_MISMATCH', {
    where: path,
    found,
    fix: 'Choose another output folder, or delete this one to start again',
  });
}

/** How a run is another one, in a few words; nothing where it is the same. */
export function otherRun(saved: object, now: RunIdentity): string | undefined {
  const found = differences(saved, now, []);
  if (found.length === 0) return undefined;
  const named = found
    .toSorted((a, b) => rankOf(a) - rankOf(b) || b.keys.length - a.keys.length)
    .map(differenceText);
  const more = named.length > SHOWN ? [`${named.length - SHOWN} more`] : [];
  return `a run with another ${[...named.slice(0, SHOWN), ...more].join(', ')}`;
}

/** Differences that a message names. */
const SHOWN = 5;

/** What someone must know first who gave other data or weights by mistake; the rest has been written on purpose. */
const FIRST = [/^data\.\w+\.files\b/, /^data\.\w+\.labels$/, /^data\b/, /^weights\b/];

function rankOf({ keys }: Difference): number {
  const rank = FIRST.findIndex((pattern) => pattern.test(pathText(keys)));
  return rank < 0 ? FIRST.length : rank;
}

/** Keys of objects, and places in lists. */
type Keys = readonly (string | number)[];

/** The innermost place at which two JSON values differ. */
interface Difference {
  readonly keys: Keys;
  readonly saved: unknown;
  readonly now: unknown;
}

function differences(saved: unknown, now: unknown, keys: Keys): Difference[] {
  if (isRecord(saved) && isRecord(now))
    return [...new Set([...Object.keys(now), ...Object.keys(saved)])].flatMap((key) =>
      differences(saved[key], now[key], [...keys, key]),
    );
  if (Array.isArray(saved) && Array.isArray(now) && saved.length === now.length)
    return now.flatMap((item, i) => differences(saved[i], item, [...keys, i]));
  return JSON.stringify(saved) === JSON.stringify(now) ? [] : [{ keys, saved, now }];
}

/** `options.optimizer.lr`, `extensions[0].name`. */
const pathText = (keys: Keys): string =>
  keys.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text ? `${text}.${key}` : key;
  }, '');

/** A path, with both values where they are scalars. */
function differenceText({ keys, saved, now }: Difference): string {
  const [before, after] = [scalarText(saved), scalarText(now)];
  const values = before && after ? ` (saved ${before}, now ${after})` : '';
  return pathText(keys) + values;
}

/** Letters of a text that are shown. */
const LETTERS = 16;

/** A scalar in short form; nothing for lists and objects. */
function scalarText(value: unknown): string | undefined {
  if (value === undefined) return 'nothing';
  if (typeof value === 'object' && value !== null) return undefined;
  const text = String(value);
  return text.length > LETTERS ? `${text.slice(0, LETTERS)}…` : text;
}
