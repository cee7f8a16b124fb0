const capital = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);

/**
 * What the log calls a number of the validation data: `valTop1` for `top1`.
 *
 * @param way how it was evaluated, where there is more than one: `valSoftTop1` with the masks of training, `valSampleTop1` on some of
 *   the images
 */
export const validationName = (name: string, way = ''): string =>
  `val${capital(way)}${capital(name)}`;

/** Numbers of one epoch: loss, learning rate, validation and the plugins' metrics. */
export type EpochRecord = Record<string, number>;
