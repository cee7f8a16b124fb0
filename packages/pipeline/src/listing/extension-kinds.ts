import type { ExtensionKind } from '@kcr/core';
import { isMaker, isRecord } from '@kcr/core/internal';

/** The kinds of extensions that modules export, as `kcr list` calls them. */
export type ExtensionList =
  | 'models'
  | 'criteria'
  | 'allocators'
  | 'schedules'
  | 'plugins'
  | 'adapters'
  | 'selectors'
  | 'heads'
  | 'optimizers'
  | 'changes'
  | 'analyses';

/** What makers say that they make, by what lists call it. */
const MADE: Readonly<Partial<Record<ExtensionKind, ExtensionList>>> = {
  criterion: 'criteria',
  allocator: 'allocators',
  schedule: 'schedules',
  plugin: 'plugins',
  adapter: 'adapters',
  'token selector': 'selectors',
  analysis: 'analyses',
  optimizer: 'optimizers',
  'image change': 'changes',
};

/** Tables that modules export, whose entries recipes name. */
const TABLES = ['models', 'heads'] as const;

/** An extension among a module's exports. */
export interface Exported {
  readonly list: ExtensionList;
  /** The export's, or within its table. */
  readonly name: string;
  /** What it says that it is, in a few words. */
  readonly about: string;
}

/** What a maker says of what it makes; nothing where it says nothing. */
export const aboutOf = (make: unknown): string => (isMaker(make) && make.about) || '';

/**
 * Tells a module's extensions apart, without calling anything: makers say their kind, models and heads stand in tables, and so do
 * adapters for saved models, which may have no maker among the exports.
 */
export function extensionsOf(exports: Readonly<Record<string, unknown>>): Exported[] {
  const made = Object.entries(exports).flatMap(([name, value]): Exported[] => {
    const list = isMaker(value) ? MADE[value.kind] : undefined;
    return list ? [{ list, name, about: aboutOf(value) }] : [];
  });
  const table = (list: string) => Object.entries(isRecord(exports[list]) ? exports[list] : {});
  const inTables = TABLES.flatMap((list) =>
    table(list).map(([name, value]) => ({ list, name, about: aboutOf(value) })),
  );
  const others = table('adapters').filter(
    ([name]) => typeof exports[name] === 'function' && !made.some((one) => one.name === name),
  );
  return [
    ...inTables,
    ...made,
    ...others.map(([name]) => ({ list: 'adapters' as const, name, about: '' })),
  ];
}
