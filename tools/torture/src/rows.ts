/** One failure of its kind. */
export interface Failure {
  readonly kind: string;
  readonly message: string;
  /** The command that shows it again. */
  readonly again: string;
  /** A folder with its files. */
  readonly files?: string;
}

/** What came of one target. */
export interface Row {
  readonly name: string;
  tried: number;
  failed: number;
  /** Refused with a `KcrError`, as they should be. */
  refused: number;
  /** Of the cases, without making ready. */
  seconds: number;
  /** The first of each kind. */
  readonly failures: Failure[];
}

export const emptyRow = (name: string): Row => ({
  name,
  tried: 0,
  failed: 0,
  refused: 0,
  seconds: 0,
  failures: [],
});

/** With what a target is tried. */
export interface TrialOptions {
  /** The bundled `worker.mjs`. */
  readonly worker: string;
  readonly seed: number;
  /** For the target, with making ready; a few cases are tried in any case. */
  readonly seconds: number;
  /** Only this case. */
  readonly only?: number;
  /** Where the files of failures are copied to. */
  readonly out: string;
  onCase(row: Row): void;
}

/** A failure without its numbers: what is alike is told once. */
export const kindOf = ({ kind, message }: Failure): string =>
  `${kind} ${message.replace(/[\d.]+/g, '')}`;
