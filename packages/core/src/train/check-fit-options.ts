import { KcrError } from '../ground/error.ts';
import type { Task } from '../model/task.ts';
import { checkOwnOptimizer } from './check-optimizer.ts';
import { clipModes } from './clip-gradients.ts';
import type { OptimizerOptions, RateOptions, SearchOptions } from './fit-options.ts';
import { chosenOptimizer, optimizers } from './optimizers.ts';

interface Rule {
  fits(value: unknown): boolean;
  /** What to give instead. */
  fix: string;
}

const wholeFrom = (least: number): Rule => ({
  fits: (x) => Number.isSafeInteger(x) && Number(x) >= least,
  fix: `Give a whole number from ${least}`,
});

const finite = (fits: (x: number) => boolean, what: string): Rule => ({
  fits: (x) => typeof x === 'number' && Number.isFinite(x) && fits(x),
  fix: `Give a number ${what}`,
});

const above0 = finite((x) => x > 0, 'above 0');
const from0 = finite((x) => x >= 0, 'from 0');
const share = finite((x) => x >= 0 && x < 1, 'from 0 to below 1');
const flag: Rule = { fits: (x) => typeof x === 'boolean', fix: 'Give true or false' };

const oneOf = (values: readonly unknown[]): Rule => ({
  fits: (x) => values.includes(x),
  fix: `Give one of ${values.join(', ')}`,
});

const RUN: Readonly<Record<string, Rule>> = {
  epochs: wholeFrom(1),
  seed: { fits: Number.isSafeInteger, fix: 'Give a whole number' },
  accumulate: wholeFrom(1),
  microBatch: {
    fits: (x) => x === 'auto' || wholeFrom(1).fits(x),
    fix: 'Give a whole number from 1, or `auto`',
  },
  recompute: flag,
  syncBatchNorm: flag,
  memory: wholeFrom(1),
  cache: { fits: (x) => typeof x === 'string' && x !== '', fix: 'Give the path of a folder' },
  checkpointEvery: from0,
  augRepeats: wholeFrom(1),
  evaluateEvery: wholeFrom(1),
  evaluateImages: wholeFrom(1),
  labelSmoothing: share,
  clipGrad: above0,
  clipMode: oneOf(clipModes),
  emaDecay: share,
  architectureShare: finite((x) => x > 0 && x < 1, 'above 0 and below 1'),
};

const RATES: Readonly<Record<Exclude<keyof RateOptions, 'decay' | 'lrFactors'>, Rule>> = {
  lr: from0,
  minLr: from0,
  warmupEpochs: from0,
  layerDecay: above0,
};

/** What is beside the constants of an optimiser. */
const BESIDE: readonly string[] = ['name', 'decay', 'lrFactors', ...Object.keys(RATES)];

const CONSTANTS: Readonly<Record<string, Rule>> = {
  eps: above0,
  weightDecay: from0,
  momentum: share,
  nesterov: flag,
  maxGradNorm: { ...above0, fits: (x) => x === null || above0.fits(x) },
  biasCorrection: flag,
  trustClip: flag,
  alwaysAdapt: flag,
  decoupledDecay: flag,
};

function check(values: object, rules: Readonly<Record<string, Rule>>, prefix = ''): void {
  for (const [name, value] of Object.entries(values)) {
    const rule = rules[name];
    if (!rule || value === undefined || rule.fits(value)) continue;
    throw new KcrError('OPTION', { where: prefix + name, found: String(value), fix: rule.fix });
  }
}

function checkOptimizer(optimizer: OptimizerOptions, name: string): void {
  const { name: chosen = 'adamw', lrFactors = {}, ...numbers } = optimizer;
  if (typeof chosen === 'object') checkOwnOptimizer(chosen, `${name}.name`);
  else check({ name: chosen }, { name: oneOf(Object.keys(optimizers)) }, `${name}.`);
  check(numbers, { ...RATES, ...CONSTANTS }, `${name}.`);
  if ('betas' in numbers)
    numbers.betas?.forEach((beta, i) => {
      check({ [`betas[${i}]`]: beta }, { [`betas[${i}]`]: share }, `${name}.`);
    });
  for (const [path, factor] of Object.entries(lrFactors))
    check({ [path]: factor }, { [path]: above0 }, `${name}.lrFactors.`);
  checkConstants(optimizer, name);
}

/** A constant of another optimiser would be passed over. */
function checkConstants(optimizer: OptimizerOptions, where: string): void {
  const { name, options = {} } = chosenOptimizer(optimizer);
  const known = typeof optimizer.name === 'object' ? [] : Object.keys(options);
  for (const [key, value] of Object.entries(optimizer))
    if (value !== undefined && !known.includes(key) && !BESIDE.includes(key))
      throw new KcrError('OPTION', {
        where: `${where}.${key}`,
        found: `${value}, which ${name} does not have`,
        fix:
          known.length > 0 ? `It has ${known.join(', ')}` : 'Give it where the optimiser is made',
      });
}

/** What every training is given. */
const NEEDED = ['model', 'engine', 'train', 'epochs', 'batchSize', 'seed', 'optimizer'] as const;

function checkGiven(values: object, names: readonly string[], prefix = ''): void {
  const missing = names.find((name) => (values as Record<string, unknown>)[name] == null);
  if (missing === undefined) return;
  throw new KcrError('OPTION', {
    where: prefix + missing,
    found: 'nothing',
    fix: `Give ${names.map((name) => `\`${prefix}${name}\``).join(', ')}`,
  });
}

/**
 * Checks what a run is made with.
 *
 * @throws KcrError `OPTION` for what is missing, a number that is out of its range, of no use where it stands, or no number, and for frozen weights
 *   that nobody has trained
 */
export function checkFitOptions(options: SearchOptions): void {
  checkGiven(options, NEEDED);
  checkGiven(options.optimizer, ['lr'], 'optimizer.');
  check(options, RUN);
  checkOptimizer(options.optimizer, 'optimizer');
  const { architectureOptimizer } = options;
  if (architectureOptimizer) checkOptimizer(architectureOptimizer, 'architectureOptimizer');
  const ofParts = (['layerDecay', 'lrFactors'] as const).find(
    (name) => architectureOptimizer?.[name] !== undefined,
  );
  if (ofParts)
    throw new KcrError('OPTION', {
      where: `architectureOptimizer.${ofParts}`,
      found: 'factors for parts of the model, whose weights it does not train',
      fix: 'Give them in `optimizer`',
    });
  if (options.clipMode && options.clipGrad === undefined)
    throw new KcrError('OPTION', {
      where: 'clipMode',
      found: `${options.clipMode} without a \`clipGrad\``,
      fix: 'Give `clipGrad` too, or leave it out',
    });
  if (options.freezeWeights && (options.freeze || options.trainable))
    throw new KcrError('OPTION', {
      where: 'freezeWeights',
      found: 'given beside parts that stay or are trained',
      fix: 'Leave `freeze` and `trainable` out: it freezes all',
    });
  if (options.freezeWeights && !options.initial)
    throw new KcrError('OPTION', {
      where: 'freezeWeights',
      found: 'no weights to start from, so that random ones would stay',
      fix: 'Give trained weights as `initial`',
    });
}

/** @throws KcrError `OPTION` for smoothed labels of a task that has none to smooth */
export function checkSmoothing(task: Task, labelSmoothing: number): void {
  if (!labelSmoothing || task.targets) return;
  throw new KcrError('OPTION', {
    where: 'labelSmoothing',
    found: `${labelSmoothing} for ${task.name}`,
    fix: 'Leave it out: this task smooths no labels',
  });
}
