import type { Task } from '@kcr/core';

/** Classes that a sentence names. */
const NAMED = 5;

/**
 * What could not be measured on the data, in sentences: a task's first metric, or classes without a number of their own.
 *
 * @param numberOf what the task's evaluation gave, by name
 * @param classes their names, in the order of the labels
 */
export function notMeasured(
  { metrics }: Task,
  numberOf: (name: string) => number | undefined,
  classes: readonly string[],
): string[] {
  const [[key, title] = []] = Object.entries(metrics);
  if (key !== undefined && numberOf(key) === undefined)
    return [`no ${title}: there is nothing in the data to find`];
  const nowhere = classes.filter((name) => numberOf(`iou.${name}`) === undefined);
  // Where no class has a number, the task gives none.
  if (nowhere.length === 0 || nowhere.length === classes.length) return [];
  const names = `${nowhere.slice(0, NAMED).join(', ')}${nowhere.length > NAMED ? ', ...' : ''}`;
  return [
    `no pixel is, or was taken for, ${names}: left out of the mean IoU (labels are numbered from 0; 255 does not count)`,
  ];
}
