import {
  type Criterion,
  type CriterionContext,
  type Dataset,
  type Engine,
  Generator,
  type Model,
  prunableDims,
  pruneTrained,
  type Scores,
  type StateDict,
  scoreChannels,
  tf,
  uniform,
} from '@kcr/core';
import { labelledImages } from './data.ts';
import { eagerEngine, NO_ONNX, onnxPackage } from './engines.ts';
import { allOnAll, type TriedModels, triedModels } from './on-models.ts';
import type { Report } from './report.ts';
import {
  type CheckOf,
  fails,
  holds,
  leftOut,
  runChecks,
  type Skipped,
  type Suite,
  suiteOf,
} from './suite.ts';
import { livelyWeights, maxDifference, numberText } from './values.ts';

/** A function that makes criteria, as `defineCriterion` gives it. */
export type MakesCriterion<O extends object> = ((options: O) => Criterion) & {
  readonly name: string;
};

export interface CriterionOptions<O extends object> {
  /** What the criterion is made with. */
  readonly options: O;
  /** Default: a small ViT and a small MobileViT. */
  readonly models?: TriedModels;
  /** Checks to leave out, each with the reason. */
  readonly skip?: Skipped;
}

interface CriterionSubject {
  readonly prefix: string;
  readonly model: Model;
  readonly weights: StateDict;
  readonly data: Dataset;
  readonly criterion: Criterion;
}

type Context = Pick<CriterionContext, 'model' | 'weights' | 'data'>;

/** Scores of all dimensions that can be pruned, on an engine. */
function scoreOn(engine: Engine, { criterion, ...given }: Context & { criterion: Criterion }) {
  const { model, weights, data } = given;
  const context = { model, weights, data, engine, batchSize: 4, generator: new Generator(5) };
  const dims = prunableDims(model).map(({ name }) => name);
  return scoreChannels(criterion, context, dims);
}

async function score(subject: CriterionSubject, make: () => Promise<Engine> = eagerEngine) {
  await using engine = await make();
  return await scoreOn(engine, subject);
}

/** The dimension whose scores differ most between two scorings, as a share of its largest score. */
function differing(a: Scores, b: Scores): { name: string; difference: number } {
  let worst = { name: '', difference: 0 };
  for (const [name, values] of b) {
    const own = a.get(name) ?? [];
    const most = Array.from(values).reduce((m, x) => Math.max(m, Math.abs(x)), 1e-6);
    const difference = Array.from(values).reduce(
      (m, x, i) => Math.max(m, Math.abs(x - (own[i] ?? Number.POSITIVE_INFINITY))),
      0,
    );
    if (!(difference / most <= worst.difference)) worst = { name, difference: difference / most };
  }
  return worst;
}

const builds: CheckOf<CriterionSubject> = {
  expected:
    'it gives one finite number for each channel of dims that can be pruned, and they are not all alike',
  async run(subject) {
    const { model, prefix } = subject;
    const scores = await score(subject);
    const alike = [...scores].filter(([, values]) => new Set(Array.from(values)).size === 1);
    if (alike.length === scores.size)
      return fails('all channels of each dim have one score', `${prefix}score()`);
    return holds(`scores of ${scores.size} of ${prunableDims(model).length} dims`);
  },
};

const engines: CheckOf<CriterionSubject> = {
  expected: 'it scores alike step by step (eager) and compiled (onnx), to a thousandth',
  async run(subject) {
    const onnx = await onnxPackage();
    if (!onnx) return leftOut(NO_ONNX);
    const eager = await score(subject);
    const compiled = await score(subject, async () => onnx.createOnnxEngine());
    const { name, difference } = differing(compiled, eager);
    return difference <= 1e-3
      ? holds(`at most ${numberText(difference)} of the largest apart`)
      : fails(
          `scores of ${name} ${numberText(difference)} of the largest apart`,
          `${subject.prefix}score()`,
        );
  },
};

const seed: CheckOf<CriterionSubject> = {
  expected: 'it scores alike twice: random numbers come from the generator that it is given',
  async run(subject) {
    const { name, difference } = differing(await score(subject), await score(subject));
    return difference === 0
      ? holds('the same scores')
      : fails(
          `scores of ${name} ${numberText(difference)} of the largest apart`,
          `${subject.prefix}score()`,
        );
  },
};

const untouched: CheckOf<CriterionSubject> = {
  expected: 'the weights that it is given stay as they are, and the engine is left without arrays',
  async run(subject) {
    const { model, weights, prefix } = subject;
    await using engine = await eagerEngine();
    await scoreOn(engine, subject);
    const before = livelyWeights(model);
    const changed = Object.keys(before).find(
      (name) => maxDifference(weights[name], before[name]) !== 0,
    );
    if (changed !== undefined) return fails(`${changed} was changed`, `${prefix}score()`);
    const left = engine.names();
    return left.length === 0
      ? holds('both')
      : fails(
          `arrays left in the engine: ${left.slice(0, 3).join(', ')}`,
          `${prefix}score(): engine.delete()`,
        );
  },
};

const leaks: CheckOf<CriterionSubject> = {
  expected: 'it leaves no tensor behind',
  async run(subject) {
    await using engine = await eagerEngine();
    const before = tf.memory().numTensors;
    await scoreOn(engine, subject);
    // What it leaves in the engine is another check's.
    const left = tf.memory().numTensors - before - engine.names().length;
    return left === 0 ? holds('none') : fails(`${left} tensors left`, `${subject.prefix}score()`);
  },
};

const prunes: CheckOf<CriterionSubject> = {
  expected: 'a model is pruned by it to half of its channels',
  async run({ model, weights, data, criterion, prefix }) {
    await using engine = await eagerEngine();
    const allocator = uniform({ keepRatio: 0.5 });
    const given = { model, weights, criterion, allocator, engine, data, batchSize: 4, seed: 1 };
    const { macs } = (await pruneTrained(given)).model;
    const shown = `${numberText(macs.total)} of ${numberText(model.macs.total)} MACs left`;
    return macs.total < model.macs.total ? holds(shown) : fails(shown, `${prefix}score()`);
  },
};

const speed: CheckOf<CriterionSubject> = {
  expected: 'a number to look at; it is not judged',
  async run(subject) {
    await using engine = await eagerEngine();
    const started = performance.now();
    await scoreOn(engine, subject);
    return holds(
      `${(performance.now() - started).toFixed(0)} ms for ${subject.data.length} images`,
    );
  },
};

/**
 * The checks of a criterion: that it scores every channel, alike on both engines and by seed, leaves what it is given as it is, and
 * models are pruned by it.
 *
 * @param make as a package exports it
 */
export function criterionChecks<O extends object>(
  make: MakesCriterion<O>,
  { options, models = ['vit', 'mobilevit'], skip }: CriterionOptions<O>,
): Suite {
  const subjects = (): CriterionSubject[] =>
    triedModels(models).map(([name, model]) => ({
      prefix: `${name}, `,
      model,
      weights: livelyWeights(model),
      data: labelledImages(model, 6),
      criterion: make(options),
    }));
  const checks = allOnAll({ builds, engines, seed, untouched, leaks, prunes, speed });
  return suiteOf(make.name, subjects, checks, skip);
}

/** Runs {@link criterionChecks}. */
export const checkCriterion = <O extends object>(
  make: MakesCriterion<O>,
  options: CriterionOptions<O>,
): Promise<Report> => runChecks(criterionChecks(make, options));
