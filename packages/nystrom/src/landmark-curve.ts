import type { Generator } from '@kcr/core';
import type { Features } from '@kcr/features';
import type { Matrix } from 'ml-matrix';
import { BOUND_STEP } from './bound-numbers.ts';
import { type BoundOptions, kcrBounds } from './bounds.ts';
import { type Interval, interval } from './interval.ts';
import { kernelComplexity } from './kernel-complexity.ts';
import { CrossSum } from './labelled-sums.ts';
import {
  checkLandmarks,
  type LandmarkSampling,
  landmarkFeatures,
  landmarkSamplings,
} from './landmarks.ts';
import { LastLayer } from './last-layer.ts';
import { landmarkDirections, nystromTails } from './nystrom.ts';
import { covariance, type Eigen, eigen } from './spectrum.ts';
import { checkRank, spectrumTails } from './spectrum-tails.ts';

export interface LandmarkCurveOptions {
  /** r of TNN_r. Default: the argmin of KC. */
  rank?: number;
  /** Numbers of landmarks. Default {@link landmarkSteps}. */
  landmarks?: readonly number[];
  /** Default all. */
  samplings?: readonly LandmarkSampling[];
  /** Draws of landmarks for each number and way. Default 5. */
  draws?: number;
  /** The class of each image, 0..classes - 1; without them there is no bound. */
  labels?: ArrayLike<number>;
  /** Default: as many as the labels name. */
  classes?: number;
  /** Step of gradient descent on the last layer at which the bound is taken. Default 4096. */
  step?: number;
  /** Constants of the bound. */
  bound?: Omit<BoundOptions, 'complexity' | 'steps'>;
  generator: Generator;
  /** Called after each draw. */
  onDraw?(done: number, all: number): void;
}

/** What m landmarks of one way of choosing give, over draws. */
export interface LandmarkCurvePoint {
  sampling: LandmarkSampling;
  landmarks: number;
  aTnn: Interval;
  aKc: Interval;
  /** KC + sqrt((TNN~_h - TNN_h) / n) at KC's argmin h, which A-KC is not above. */
  aKcLimit: Interval;
  /** The upper bound of the expected loss with A-KC in place of KC. */
  upper?: Interval;
}

/** How the Nystrom error enters the bound: the exact values, and what landmarks give in their place. */
export interface LandmarkCurve {
  n: number;
  d: number;
  rank: number;
  draws: number;
  tnn: number;
  kc: number;
  kcArgmin: number;
  /** The step, the training loss there, and the upper bound with KC. */
  bound?: { step: number; trainingLoss: number; upper: number };
  points: LandmarkCurvePoint[];
}

/** 24, 48, ... doubled while below n, and n. */
export function landmarkSteps(n: number): number[] {
  const steps: number[] = [];
  for (let m = 24; m < n; m *= 2) steps.push(m);
  return [...steps, n];
}

/**
 * TNN_r, KC and the upper bound of the loss, exactly and with the Nystrom values of m landmarks that are chosen in several
 * ways. In the bound the Nystrom error is an additive c (A-KC - KC), with
 * 0 <= A-KC - KC <= sqrt((TNN~_h - TNN_h) / n), h the argmin of KC.
 *
 * @throws KcrError `RANK`, `LANDMARKS`, `LABELS`
 */
export function landmarkCurve(features: Features, options: LandmarkCurveOptions): LandmarkCurve {
  const { draws = 5, landmarks = landmarkSteps(features.n), generator } = options;
  const { samplings = landmarkSamplings, onDraw = () => {} } = options;
  for (const m of landmarks) checkLandmarks(m, features.n);
  const exact = exactly(features, options.rank);
  const upper = upperBound(features, exact, options);
  const cells = samplings.flatMap((sampling) => landmarks.map((m) => ({ sampling, m })));
  const points = cells.map(({ sampling, m }, at) => {
    const found = Array.from({ length: draws }, (_, draw) => {
      const own = generator.fork(`${sampling}:${m}:${draw}`);
      const chosen = landmarkFeatures(features, m, sampling, own, exact.all);
      onDraw(at * draws + draw + 1, cells.length * draws);
      return approximately(chosen, exact);
    });
    const over = (read: (draw: Approximation) => number) => interval(found.map(read));
    return {
      sampling,
      landmarks: m,
      aTnn: over((draw) => draw.aTnn),
      aKc: over((draw) => draw.aKc),
      aKcLimit: over((draw) => draw.aKcLimit),
      ...(upper ? { upper: over((draw) => upper.of(draw.aKc)) } : {}),
    };
  });
  const { n, d, rank, tails, kc, kcArgmin } = exact;
  const bound = upper && {
    step: upper.step,
    trainingLoss: upper.trainingLoss,
    upper: upper.of(kc),
  };
  const numbers = { n, d, rank, draws, tnn: tails[rank]!, kc, kcArgmin };
  return { ...numbers, ...(bound ? { bound } : {}), points };
}

/** What is known of all images. */
interface Exact extends Pick<LandmarkCurve, 'n' | 'd' | 'rank' | 'kc' | 'kcArgmin'> {
  s: Matrix;
  all: Eigen;
  tails: Float64Array;
}

function exactly(features: Features, rank?: number): Exact {
  const { n, d } = features;
  if (rank !== undefined) checkRank(rank, d);
  const s = covariance(features);
  const all = eigen(s);
  const tails = spectrumTails(all.values);
  const { value: kc, argmin: kcArgmin } = kernelComplexity(tails, n);
  return { n, d, rank: rank ?? kcArgmin, kc, kcArgmin, s, all, tails };
}

type Approximation = Record<'aTnn' | 'aKc' | 'aKcLimit', number>;

/** What landmarks say of the same. */
function approximately(
  landmarks: Features,
  { all, tails, n, rank, kc, kcArgmin: h }: Exact,
): Approximation {
  const approximate = nystromTails(all, landmarkDirections(landmarks).vectors);
  return {
    aTnn: approximate[rank]!,
    aKc: kernelComplexity(approximate, n).value,
    aKcLimit: kc + Math.sqrt((approximate[h]! - tails[h]!) / n),
  };
}

/** The upper bound as a function of the complexity, in which it is linear. */
function upperBound(
  features: Features,
  { n, d, s, all }: Exact,
  { labels, classes, step = BOUND_STEP, bound = {} }: LandmarkCurveOptions,
): { step: number; trainingLoss: number; of(complexity: number): number } | undefined {
  if (!labels) return undefined;
  const { upperConstant = 1 } = bound;
  const cross = new CrossSum(
    d,
    classes ?? 1 + Array.from(labels).reduce((a, b) => Math.max(a, b), 0),
  );
  cross.add(features, labels);
  const layer = new LastLayer({ n, s, cross: cross.matrix() }, all);
  const [point] = kcrBounds(layer, { ...bound, complexity: 0, steps: [step] });
  const { trainingLoss, upper } = point!;
  return { step, trainingLoss, of: (complexity) => upper + upperConstant * complexity };
}
