/** A line of a chart: points in the order in which they are joined. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly dashed?: boolean;
}

/** Lines over a common axis, as data: whoever measures says what is to be seen, and a report draws it. */
export interface LineChart<L extends Partial<Line> = Line> {
  readonly title: string;
  /** What the axes are, with their units. */
  readonly x: string;
  readonly y: string;
  readonly logX?: boolean;
  readonly logY?: boolean;
  /** Charts of one group stand together, folded away: there are many, and few look at them. */
  readonly group?: string;
  readonly lines: readonly L[];
}

/**
 * How a number that changes from epoch to epoch is drawn, as a line for each training that has it, or as a chart for each training
 * where it has lines of several numbers.
 */
export interface Curve {
  readonly title: string;
  /** What the y axis is, with its unit. */
  readonly y: string;
  /** Names of the lines by the keys of their numbers, the curve's own among them; the others are dashed. */
  readonly lines?: Readonly<Record<string, string>>;
  /** A logged number that is drawn dashed against it, on an axis at the right. */
  readonly right?: {
    /** Its key, such as `valLoss`. */
    readonly number: string;
    /** What that axis is, with its unit. */
    readonly y: string;
  };
}

/** A column of a table of models. */
export interface Column {
  /** Key of the number that it shows. */
  readonly number: string;
  /** Key of a number that it is divided by. */
  readonly per?: string;
  readonly title: string;
  /** Digits after the point. Default 4. */
  readonly digits?: number;
  /** Shown in percent. Default false. */
  readonly percent?: boolean;
  /** One sentence: what the number says of a model. */
  readonly says?: string;
}
