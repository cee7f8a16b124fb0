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
};

/** Tables that modules export, whose entries recipes name. */
const TABLES = ['models', 'heads'] as const;

/** An extension among a module's exports. */
export interface Exported {
  readonly list: ExtensionList;
  /** The export's, or within its table. */
  readonly name: string;
}

/**
 * Tells a module's extensions apart, without calling anything: makers say their kind, models and heads stand in tables, and so do
 * adapters for saved models, which may have no maker among the exports.
 */
export function extensionsOf(exports: Readonly<Record<string, unknown>>): Exported[] {
  const made = Object.entries(exports).flatMap(([name, value]): Exported[] => {
    const list = isMaker(value) ? MADE[value.kind] : undefined;
    return list ? [{ list, name }] : [];
  });
  const inTables = TABLES.flatMap((list) =>
    Object.keys(isRecord(exports[list]) ? exports[list] : {}).map((name) => ({ list, name })),
  );
  const { adapters } = exports;
  const others = Object.keys(isRecord(adapters) ? adapters : {}).filter(
    (name) => typeof exports[name] === 'function' && !made.some((one) => one.name === name),
  );
  return [...inTables, ...made, ...others.map((name) => ({ list: 'adapters' as const, name }))];
}
