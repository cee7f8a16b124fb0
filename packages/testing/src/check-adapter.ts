import { type Adapter, adapt, Generator, type MakeAdapter, type Model, sizeOf } from '@kcr/core';
import { AuthorLines } from './author-lines.ts';
import { modelChecks } from './checks/model-checks.ts';
import { outputsOf } from './checks/outputs.ts';
import { comparedTimes, stepTime } from './checks/speed.ts';
import { type ModelSubject, NO_IMAGES } from './checks/subject.ts';
import { imagesOfTask } from './data.ts';
import { ifNamed, partsOf } from './named-parts.ts';
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
import { farthest, imagesFor, livelyWeights, numberText } from './values.ts';

/** A function that makes adapters, as `defineAdapter` gives it. */
export type MakesAdapter<O extends object> = ((options: O) => Adapter) & { readonly name: string };

export interface AdapterOptions<O extends object> {
  /** What the adapter is made with; JSON. */
  readonly options: O;
  /** Default: a small ViT and a small MobileViT. */
  readonly models?: TriedModels;
  /** How far apart results may lie, as a share of the largest value, or of 1. Default 1e-4. */
  readonly tolerance?: number;
  /** Checks to leave out, each with the reason. */
  readonly skip?: Skipped;
}

/** A model with an adapter, and the same without it. */
export interface AdaptedSubject extends ModelSubject {
  readonly plain: Model;
}

/** Models with an adapter, each beside the same without it. */
export function adaptedSubjects<O extends object>(
  make: MakesAdapter<O>,
  { options, models = ['vit', 'mobilevit'], tolerance = 1e-4 }: Omit<AdapterOptions<O>, 'skip'>,
): AdaptedSubject[] {
  return triedModels(models).map(([name, plain]) => {
    const adapter = make(options);
    const model = adapt(plain, [adapter]);
    return {
      prefix: `${name}, `,
      plain,
      model,
      images: imagesOfTask(model, 8),
      parts: partsOf(model, {
        adapter: (module, found) => ifNamed(adapter, module, found, make as MakeAdapter),
      }),
      lines: new AuthorLines(model),
      tolerance,
    };
  });
}

/** Outputs with and without the adapter, of weights that are those of the plain model where it has them. */
async function change({ plain, model }: AdaptedSubject) {
  const weights = livelyWeights(plain);
  const own = Object.fromEntries(
    Object.entries({ ...firstValues(model), ...weights }).filter(([name]) =>
      model.params.some((param) => param.name === name),
    ),
  );
  const image = imagesFor(plain, 3);
  return farthest(await outputsOf(model, own, image), await outputsOf(plain, weights, image));
}

/** What an adapter's own parameters start with. */
const firstValues = (model: Model) =>
  Object.fromEntries(
    Object.entries(model.initialize(new Generator(3))).filter(([name]) =>
      model.adapterParams.has(name),
    ),
  );

const builds: CheckOf<AdaptedSubject> = {
  expected:
    'the model is built with the adapter, which does something there: it adds parameters or taps, or changes what the model gives',
  async run(subject) {
    const { plain, model, prefix } = subject;
    const added = model.params
      .filter(({ name }) => model.adapterParams.has(name))
      .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const macs = model.macs.total - plain.macs.total;
    const taps = model.taps.length - plain.taps.length;
    if (added > 0 || macs !== 0 || taps !== 0)
      return holds(`${numberText(added)} parameters and ${numberText(macs)} MACs more`);
    const { difference } = await change(subject);
    return difference > 0
      ? holds('no parameters; outputs change')
      : fails(
          'the same parameters, taps and outputs as without it',
          `${prefix}attach(): it acts at no tap`,
        );
  },
};

/** Whether the model with the adapter gives what it gives without it. */
export const identity: CheckOf<AdaptedSubject> = {
  expected:
    'with its first parameters the adapter changes nothing, so that a trained model goes on from where it is (an update starts at 0, a gain at 1)',
  async run(subject) {
    const { name, difference, largest } = await change(subject);
    return difference <= subject.tolerance * Math.max(1, largest)
      ? holds(`outputs at most ${numberText(difference)} apart`)
      : fails(
          `${name} ${numberText(difference)} apart`,
          `${subject.prefix}first values of its parameters`,
        );
  },
};

/** The time of a step with the adapter, beside the plain model's. */
export const speed: CheckOf<AdaptedSubject> = {
  needs: 'trains',
  expected: modelChecks.speed.expected,
  async run({ plain, model, images }) {
    if (!images) return leftOut(NO_IMAGES);
    const own = await stepTime(model, images);
    return holds(comparedTimes(own, await stepTime(plain, images)));
  },
};

/**
 * The checks of an adapter: that models with it are built, counted, pruned, saved, exported and trained, and are what they were
 * until it is trained.
 *
 * @param make as a package exports it
 */
export function adapterChecks<O extends object>(
  make: MakesAdapter<O>,
  { skip, ...given }: AdapterOptions<O>,
): Suite {
  const checks = allOnAll({ builds, identity, ...modelChecks, speed });
  return suiteOf(make.name, () => adaptedSubjects(make, given), checks, skip);
}

/** Runs {@link adapterChecks}. */
export const checkAdapter = <O extends object>(
  make: MakesAdapter<O>,
  options: AdapterOptions<O>,
): Promise<Report> => runChecks(adapterChecks(make, options));
