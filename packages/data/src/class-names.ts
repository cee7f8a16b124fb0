import { KcrError } from '@kcr/core';
import {
  type ClassMatch,
  type KnownClasses,
  matchClasses,
  numberedClasses,
} from '@kcr/core/internal';

/** How errors about classes are told. */
export interface ClassRefusal {
  readonly code: 'FOLDER_CLASSES' | 'DATASET_CLASSES';
  /** What the classes are from. */
  readonly where: string;
}

const some = (names: readonly string[]) =>
  `${names.slice(0, 5).join(', ')}${names.length > 5 ? ', ...' : ''}`;

/**
 * The names of classes in the order of the labels, for data that have some of them.
 *
 * They are matched as `matchClasses` says. Of a model that does not name its classes the data's are taken in order, if they are as
 * many: so are folders of ImageNet evaluated with published weights. Names that are numbers stay numbers.
 *
 * @param found names in the data, sorted by the numbers of their characters
 * @param known Default: `found`
 * @throws KcrError for names that are not among those known, for fewer or more than there are without names, and for such that have
 *   another order where numbers in them count as numbers
 */
export function classNames(
  found: readonly string[],
  known: KnownClasses | undefined,
  refusal: ClassRefusal,
): readonly string[] {
  if (known === undefined) return found;
  const match = matchClasses(known, found);
  if (match.by === 'none') throw unmatched(match, found, known, refusal);
  if (match.by === 'order') return found;
  return typeof known === 'number' ? numberedClasses(known) : known;
}

const NAMELESS =
  'Use data with all classes of the model, or name its classes: `label_names` in config.json, `classes` in model.json';

function unmatched(
  match: Extract<ClassMatch, { by: 'none' }>,
  found: readonly string[],
  known: KnownClasses,
  refusal: ClassRefusal,
): KcrError {
  if (match.why === 'count')
    return refused(
      refusal,
      `${found.length} classes (${some(found)}) for a model of ${known} that does not name them`,
      NAMELESS,
    );
  if (match.why === 'order')
    return refused(
      refusal,
      `names whose order is not certain (${match.first}: timm counts numbers in names and does not see case), for a model that does not name its classes`,
      NAMELESS,
    );
  return refused(
    refusal,
    `unknown classes ${some(match.unknown)}`,
    `Use the names of the classes: ${some(typeof known === 'number' ? [] : known)}`,
  );
}

const refused = ({ code, where }: ClassRefusal, found: string, fix: string) =>
  new KcrError(code, { where, found, fix });
