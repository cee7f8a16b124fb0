import { KcrError } from '@kcr/core';
import { didYouMean } from '@kcr/core/internal';
import { criteria, type PartInput } from '@kcr/pipeline';

/** What stands for a part: the short names of a table, or an export of a module. */
export const choicesOf = (table: Readonly<Record<string, unknown>>) =>
  `${Object.keys(table).join(', ')}, or MODULE#EXPORT`;

/** A short name, or a part by `MODULE#EXPORT`. @throws KcrError `OPTION` for a name that is neither */
export function namedPart(
  option: string,
  name: string,
  options: Record<string, unknown>,
  table: Readonly<Record<string, unknown>>,
) {
  if (name.includes('#')) return { use: name, options };
  if (Object.hasOwn(table, name)) return name;
  throw new KcrError('OPTION', {
    where: option,
    found: name,
    fix: `${didYouMean(name, Object.keys(table), 'Use one of')}, or MODULE#EXPORT`,
  });
}

/** A criterion by short name or `MODULE#EXPORT`. @throws KcrError `OPTION` */
export function criterionPart(name: string, options: Record<string, unknown>) {
  const part = namedPart('--criterion', name, options, criteria);
  const use = typeof part === 'string' ? criteria[part as keyof typeof criteria] : part.use;
  return { use, options } satisfies PartInput;
}
