import { KcrError } from '@kcr/core';
import { type KnownClasses, numberedClasses } from '@kcr/core/internal';
import { classNames } from './class-names.ts';

/** Each number up to the largest label is a class: one label of a billion would fill the memory. */
export const MOST_CLASSES = 100_000;

/** Labels as data have them. */
export interface RawLabels {
  readonly labels: Int32Array;
  /** Names that the labels are places among, in the order that classes have. Default: labels are numbers of classes. */
  readonly names?: readonly string[];
}

/** A whole number from 0, as text. */
const WHOLE = /^\d{1,9}$/;

/**
 * Labels that are given as texts: numbers of classes where all are whole numbers, names otherwise.
 *
 * @param where what the texts are from
 * @throws KcrError `DATASET_CLASSES` for numbers from 100,000 on
 */
export function textLabels(texts: readonly string[], where: string): RawLabels {
  const distinct = [...new Set(texts)];
  if (distinct.length > 0 && distinct.every((text) => WHOLE.test(text))) {
    const labels = Int32Array.from(texts, Number);
    checkNumbers(labels, MOST_CLASSES, where);
    return { labels };
  }
  const names = distinct.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const places = new Map(names.map((name, i) => [name, i]));
  return { labels: Int32Array.from(texts, (text) => places.get(text) ?? -1), names };
}

/** Checks that labels are below a number of classes. @throws KcrError `DATASET_CLASSES` */
function checkNumbers(labels: Int32Array, classes: number, where: string): void {
  const wrong = labels.findIndex((label) => !(label >= 0 && label < classes));
  if (wrong >= 0)
    throw new KcrError('DATASET_CLASSES', {
      where: `${where}, image ${wrong + 1}`,
      found: `the class number ${labels[wrong]}`,
      fix: `Give class numbers from 0 to ${classes - 1}`,
    });
}

/**
 * Labels as places among classes.
 *
 * @param given names of the classes, or how many there are. Default: the data's, or the numbers up to the largest
 * @param where what the labels are from
 * @throws KcrError `DATASET_CLASSES` for a class that is not among the given ones
 */
export function classLabels(
  { labels, names }: RawLabels,
  given: KnownClasses | undefined,
  where: string,
): { labels: Int32Array; classes: readonly string[] } {
  if (!names) {
    const most = labels.reduce((a, b) => Math.max(a, b), -1);
    const count = typeof given === 'number' ? given : most + 1;
    const classes = typeof given === 'object' ? given : numberedClasses(count);
    checkNumbers(labels, classes.length, where);
    return { labels, classes };
  }
  checkNumbers(labels, names.length, where);
  const classes = classNames(names, given, { code: 'DATASET_CLASSES', where });
  const places = names.map((name) => classes.indexOf(name));
  return { labels: labels.map((label) => places[label]!), classes };
}
