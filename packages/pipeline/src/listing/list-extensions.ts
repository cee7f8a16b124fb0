import { type ModelEntry, models } from '@kcr/backbones';
import { KcrError, optimizers } from '@kcr/core';
import { didYouMean } from '@kcr/core/internal';
import { heads } from '@kcr/detect';
import { engineNames } from '../engine.ts';
import { bundledModules, importExport, importModule } from '../modules.ts';
import { allocators } from '../pruning/allocators.ts';
import { criteria } from '../pruning/criteria.ts';
import { schedules } from '../pruning/schedules.ts';
import { recipes } from '../recipes/index.ts';
import type { RecipeInput } from '../recipes/recipe.ts';
import { shippedSweeps } from '../shipped-sweeps.ts';
import { aboutOf, type ExtensionList, extensionsOf } from './extension-kinds.ts';
import { allocatorWords, changeWords, engineWords, scheduleWords, sweepWords } from './words.ts';

/** Something that a recipe or a command may name. */
export interface Listed {
  readonly kind: ListKind;
  /** Its short name; of a part its export's. */
  readonly name: string;
  /** What it is, in a few words; nothing where it does not say. */
  readonly is: string;
  /** What a recipe writes where it has no short name, and the module that it is from where it has one. */
  readonly from: string;
}

/** A line of a list. */
type Row = readonly [name: string, is: string, from: string];

/** What is listed of what comes along. */
const bundled = {
  models: () => modelsOf('@kcr/backbones', models),
  recipes: () =>
    Object.entries(recipes).map(
      ([name, recipe]): Row => [name, recipeWords(recipe), '@kcr/pipeline'],
    ),
  sweeps: () => inTable(Object.keys(shippedSweeps), sweepWords, '@kcr/pipeline'),
  criteria: () =>
    Promise.all(
      Object.entries(criteria).map(
        async ([name, use]): Promise<Row> => [name, aboutOf(await importExport(use)), use],
      ),
    ),
  allocators: () => inTable(Object.keys(allocators), allocatorWords, '@kcr/core'),
  schedules: () => inTable(Object.keys(schedules), scheduleWords, '@kcr/core'),
  plugins: () => parts('plugins'),
  adapters: () => parts('adapters'),
  selectors: () => parts('selectors'),
  heads: () => makers(heads, '@kcr/detect'),
  analyses: () => parts('analyses'),
  optimizers: () => makers(optimizers, '@kcr/core'),
  changes: () => inTable(Object.keys(changeWords), changeWords, '@kcr/data'),
  engines: () => inTable(engineNames, engineWords, '@kcr/pipeline'),
} satisfies Record<string, () => Row[] | Promise<Row[]>>;

/** What can be listed. */
export type ListKind = keyof typeof bundled;
export const listKinds = Object.keys(bundled) as ListKind[];

/**
 * What recipes and commands may name: what comes along, or the extensions among a module's exports.
 *
 * @param kind of one kind alone. Default: all
 * @param module instead of what comes along: a package, or a file (./x.mjs), from the process's folder
 * @throws KcrError `OPTION` for a kind that is none, `MODULE_LOAD`
 */
export async function listExtensions(kind?: string, module?: string): Promise<Listed[]> {
  const kinds = kind === undefined ? listKinds : [checkedKind(kind)];
  const all = module === undefined ? undefined : await listedOf(module);
  const lists = await Promise.all(
    kinds.map(async (one) => {
      if (all) return all.filter((listed) => listed.kind === one);
      return (await bundled[one]()).map((row) => listed(one, row));
    }),
  );
  return lists.flat();
}

function checkedKind(kind: string): ListKind {
  if (Object.hasOwn(bundled, kind)) return kind as ListKind;
  throw new KcrError('OPTION', {
    where: 'list',
    found: kind,
    fix: didYouMean(kind, listKinds, 'Use one of'),
  });
}

const listed = (kind: ListKind, [name, is, from]: Row): Listed => ({
  kind,
  name,
  is,
  from,
});

/** The extensions of one module. */
async function listedOf(module: string): Promise<Listed[]> {
  const exports = await importModule(module);
  const table = (exports.models ?? {}) as Readonly<Record<string, ModelEntry>>;
  const models = modelsOf(module, table).map((row) => listed('models', row));
  const others = extensionsOf(exports)
    .filter(({ list }) => list !== 'models')
    .map(({ list, name, about }) =>
      listed(list, [name, about, list === 'heads' ? module : `${module}#${name}`]),
    );
  return [...models, ...others];
}

const inTable = (
  names: readonly string[],
  words: Readonly<Record<string, string>>,
  module: string,
): Row[] => names.map((name) => [name, words[name] ?? '', module]);

/** The makers of a table, which recipes name by its keys. */
const makers = (table: Readonly<Record<string, unknown>>, module: string): Row[] =>
  Object.entries(table).map(([name, make]) => [name, aboutOf(make), module]);

/** The extensions of a kind that the modules here export. */
async function parts(list: ExtensionList): Promise<Row[]> {
  const exported = await Promise.all(
    bundledModules.map(async (module) =>
      extensionsOf(await importModule(module)).flatMap((one): Row[] =>
        one.list === list ? [[one.name, one.about, `${module}#${one.name}`]] : [],
      ),
    ),
  );
  return exported.flat();
}

const modelsOf = (module: string, table: Readonly<Record<string, ModelEntry>>): Row[] =>
  Object.entries(table).map(([name, entry]) => [
    name,
    modelWords(entry),
    isBundledModels(module) ? module : `${module}#${name}`,
  ]);

/** Models of this one have timm's names. */
const isBundledModels = (module: string): boolean => module === '@kcr/backbones';

function modelWords({ architecture, config }: ModelEntry): string {
  const { img_size: size } = architecture.configure(config) as { img_size?: unknown };
  return typeof size === 'number' ? `${architecture.name}, ${size} px` : architecture.name;
}

/** The model and the stages of a recipe. */
function recipeWords({ model, ...recipe }: RecipeInput): string {
  const stages = (['dense', 'search', 'prune', 'retrain'] as const).filter(
    (stage) => recipe[stage],
  );
  const built = model.head ? `${model.name} with ${model.head.name}` : model.name;
  return `${built}: ${stages.join(', ')}`;
}
