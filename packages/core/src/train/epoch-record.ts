/** What the log calls a number of the validation data: `valTop1` for `top1`. */
export const validationName = (name: string): string =>
  `val${name[0]!.toUpperCase()}${name.slice(1)}`;

/** Numbers of one epoch: loss, learning rate, validation and the plugins' metrics. */
export type EpochRecord = Record<string, number>;
