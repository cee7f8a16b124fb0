/** What names of a trainer's arrays in an engine begin with: the weights themselves, */
export const WEIGHT = 'weight:';

/** their moving average, */
export const AVERAGE = 'average:';

/** and the sum of their gradients over the batches of one update. */
export const GRADIENT = 'gradient:';

/** What an optimiser keeps of a parameter under the name of a slot, such as AdamW's m. */
export const slotName = (slot: string, parameter: string) => `optimizer:${slot}:${parameter}`;

/** What plugins gave of each epoch, in the file of a run. */
export const SNAPSHOT = 'snapshot:';

/** The entries whose names begin with `prefix`, which becomes `instead`. */
export const named = <T>(
  entries: Readonly<Record<string, T>>,
  prefix: string,
  instead = '',
): Record<string, T> =>
  Object.fromEntries(
    Object.entries(entries)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [instead + name.slice(prefix.length), value]),
  );
