import { KcrError, type Model } from '@kcr/core';
import { type SmallModel, smallModels } from './small-models.ts';
import type { CheckOf, Finding } from './suite.ts';

/** Models to try an extension on: names among {@link smallModels}, or functions that make others, by name. */
export type TriedModels = readonly SmallModel[] | Readonly<Record<string, () => Model>>;

/** The models to try an extension on, by name. @throws KcrError `OPTION` for none */
export function triedModels(models: TriedModels): [string, Model][] {
  const made = Array.isArray(models)
    ? models.map((name: SmallModel): [string, Model] => [name, smallModels[name]()])
    : Object.entries(models as Readonly<Record<string, () => Model>>).map(
        ([name, make]): [string, Model] => [name, make()],
      );
  if (made.length === 0)
    throw new KcrError('OPTION', {
      where: 'models',
      found: 'none to try the extension on',
      fix: `Name some of ${Object.keys(smallModels).join(', ')}, or leave \`models\` out`,
    });
  return made;
}

/** A check on each of several subjects: it holds where it holds on all. */
export const onAll = <S extends { readonly prefix: string }>({
  run,
  ...about
}: CheckOf<S>): CheckOf<readonly S[]> => ({
  ...about,
  async run(subjects) {
    const found: [string, Finding][] = [];
    for (const subject of subjects) {
      const finding = await run(subject);
      if (!finding.ok) return { ...finding, found: subject.prefix + finding.found };
      found.push([subject.prefix, finding]);
    }
    const held = found.filter(([, { skipped }]) => !skipped);
    if (held.length === 0) return found[0]![1];
    return { ok: true, found: held.map(([prefix, { found }]) => prefix + found).join('; ') };
  },
});

/** {@link onAll} of each of some checks. */
export const allOnAll = <S extends { readonly prefix: string }, N extends string>(
  checks: Readonly<Record<N, CheckOf<S>>>,
): Record<N, CheckOf<readonly S[]>> =>
  Object.fromEntries(
    Object.entries<CheckOf<S>>(checks).map(([name, check]) => [name, onAll(check)]),
  ) as Record<N, CheckOf<readonly S[]>>;
