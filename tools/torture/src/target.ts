import type { Generator } from '@kcr/core';

/** Files by name. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** A reader, and the files that it is given. */
export interface ReadyTarget {
  /** Files that are not as a program writes them; the same generator gives the same. */
  mutate(generator: Generator): Files;
  /**
   * Reads the files, which lie in the target's folder.
   *
   * @throws KcrError where they are refused, {@link Wrong} where what they give is not what it should be
   */
  read(files: Files): Promise<void>;
  /** Bytes that what the files hold has, as they say: memory and time may follow them. Absent: as good as none. */
  claims?(files: Files): Promise<number>;
}

/** How a case went. */
export interface Answer {
  /** `refused` is as good as `read`. */
  readonly outcome: 'read' | 'refused' | 'wrong' | 'uncaught' | 'slow' | 'memory';
  readonly message: string;
}

/** A run that is disturbed in another way in each case. */
export interface ReadyRun {
  /** Disturbs a run, lets it end and judges what it leaves; the same generator and number disturb it alike. */
  disturb(generator: Generator, number: number): Promise<Answer>;
}

/** What is tried case by case: a public reader that is given damaged files, or a run that is disturbed. */
export interface Target<R extends ReadyTarget | ReadyRun = ReadyTarget | ReadyRun> {
  readonly name: string;
  /** Makes what it reads, in a folder of its own. */
  ready(folder: string): Promise<R>;
}

/** A target that reads files. */
export type Reader = Target<ReadyTarget>;

/** A reader took files and gave what nobody can use, or took what it should have refused. */
export class Wrong extends Error {
  override readonly name = 'Wrong';
}

/** @throws Wrong */
export function require(holds: boolean, message: () => string): void {
  if (!holds) throw new Wrong(message());
}

/** @throws Wrong naming the first number in a value that is not finite */
export function requireFinite(value: unknown, path = 'the value'): void {
  if (typeof value === 'number') require(Number.isFinite(value), () => `${path} is ${value}`);
  else if (typeof value === 'object' && value !== null)
    for (const [key, entry] of Object.entries(value)) requireFinite(entry, `${path}.${key}`);
}
