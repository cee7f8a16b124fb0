import type { Plugin } from '@kcr/core';
import { ibBound } from '@kcr/ib-bound';
import { kcrNystrom } from '@kcr/nystrom';

/** A way to regularise, or none. */
export interface Arm {
  readonly name: string;
  readonly plugins: readonly Plugin[];
}

/** The name of the way without. */
export const NONE = 'without';

/** Measures KC and IB without changing anything. */
const measuring = {
  tnn: () => kcrNystrom({ eta: 0, rank: 10 }),
  ib: () => ibBound({ eta: 0 }),
};

export const RANKS = [2, 5, 9];
export const TNN_ETAS = [0.1, 1, 10, 100];
/** Below the paper's, whose smallest is already too large for a model of this size. */
export const SMALL_TNN_ETAS = [0.001, 0.01];
/** The paper's 50 belongs to 1,000 clusters; the gradient of an assignment to one of 10 is as much larger. */
export const IB_ETAS = [0.05, 0.5, 5, 50];

export const tnnName = (rank: number, eta: number): string => `TNN, r ${rank}, eta ${eta}`;
export const ibName = (eta: number): string => `IB, eta ${eta}`;

/** Cross-entropy alone. */
export const without: Arm = { name: NONE, plugins: [measuring.tnn(), measuring.ib()] };

/** The truncated nuclear norm. */
export const tnn = (rank: number, eta: number): Arm => ({
  name: tnnName(rank, eta),
  plugins: [kcrNystrom({ eta, rank, warmup: 0.3 }), measuring.ib()],
});

/** The bound of the information bottleneck. */
export const ib = (eta: number): Arm => ({
  name: ibName(eta),
  plugins: [measuring.tnn(), ibBound({ eta, warmup: 0.3 })],
});

const tnns = (etas: readonly number[]): readonly Arm[] =>
  RANKS.flatMap((rank) => etas.map((eta) => tnn(rank, eta)));

/** Without, and the papers' ways. */
export const published: readonly Arm[] = [without, ...tnns(TNN_ETAS), ...IB_ETAS.map(ib)];

/** TNN with weights below the paper's. */
export const small: readonly Arm[] = tnns(SMALL_TNN_ETAS);

/** All ways of the cross-validation. */
export const arms: readonly Arm[] = [...published, ...small];

/** A way by its name. */
function armOf(name: string): Arm {
  const found = arms.find((arm) => arm.name === name);
  if (!found) throw new Error(`no way to regularise ${name}`);
  return found;
}

/**
 * What cross-validation chose, with right labels and with wrong ones alike. Its TNN is hardly felt, so the next larger weight, which costs
 * nothing either, stands beside it.
 */
export const CHOSEN = {
  tnn: armOf('TNN, r 9, eta 0.001'),
  tnnStronger: armOf('TNN, r 9, eta 0.01'),
  ib: armOf('IB, eta 0.05'),
} as const;
