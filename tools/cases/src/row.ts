import type { ErrorCode } from '@kcr/core';

/** What is done to a file between two commands that work in one folder. */
export type Change =
  | { readonly file: string; readonly by: 'flip' | 'halve' | 'empty' | 'remove' }
  /** The first such text becomes another of the same length. */
  | { readonly file: string; readonly text: string; readonly other: string }
  /** A file takes another's place, or a text is written. */
  | { readonly file: string; readonly write: string };

/** What a command must come to. */
export type Expectation =
  /**
   * Numbers of the JSON on standard output by their paths, to 1e-9 unless `within` says otherwise; an `absent` path must not
   * be there. On standard error `warns` is said, or nothing that begins with `warning`.
   */
  | {
      readonly figures: Readonly<Record<string, number>>;
      readonly within?: number;
      readonly absent?: readonly string[];
      readonly warns?: string;
    }
  /** A KcrError whose message has all these texts. No file of the output folder is another afterwards. */
  | { readonly error: ErrorCode; readonly names: readonly string[] }
  /** Arguments that cannot be read: the message has all these texts, and nothing was run. */
  | { readonly usage: readonly string[] }
  /** `predict` says the same of all its images. */
  | { readonly same: true }
  /** All files of the output folder are as the command before has left them, but for those that say how long things took. */
  | { readonly restored: true };

/**
 * An input that was once handled wrongly, as a call of `kcr`. In arguments `{data}` is the folder of the files that come
 * along, `{made}` that of those that are made, `{out}` a folder of this row alone.
 */
export interface Row {
  readonly name: string;
  /** A public report (OWNER/REPOSITORY#N), the reference that decides, or what it was found by. */
  readonly source: string;
  /** A command that works in `{out}` before; rows with the same one start from copies of its result. */
  readonly before?: readonly string[];
  readonly change?: Change;
  readonly args: readonly string[];
  readonly expect: Expectation;
}

/** Rows of an area. */
export interface Area {
  readonly area: string;
  readonly rows: readonly Row[];
}
