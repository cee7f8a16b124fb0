import { createHash } from 'node:crypto';
import { KcrError } from '../ground/error.ts';
import { describeAdapter } from '../model/adapter.ts';
import type { ImageSet } from '../model/batch.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';

/** An extension as an identity names it: what it is and what it was made with. */
export interface ExtensionIdentity {
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
  readonly options: object;
}

/** The identity of a run: the one place that says what its parts are known by. */
export function runIdentity(parts: RunParts): RunIdentity {
  const { stage, model, data, weights = {}, extensions, options } = parts;
  const identity = {
    stage,
    model: modelIdentity(model),
    data: mapPresent(data, dataIdentity),
    weights: mapPresent(weights, weightsDigest),
    extensions: extensions.map(({ name, options }) => ({ name, options })),
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

const dataIdentity = ({ length, classes, shape, input }: ImageSet): object => ({
  images: length,
  classes,
  shape,
  input,
});

/**
 * Checks that a run that was saved is the one to go on with.
 *
 * @param path the file that it was saved in
 * @throws KcrError `RESUME_MISMATCH` naming what differs
 */
export function requireSameRun(path: string, saved: object, now: RunIdentity): void {
  const differing = differences(saved, now, '');
  if (differing.length > 0)
    throw new KcrError('RESUME_MISMATCH', {
      where: path,
      found: `a run with another ${differing.join(', ')}`,
      fix: 'Choose another output folder, or delete this one to start again',
    });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Paths at which two JSON values differ; lists are compared as a whole. */
function differences(a: unknown, b: unknown, path: string): string[] {
  if (isObject(a) && isObject(b))
    return [...new Set([...Object.keys(b), ...Object.keys(a)])].flatMap((key) =>
      differences(a[key], b[key], path ? `${path}.${key}` : key),
    );
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
}
