import {
  type AdaptedSubject,
  type AdapterOptions,
  adaptedSubjects,
  identity,
  type MakesAdapter,
  speed,
} from './check-adapter.ts';
import { modelChecks } from './checks/model-checks.ts';
import { outputsOf } from './checks/outputs.ts';
import { allOnAll, onAll } from './on-models.ts';
import type { Report } from './report.ts';
import { type CheckOf, fails, holds, leftOut, runChecks, type Suite, suiteOf } from './suite.ts';
import { farthest, imagesFor, livelyWeights, numberText } from './values.ts';

export interface TokenSelectorOptions<O extends object> extends AdapterOptions<O> {
  /** Options with which it leaves all tokens. */
  readonly keepsAll?: O;
}

/** A model whose tokens are chosen; `all` is the same where all are left. */
interface SelectedSubject extends AdaptedSubject {
  readonly all?: AdaptedSubject;
}

const builds: CheckOf<SelectedSubject> = {
  expected: 'the model is built with the selector, which takes out tokens, so that outputs change',
  async run({ plain, model, prefix }) {
    const weights = livelyWeights(plain);
    const image = imagesFor(plain, 3);
    const before = await outputsOf(plain, weights, image);
    const { difference } = farthest(await outputsOf(model, weights, image), before);
    const saved = plain.macs.total - model.macs.total;
    return difference === 0
      ? fails('the same outputs as with all tokens', `${prefix}keep()`)
      : holds(`${numberText(saved)} of ${numberText(plain.macs.total)} MACs saved`);
  },
};

const whole: CheckOf<SelectedSubject> = {
  expected: 'where all tokens are kept, the model gives what it gives without the selector',
  run: ({ all }) =>
    all
      ? identity.run(all)
      : leftOut('give `keepsAll`, options with which the selector leaves all tokens'),
};

/**
 * The checks of a token selector: that models with it are built, cheaper, pruned, saved, exported and trained, and are what they
 * were where all tokens stay.
 *
 * @param make as a package exports it
 */
export function tokenSelectorChecks<O extends object>(
  make: MakesAdapter<O>,
  { skip, keepsAll, models = ['vit'], ...given }: TokenSelectorOptions<O>,
): Suite {
  const subjects = (): SelectedSubject[] => {
    const all = keepsAll && adaptedSubjects(make, { ...given, models, options: keepsAll });
    return adaptedSubjects(make, { ...given, models }).map((subject, i) => ({
      ...subject,
      readsHeads: true,
      all: all?.[i],
    }));
  };
  const checks = {
    builds: onAll(builds),
    identity: onAll(whole),
    ...allOnAll({ ...modelChecks, speed }),
  };
  return suiteOf(make.name, subjects, checks, skip);
}

/** Runs {@link tokenSelectorChecks}. */
export const checkTokenSelector = <O extends object>(
  make: MakesAdapter<O>,
  options: TokenSelectorOptions<O>,
): Promise<Report> => runChecks(tokenSelectorChecks(make, options));
