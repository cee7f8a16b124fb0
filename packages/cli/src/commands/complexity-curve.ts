import { join } from 'node:path';
import { Generator, type LineChart, type NdArray } from '@kcr/core';
import { writeAtomic } from '@kcr/core/internal';
import { toFeatures } from '@kcr/features';
import {
  type Interval,
  type LandmarkCurve,
  type LandmarkCurvePoint,
  landmarkCurve,
  landmarkSamplings,
} from '@kcr/nystrom';
import { lineChart, requireWritableFile } from '@kcr/pipeline';
import { classCount } from '../feature-file.ts';
import { printTable } from '../output.ts';
import { counter } from '../progress.ts';

export interface CurveOptions {
  rank?: number;
  /** Numbers of landmarks; `true` for the usual ones. */
  curve: readonly number[] | true;
  draws: number;
  step: number;
  seed: number;
  out?: string;
  json?: boolean;
}

/** `kcr complexity --curve`: TNN, A-KC and the bound over the number of landmarks, for each way of choosing them. */
export async function showCurve(
  path: string,
  { features, labels }: Record<'features', NdArray> & Partial<Record<string, NdArray>>,
  options: CurveOptions,
): Promise<void> {
  const { rank, draws, step, seed, out, json } = options;
  if (out) await requireWritableFile(join(out, 'curve.json'));
  const curve = landmarkCurve(toFeatures(features, path), {
    rank,
    draws,
    step,
    landmarks: options.curve === true ? undefined : options.curve,
    ...(labels ? { labels: labels.data, classes: classCount(labels, path) } : {}),
    generator: new Generator(seed),
    onDraw: counter('curve', 'draws'),
  });
  if (out) await store(out, curve);
  if (json) process.stdout.write(`${JSON.stringify(curve)}\n`);
  else printTable(tableOf(curve));
}

/** A mean with half the width of its interval. */
const intervalText = ({ mean, high }: Interval, digits: number): string =>
  `${mean.toPrecision(digits)} ± ${(high - mean).toPrecision(2)}`;

function tableOf({ rank, tnn, kc, bound, points }: LandmarkCurve): string[][] {
  const exact = ['exact', '', tnn.toPrecision(5), kc.toPrecision(5), kc.toPrecision(5)];
  const rows = points.map(({ sampling, landmarks, aTnn, aKc, aKcLimit, upper }) => [
    sampling,
    String(landmarks),
    intervalText(aTnn, 5),
    intervalText(aKc, 5),
    intervalText(aKcLimit, 5),
    ...(upper ? [intervalText(upper, 5)] : []),
  ]);
  return [
    ['landmarks', 'm', `TNN_${rank}`, 'A-KC', 'at most', ...(bound ? ['upper bound'] : [])],
    [...exact, ...(bound ? [bound.upper.toPrecision(5)] : [])],
    ...rows,
  ];
}

/** Writes the curve as JSON and as pictures. */
async function store(folder: string, curve: LandmarkCurve): Promise<void> {
  await writeAtomic(join(folder, 'curve.json'), `${JSON.stringify(curve, null, 1)}\n`);
  for (const [name, chart] of Object.entries(chartsOf(curve)))
    await writeAtomic(join(folder, `${name}.svg`), lineChart(chart));
}

function chartsOf(curve: LandmarkCurve): Record<string, LineChart> {
  const { n, rank, draws, tnn, kc, bound } = curve;
  const chart = (title: string, y: string, key: 'aTnn' | 'aKc' | 'upper', exact: number) => ({
    title: `${title}, n = ${n}, mean and 95 % interval of ${draws} draws`,
    x: 'landmarks m',
    y,
    logX: true,
    lines: linesOf(curve.points, key, exact),
  });
  return {
    tnn: chart(`TNN_${rank} by the Nystrom method`, 'TNN', 'aTnn', tnn),
    kc: chart('A-KC and KC', 'complexity', 'aKc', kc),
    ...(bound
      ? { bound: chart('Upper bound with A-KC, up to constants', 'loss', 'upper', bound.upper) }
      : {}),
  };
}

/** A line for each way of choosing landmarks, with its intervals as strokes, and the exact value. */
function linesOf(
  points: readonly LandmarkCurvePoint[],
  key: 'aTnn' | 'aKc' | 'upper',
  exact: number,
): LineChart['lines'] {
  const steps = [...new Set(points.map(({ landmarks }) => landmarks))];
  const lines = landmarkSamplings.map((name) => ({
    name,
    points: points.flatMap(({ sampling, landmarks: m, [key]: value }): [number, number][] =>
      sampling === name && value
        ? [value.mean, value.low, value.high, value.mean].map((y) => [m, y])
        : [],
    ),
  }));
  const whole = steps.map((m): [number, number] => [m, exact]);
  return [...lines, { name: 'exact', points: whole, dashed: true }];
}
