import { KcrError } from '../ground/error.ts';

/** A configuration error of an architecture. */
export const wrongConfig = (where: string, found: string, fix: string): KcrError =>
  new KcrError('MODEL_CONFIG', { where, found, fix });

/** The numbers that an option may have; of a list each of its entries. */
export interface OptionRange {
  readonly min: number;
  readonly max: number;
  /** Whether fractions are wrong. */
  readonly whole?: boolean;
  /** Fewest and most entries of a list. Default 1 to 16. */
  readonly entries?: readonly [fewest: number, most: number];
  /** Whether a list of two may be given in place of one number: height and width. */
  readonly pair?: boolean;
}

/** The values that an option may have, where they are few. */
export interface OptionValues {
  readonly oneOf: readonly (string | number | boolean | null)[];
}

/** Ranges and values by option. Others are within 65,536, lists of them of up to 1,024. */
export type OptionRanges<C> = { readonly [K in keyof C]?: OptionRange | OptionValues };

/** Whole numbers of a range. */
export const wholeFrom = (min: number, max: number, entries?: OptionRange['entries']) =>
  ({ min, max, whole: true, entries }) satisfies OptionRange;

/** Rates and probabilities. */
export const shareOption: OptionRange = { min: 0, max: 1 };

/** Channels and features: the widest layers that a model may have. */
export const widthOption = wholeFrom(1, 2 ** 14);

/** Of options without a range of their own. */
const OTHERS: OptionRange = { min: -(2 ** 16), max: 2 ** 16, entries: [0, 1024] };

/**
 * `defaults` overridden by `partial`. Its options have the types of the defaults (a number too where the default is null) and
 * lie in their ranges, so that no file asks for a model that cannot be built.
 *
 * @throws KcrError `MODEL_CONFIG` with every option that the architecture does not have, or not with such a value
 */
export function withDefaults<C extends object>(
  where: string,
  defaults: C,
  partial: Partial<C>,
  ranges: OptionRanges<C> = {},
): C {
  if (typeof partial !== 'object' || partial === null || Array.isArray(partial))
    throw wrongConfig(where, 'options that are no object', 'Give an object of options');
  const unknown = Object.keys(partial).filter((key) => !Object.hasOwn(defaults, key));
  if (unknown.length > 0)
    throw wrongConfig(
      where,
      `unknown option ${unknown.join(', ')}`,
      `Use ${Object.keys(defaults).join(', ')}`,
    );
  const config = { ...defaults, ...partial };
  const problems = (Object.keys(defaults) as (keyof C & string)[]).flatMap((key) => {
    const expected = expectation(defaults[key], config[key], ranges[key] ?? OTHERS);
    return expected ? [`${key} is ${asText(config[key])} instead of ${expected}`] : [];
  });
  if (problems.length > 0) throw wrongConfig(where, problems.join('; '), 'Correct these options');
  return config;
}

const asText = (value: unknown): string => {
  const text = String(JSON.stringify(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** What a value should be, where it is something else; options of other kinds are their architecture's to check. */
function expectation(
  like: unknown,
  value: unknown,
  range: OptionRange | OptionValues,
): string | undefined {
  if ('oneOf' in range)
    return range.oneOf.includes(value as null)
      ? undefined
      : range.oneOf.map((one) => JSON.stringify(one)).join(' or ');
  const { min, max, whole, pair, entries: [fewest, most] = [1, 16] } = range;
  const number = `${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`;
  const isNumber = (x: unknown) =>
    typeof x === 'number' && x >= min && x <= max && (!whole || Number.isInteger(x));
  if (typeof like === 'boolean') return typeof value === 'boolean' ? undefined : 'true or false';
  if (pair && Array.isArray(value))
    return value.length === 2 && value.every(isNumber)
      ? undefined
      : `${number}, or a list of 2, each such a number`;
  if (typeof like === 'number') return isNumber(value) ? undefined : number;
  if (like === null) return value === null || isNumber(value) ? undefined : `null or ${number}`;
  if (!Array.isArray(like) || !like.every((x) => typeof x === 'number')) return undefined;
  const isList = Array.isArray(value) && value.length >= fewest && value.length <= most;
  if (isList && value.every(isNumber)) return undefined;
  return `a list of ${fewest === most ? most : `${fewest} to ${most}`}, each ${number}`;
}
