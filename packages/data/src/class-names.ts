import { KcrError, numberedClasses } from '@kcr/core';

/** Names of classes in the order of the labels; or how many classes there are, where nobody knows their names. */
export type KnownClasses = readonly string[] | number;

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
 * Of a model that does not name its classes the data's are taken in order, if they are as many: so are folders of ImageNet
 * evaluated with published weights. Names that are numbers stay numbers.
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
  if (typeof known === 'number') return inOrder(found, known, refusal);
  const classes = known ?? found;
  const places = new Set(classes);
  const unknown = found.filter((name) => !places.has(name));
  if (unknown.length > 0)
    throw refused(
      refusal,
      `unknown classes ${some(unknown)}`,
      `Use the names of the classes: ${some(classes)}`,
    );
  return classes;
}

function inOrder(
  found: readonly string[],
  count: number,
  refusal: ClassRefusal,
): readonly string[] {
  const numbers = numberedClasses(count);
  const places = new Set(numbers);
  if (found.every((name) => places.has(name))) return numbers;
  const fix =
    'Use data with all classes of the model, or name its classes: `label_names` in config.json, `classes` in model.json';
  if (found.length !== count)
    throw refused(
      refusal,
      `${found.length} classes (${some(found)}) for a model of ${count} that does not name them`,
      fix,
    );
  const other = [...found].sort(byNumbersWithin).findIndex((name, i) => name !== found[i]);
  if (other >= 0)
    throw refused(
      refusal,
      `names whose order is not certain (${found[other]}: timm counts numbers in names and does not see case), for a model that does not name its classes`,
      fix,
    );
  return found;
}

/** timm's order of class folders, which torchvision's ImageFolder does not have. */
function byNumbersWithin(a: string, b: string): number {
  const parts = (name: string) => name.toLowerCase().split(/(\d+)/);
  const [ours, theirs] = [parts(a), parts(b)];
  for (const [i, part] of ours.entries()) {
    const other = theirs[i];
    if (other === undefined) return 1;
    const before =
      i % 2 === 1
        ? Number(part) - Number(other)
        : Buffer.compare(Buffer.from(part), Buffer.from(other));
    if (before !== 0) return before;
  }
  return ours.length - theirs.length;
}

const refused = ({ code, where }: ClassRefusal, found: string, fix: string) =>
  new KcrError(code, { where, found, fix });
