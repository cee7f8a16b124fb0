import { type Architecture, type ImageSet, Model } from '@kcr/core';
import { AuthorLines } from './author-lines.ts';
import { configuredOtherwise } from './checks/configured-otherwise.ts';
import { modelChecks } from './checks/model-checks.ts';
import type { ModelSubject } from './checks/subject.ts';
import { imagesOfTask } from './data.ts';
import { noAdapter, partsOf } from './named-parts.ts';
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
import { numberText } from './values.ts';

export interface BackboneOptions<C extends object> {
  /** Of a small model, since it is trained a few times. Default: the architecture's own defaults. */
  readonly config?: Partial<C>;
  /** Images to train on. Default: some of the model's size with a class each, made from a seed. */
  readonly images?: ImageSet;
  /** How far apart results may lie, as a share of the largest value, or of 1. Default 1e-4. */
  readonly tolerance?: number;
  /** Checks to leave out, each with the reason. */
  readonly skip?: Skipped;
}

const builds: CheckOf<ModelSubject> = {
  expected: 'a model is built, and its configuration is what configure() makes of it again',
  run({ model }) {
    const { architecture } = model;
    const otherwise = configuredOtherwise(model);
    if (otherwise) return fails(otherwise, `${architecture.name}, configure()`);
    const { parameterCount, dims, taps } = model;
    const prunable = [...dims.values()].filter((dim) => dim.prunable).length;
    return holds(
      `${numberText(parameterCount)} parameters, ${dims.size} dims (${prunable} may be pruned), ${taps.length} taps`,
    );
  },
};

const stages: CheckOf<ModelSubject> = {
  expected:
    'the maps of `stages` go from fine to coarse, each as many pixels as the image has divided by its stride, with the channels of its dim',
  run({ model }) {
    const { architecture, featureMaps, inputShape } = model;
    if (!architecture.stages) return leftOut('it has no `stages`, so it carries no heads');
    const where = `${architecture.name}, stages()`;
    if (featureMaps.length === 0) return fails('forward() gives no feature maps', where);
    for (const [i, { stride, height, width }] of featureMaps.entries()) {
      const sides = [Math.ceil(inputShape[0] / stride), Math.ceil(inputShape[1] / stride)];
      if (sides.join() !== [height, width].join())
        return fails(
          `map ${i} has ${height} x ${width} pixels at stride ${stride} of an image of ${inputShape[0]} x ${inputShape[1]}`,
          where,
        );
      if (i > 0 && stride < featureMaps[i - 1]!.stride)
        return fails(`map ${i} has stride ${stride} after ${featureMaps[i - 1]!.stride}`, where);
    }
    return holds(`strides ${featureMaps.map(({ stride }) => stride).join(', ')}`);
  },
};

/**
 * The checks of a backbone: that it is built, counted, pruned, saved, exported, trained on both engines, and carries heads.
 *
 * @param architecture as a package exports it
 */
export function backboneChecks<C extends object>(
  architecture: Architecture<C>,
  { config = {}, images, tolerance = 1e-4, skip }: BackboneOptions<C> = {},
): Suite {
  const own = architecture as unknown as Architecture;
  const make = (): ModelSubject => {
    const model = new Model(own, own.configure(config));
    return {
      prefix: '',
      model,
      images: images ?? (model.classes > 0 ? imagesOfTask(model, 8) : undefined),
      parts: partsOf(model, { adapter: noAdapter }),
      lines: new AuthorLines(model),
      tolerance,
    };
  };
  return suiteOf(architecture.name, make, { builds, stages, ...modelChecks }, skip);
}

/** Runs {@link backboneChecks}. */
export const checkBackbone = <C extends object>(
  architecture: Architecture<C>,
  options?: BackboneOptions<C>,
): Promise<Report> => runChecks(backboneChecks(architecture, options));
