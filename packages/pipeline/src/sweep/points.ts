import { Generator } from '@kcr/core';
import type { Parameter, Point } from './sweep.ts';

type Parameters = Readonly<Record<string, Parameter>>;

/** All combinations of the values of parameters, the last one changing fastest. Ranges have none. */
export function gridPoints(parameters: Parameters): Point[] {
  let points: Point[] = [{}];
  for (const [path, values] of Object.entries(parameters)) {
    const own = Array.isArray(values) ? values : [];
    points = points.flatMap((point) => own.map((value) => ({ ...point, [path]: value })));
  }
  return points;
}

/** Digits of numbers that are drawn: enough for any setting, and short in tables. */
const DIGITS = 6;

function drawn(parameter: Parameter, generator: Generator): Point[string] {
  if (Array.isArray(parameter)) return parameter[generator.integer(parameter.length)]!;
  const { from, to, scale, integer } = parameter;
  // Whole numbers are as likely as each other, the ends too.
  const [low, high] = integer ? [from - 0.5, to + 0.5] : [from, to];
  const share = generator.uniform();
  const value =
    scale === 'log'
      ? Math.exp(Math.log(low) + share * (Math.log(high) - Math.log(low)))
      : low + share * (high - low);
  const rounded = integer ? Math.round(value) : Number(value.toPrecision(DIGITS));
  return Math.min(Math.max(rounded, from), to);
}

/** Draws until so many fail to give another point. */
const TRIES = 1000;

/**
 * Different settings that are drawn. Each has a random stream of its own by its number, so that more of them leave those before as they
 * are.
 *
 * @returns fewer where the parameters have no more
 */
export function randomPoints(parameters: Parameters, n: number, seed: number): Point[] {
  const root = new Generator(seed);
  const points = new Map<string, Point>();
  for (let draw = 0, failed = 0; points.size < n && failed < TRIES; draw++) {
    const generator = root.fork(`setting ${draw}`);
    const point = Object.fromEntries(
      Object.entries(parameters).map(([path, values]) => [
        path,
        drawn(values, generator.fork(path)),
      ]),
    );
    const key = JSON.stringify(point);
    failed = points.has(key) ? failed + 1 : 0;
    points.set(key, point);
  }
  return [...points.values()];
}
