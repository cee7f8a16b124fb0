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
  /** The first of each kind. */
  readonly failures: Failure[];
}
