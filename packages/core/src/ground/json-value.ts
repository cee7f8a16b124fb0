import { messageOf } from './error.ts';

/** Whether a value is a whole number from 0. */
export const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

/** Whether a value is an object with entries by name. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How deep a value may be: as deep as JSON that is read. */
const DEEPEST = 127;

/**
 * A copy of a value that code has made, as JSON has it: what is not there in JSON is found before anything trusts the value.
 * Fields that are `undefined` stay away.
 *
 * @param whole what the value is called where all of it is wrong
 * @returns the copy, and what is no JSON with its path: functions, symbols, numbers that are not finite, objects of classes,
 *   fields named `__proto__`, getters that throw, values that have themselves within, and more than 127 within each other
 */
export function jsonCopy(value: unknown, whole: string): { copy: unknown; problems: string[] } {
  const copier = new JsonCopier(whole);
  return { copy: copier.copy(value, [], []), problems: copier.problems };
}

class JsonCopier {
  readonly problems: string[] = [];

  constructor(private readonly whole: string) {}

  /** @param above what the value lies in */
  copy(value: unknown, path: readonly string[], above: readonly object[]): unknown {
    if (value === undefined || value === null || ['string', 'boolean'].includes(typeof value))
      return value;
    if (typeof value === 'number')
      return Number.isFinite(value) ? value : this.#refuse(path, String(value));
    if (typeof value !== 'object') return this.#refuse(path, `a ${typeof value}`);
    if (above.includes(value)) return this.#refuse(path, 'a value that it lies in');
    if (above.length >= DEEPEST)
      return this.#refuse(path, `more than ${DEEPEST} lists and objects nested`);
    try {
      return this.#copyObject(value, path, [...above, value]);
    } catch (error) {
      return this.#refuse(path, messageOf(error));
    }
  }

  #copyObject(value: object, path: readonly string[], above: readonly object[]): unknown {
    if (Array.isArray(value))
      return Array.from(value, (entry, i) => this.copy(entry, [...path, String(i)], above));
    if (![Object.prototype, null].includes(Object.getPrototypeOf(value)))
      return this.#refuse(path, 'an object of a class');
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    if (Object.hasOwn(value, '__proto__')) this.#refuse(path, 'a field named __proto__');
    return Object.fromEntries(
      entries.map(([key, entry]) => [key, this.copy(entry, [...path, key], above)]),
    );
  }

  #refuse(path: readonly string[], found: string): undefined {
    this.problems.push(`${path.join('.') || this.whole}: ${found}`);
  }
}
