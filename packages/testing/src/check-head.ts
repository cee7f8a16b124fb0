import { type ImageSet, type MakeHead, Model } from '@kcr/core';
import { AuthorLines } from './author-lines.ts';
import { configuredOtherwise } from './checks/configured-otherwise.ts';
import { modelChecks } from './checks/model-checks.ts';
import { type ModelSubject, NO_IMAGES } from './checks/subject.ts';
import { imagesOfTask, withoutTargets } from './data.ts';
import { eagerEngine } from './engines.ts';
import { ifNamed, noAdapter, partsOf } from './named-parts.ts';
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
import { shortRun, train } from './training.ts';
import { numberText } from './values.ts';

export interface HeadOptions<C extends object> {
  /** Of a small head, since it is trained a few times. Default: the head's own defaults. */
  readonly config?: Partial<C>;
  /** Backbones that it is tried on. Default: a small Swin. */
  readonly models?: TriedModels;
  /**
   * Images to train on, of a model. Default: made from a seed for semantic segmentation and instance detection; for other tasks
   * what needs images is left out.
   */
  readonly images?: (model: Model) => ImageSet;
  /** How far apart results may lie, as a share of the largest value, or of 1. Default 1e-4. */
  readonly tolerance?: number;
  /** Checks to leave out, each with the reason. */
  readonly skip?: Skipped;
}

const builds: CheckOf<ModelSubject> = {
  expected:
    'a model is built of the backbone and the head, whose own dims may be pruned too, and its configuration is what configure() makes of it again',
  run({ model, prefix }) {
    const { architecture } = model;
    const otherwise = configuredOtherwise(model);
    if (otherwise) return fails(otherwise, `${prefix}${architecture.name}, defaults`);
    const own = model.params.filter(({ name }) => !name.startsWith('backbone.')).length;
    return own > 0
      ? holds(`${numberText(model.parameterCount)} parameters, ${own} arrays of its own`)
      : fails('no parameter besides the backbone', `${prefix}forward()`);
  },
};

const losses: CheckOf<ModelSubject> = {
  needs: 'trains',
  expected:
    'a training gives each term of the loss by name, all finite, and not all 0; none has a name of the log (loss, lr)',
  async run({ model, images, prefix }) {
    if (!images) return leftOut(NO_IMAGES);
    const { history } = await train(eagerEngine, { ...shortRun(model, images), epochs: 1 });
    const { epoch, lr, seconds, loss, ...terms } = history[0]!;
    const shown = Object.entries(terms).map(([name, term]) => `${name} ${numberText(term)}`);
    return Object.values(terms).some((term) => term !== 0)
      ? holds(shown.join(', '))
      : fails(`a loss of ${loss}, of ${shown.join(', ')}`, `${prefix}forward(), losses`);
  },
};

const empty: CheckOf<ModelSubject> = {
  needs: 'trains',
  expected: 'images without objects, or without pixels that count, are trained on without NaN',
  async run({ model, images }) {
    if (!images) return leftOut(NO_IMAGES);
    const nothing = withoutTargets(images);
    const { history } = await train(eagerEngine, { ...shortRun(model, nothing), epochs: 1 });
    return holds(`a loss of ${numberText(history[0]!.loss!)}`);
  },
};

/**
 * The checks of a head for dense prediction, on backbones: that models with it are built, counted, pruned, saved, exported and
 * trained.
 *
 * @param make as a package exports it
 */
export function headChecks<C extends object>(
  make: MakeHead<C>,
  { config = {}, models = ['swin'], images, tolerance = 1e-4, skip }: HeadOptions<C> = {},
): Suite {
  const subjects = (): ModelSubject[] =>
    triedModels(models).map(([name, backbone]) => {
      const own = make as unknown as MakeHead;
      const architecture = own(backbone.architecture);
      const options = { ...config, backbone: backbone.config };
      const model = new Model(architecture, architecture.configure(options));
      return {
        prefix: `${name}, `,
        model,
        images: images ? images(model) : imagesOfTask(model, 4),
        parts: partsOf(model, {
          head: (module, found) => ifNamed(architecture, module, found, own),
          adapter: noAdapter,
        }),
        lines: new AuthorLines(model),
        tolerance,
      };
    });
  const checks = allOnAll({ builds, losses, empty, ...modelChecks });
  return suiteOf(make.name, subjects, checks, skip);
}

/** Runs {@link headChecks}. */
export const checkHead = <C extends object>(
  make: MakeHead<C>,
  options?: HeadOptions<C>,
): Promise<Report> => runChecks(headChecks(make, options));
