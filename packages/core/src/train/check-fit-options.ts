import { KcrError } from '../ground/error.ts';
import type { OptimizerOptions, SearchOptions } from './fit-options.ts';

interface Rule {
  fits(value: number): boolean;
  /** What to give instead. */
  fix: string;
}

const wholeFrom = (least: number): Rule => ({
  fits: (x) => Number.isSafeInteger(x) && x >= least,
  fix: `Give a whole number from ${least}`,
});

const finite = (fits: (x: number) => boolean, what: string): Rule => ({
  fits: (x) => Number.isFinite(x) && fits(x),
  fix: `Give a number ${what}`,
});

const above0 = finite((x) => x > 0, 'above 0');
const from0 = finite((x) => x >= 0, 'from 0');
const share = finite((x) => x >= 0 && x < 1, 'from 0 to below 1');

const RUN: Readonly<Record<string, Rule>> = {
  epochs: wholeFrom(1),
  seed: { fits: Number.isSafeInteger, fix: 'Give a whole number' },
  augRepeats: wholeFrom(1),
  labelSmoothing: share,
  clipNorm: above0,
  emaDecay: share,
  architectureShare: finite((x) => x > 0 && x < 1, 'above 0 and below 1'),
};

const OPTIMIZER: Readonly<Record<string, Rule>> = {
  lr: from0,
  minLr: from0,
  warmupEpochs: from0,
  layerDecay: above0,
  eps: above0,
  weightDecay: from0,
};

function check(values: object, rules: Readonly<Record<string, Rule>>, prefix = ''): void {
  for (const [name, value] of Object.entries(values)) {
    const rule = rules[name];
    if (!rule || value === undefined || (typeof value === 'number' && rule.fits(value))) continue;
    throw new KcrError('OPTION', { where: prefix + name, found: String(value), fix: rule.fix });
  }
}

function checkOptimizer(optimizer: OptimizerOptions, name: string): void {
  check(optimizer, OPTIMIZER, `${name}.`);
  optimizer.betas?.forEach((beta, i) => {
    check({ [`betas[${i}]`]: beta }, { [`betas[${i}]`]: share }, `${name}.`);
  });
}

/**
 * Checks the numbers that a run is made with.
 *
 * @throws KcrError `OPTION` for one that is out of its range, or no number, and for frozen weights that nobody has trained
 */
export function checkFitOptions(options: SearchOptions): void {
  check(options, RUN);
  checkOptimizer(options.optimizer, 'optimizer');
  if (options.architectureOptimizer)
    checkOptimizer(options.architectureOptimizer, 'architectureOptimizer');
  if (options.freezeWeights && !options.initial)
    throw new KcrError('OPTION', {
      where: 'freezeWeights',
      found: 'no weights to start from, so that random ones would stay',
      fix: 'Give trained weights as `initial`',
    });
}
