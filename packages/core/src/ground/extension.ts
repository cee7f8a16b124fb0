import { checkOptions } from './check-options.ts';
import { KcrError, textOf } from './error.ts';
import type { StandardSchema } from './standard-schema.ts';

/** The contract between core and extensions that this version of core speaks. It changes where extensions must. */
export const CONTRACT_VERSION = 1;

/**
 * What an author writes as `contract`: the number itself, not {@link CONTRACT_VERSION}, so that a build says what it was built
 * against and not what is installed. Against a core of another contract the sources do not compile.
 */
export type ContractVersion = typeof CONTRACT_VERSION;

/** The kinds of extensions, with the function that makes each; architectures and tasks are plain objects that none makes. */
const definedBy = {
  plugin: 'definePlugin()',
  adapter: 'defineAdapter()',
  'token selector': 'defineTokenSelector()',
  criterion: 'defineCriterion()',
  allocator: 'defineAllocator()',
  schedule: 'defineSchedule()',
  analysis: 'defineAnalysis()',
  head: 'defineHead()',
  optimizer: 'defineOptimizer()',
  'image change': 'defineImageChange()',
  'data kind': 'defineDataKind()',
  'task kit': 'defineTaskKit()',
  architecture: undefined,
  task: undefined,
} as const;

export type ExtensionKind = keyof typeof definedBy;

/** What an extension needs of where it is attached. */
export interface Needs {
  /** Names of tasks: the model is trained for one of them. */
  readonly tasks?: readonly string[];
  /** Roles that dimensions or taps of the model must have, each of them, e.g. `hidden`. */
  readonly roles?: readonly string[];
  /** Names of plugins that must be attached too; for plugins. */
  readonly plugins?: readonly string[];
}

/** What every extension says of itself. */
export interface Extension {
  readonly name: string;
  /** What it is, in a few words, for lists. */
  readonly about?: string;
  /** The contract that it was built against, as a literal: `1`. */
  readonly contract: ContractVersion;
  /** Checked when it is attached. */
  readonly needs?: Needs;
}

/** What every definition of an extension that is made from options says. */
export interface Definition<O, I = O> extends Extension {
  /** Checks options when the extension is made, and fills in what it says; by any library of Standard Schema. */
  readonly options?: StandardSchema<O, I>;
}

/** What a function that makes extensions says of them, so that a module's exports can be listed without calling them. */
export interface MakerInfo {
  readonly kind: ExtensionKind;
  readonly name: string;
  readonly about?: string;
  readonly contract: ContractVersion;
}

/** Makes an extension from its options. @throws KcrError `OPTION` for what its schema refuses */
export type Maker<O, E> = ((options: O) => E) & MakerInfo;

/** A function with what it says of the extensions that it makes. @throws KcrError `EXTENSION_CONTRACT` where that is no object */
export function marked<F extends (given: never) => unknown>(
  kind: ExtensionKind,
  definition: Extension,
  make: F,
): F & MakerInfo {
  // Of an author without types, or a build from before contracts, when names were parameters of their own.
  if (typeof definition !== 'object' || definition === null)
    throw new KcrError('EXTENSION_CONTRACT', {
      where: extensionText(kind, { name: definition }),
      found: `parameters one by one; this @kcr/core speaks contract ${CONTRACT_VERSION}`,
      fix: `Give ${definedBy[kind]} one object, or update the package that it is from`,
    });
  const { name, about, contract } = definition;
  // A function's name can only be defined, not assigned.
  return Object.defineProperties(make, {
    kind: { value: kind, enumerable: true },
    name: { value: name, enumerable: true },
    ...(about === undefined ? {} : { about: { value: about, enumerable: true } }),
    contract: { value: contract, enumerable: true },
  }) as F & MakerInfo;
}

/**
 * What all `define...` functions do: checks options by the schema, and puts what every extension says on what is made.
 *
 * @param make gets the options as the schema makes them; the extension's own `options` are those that were given
 * @throws KcrError `EXTENSION_CONTRACT` for parameters one by one; what it gives, `OPTION`
 */
export function defineExtension<O, I, P extends object>(
  kind: ExtensionKind,
  definition: Definition<O, I>,
  make: (options: O) => P,
): Maker<I, P & Extension & { readonly options: I }> {
  return marked(kind, definition, (options: I) => {
    const { name, contract, needs, options: schema } = definition;
    const checked = schema
      ? checkOptions(`${kind} "${name}"`, schema, options)
      : (options as unknown as O);
    return { name, contract, needs, options, ...make(checked) };
  });
}

/** Whether a module's export makes extensions. */
export const isMaker = (value: unknown): value is Maker<never, unknown> =>
  typeof value === 'function' &&
  'kind' in value &&
  Object.hasOwn(definedBy, String(value.kind)) &&
  'contract' in value;

/**
 * Refuses an extension of another contract, and one that says none.
 *
 * @throws KcrError `EXTENSION_CONTRACT`
 */
export function checkContract(
  kind: ExtensionKind,
  extension: { readonly name?: unknown; readonly contract?: unknown; readonly module?: unknown },
): void {
  const contract = extension?.contract;
  if (contract === CONTRACT_VERSION) return;
  const speaks = `this @kcr/core speaks contract ${CONTRACT_VERSION}`;
  const newer = typeof contract === 'number' && contract > CONTRACT_VERSION;
  const from = typeof extension?.module === 'string' ? extension.module : 'the package it is from';
  throw new KcrError('EXTENSION_CONTRACT', {
    where: extensionText(kind, extension),
    found:
      contract === undefined
        ? `it says no contract; ${speaks}`
        : `built against contract ${textOf(contract)}; ${speaks}`,
    fix: newer
      ? 'Update @kcr/core (npm install @kcr/core@latest)'
      : contract === undefined
        ? `Write \`contract: ${CONTRACT_VERSION}\` where it is made${definedBy[kind] ? ` by ${definedBy[kind]}` : ''}, or update ${from}`
        : `Update ${from} to a version built for contract ${CONTRACT_VERSION}`,
  });
}

/** An extension in messages. */
export const extensionText = (kind: ExtensionKind, extension: { readonly name?: unknown }) =>
  `${kind} "${textOf(extension?.name ?? 'without a name')}"`;
