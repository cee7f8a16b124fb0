import { gatherAxis, type NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import type { Generator } from '../ground/random.ts';
import { type FileState, fileState } from './file-state.ts';
import { isInOrder, knownClasses, matchClasses } from './match-classes.ts';
import type { Model } from './model.ts';
import type { Resized, ResizeSource } from './resize.ts';
import type { ParamSpec } from './scope.ts';
import { mapState, type StateDict } from './state-dict.ts';
import { firstNames, misfit, stateProblems } from './state-problems.ts';

/** Class names that a message tells. */
const NAMED = 3;

export interface ImportOptions extends ResizeSource {
  /** Draws what the file does not have. */
  readonly generator: Generator;
  /** The file, for messages. */
  readonly where: string;
  /**
   * Names of the model's classes, and of the file's where it names them. A classifier of as many classes is then taken as
   * the names match: as it is, in another order, or not at all. Default: the file's, in their order.
   */
  readonly classes?: { readonly own: readonly string[]; readonly file?: readonly string[] };
}

/** An array that was resampled. */
export interface ResizedParam extends Pick<Resized, 'from' | 'to'> {
  readonly name: string;
}

/** What became of a file's arrays and how a model came by its own. */
export interface ImportReport {
  /** The model's parameters and buffers that come from the file, those that were resized included. */
  readonly taken: readonly string[];
  /** Those that were drawn: classifiers of other classes, and what adapters have added. */
  readonly drawn: readonly string[];
  readonly resized: readonly ResizedParam[];
  /** The file's arrays that the model has no use for, by their names in the file. */
  readonly left: readonly string[];
  /** What had to be chosen, in words: averaged weights, a distilled model's token. */
  readonly choices: readonly string[];
}

export interface ImportedState {
  readonly state: StateDict;
  readonly report: ImportReport;
}

/**
 * A model's state from a file's arrays: of a model with other classes, another size of images, patches or windows, other input
 * channels, under other names or a prefix, with averages beside the weights, or without what an adapter adds. What a parameter
 * needs for that stands where it is declared (`ParamSpec.resize`, `Scope.classifier`).
 *
 * Arrays that fit are taken as they are, not copied.
 *
 * @throws KcrError `STATE_DICT` where an array is missing that is of no classifier and no adapter, does not fit, or would have
 *   been read by the model that the file is of; `STATE_FINITE`
 */
export function importState(
  model: Model,
  tensors: StateDict,
  { generator, where, image, classes }: ImportOptions,
): ImportedState {
  const names = new Set(model.params.map((p) => p.name));
  const found = fileState(tensors, names);
  const mapped = mapState(found.state, model.architecture.mappings, names);
  const head = renamedHead(model, mapped.state);
  const matched = headOfClasses(model, head.state, classes);
  const fitted = fit(model, head.state, { image, outputs: matched.outputs });
  const unexpected = Object.keys(head.state).filter(
    (name) => !names.has(name) && !isHarmless(model, head, name),
  );
  const problems = stateProblems({ ...fitted, unexpected });
  if (problems) throw doesNotFit(model, head.state, { where, found: problems });
  const isTaken = (name: string) => fitted.sources.has(name);
  const drawn = model.initialize(generator, (name) => !isTaken(name));
  const state = { ...fitted.state, ...drawn };
  model.checkState(state, where);
  const all = model.params.map(({ name }) => name);
  const report: ImportReport = {
    taken: all.filter(isTaken),
    drawn: all.filter((name) => !isTaken(name)),
    resized: fitted.resized,
    left: [...unused(found, fitted.sources), ...found.others],
    choices: [
      ...(found.averaged ? [`averaged weights (${found.prefix}) instead of the last`] : []),
      ...mapped.applied.flatMap(({ choice }) => choice ?? []),
      ...(head.renamed && isTaken(`${head.renamed.to}.weight`)
        ? [`${head.renamed.from} as the classifier ${head.renamed.to}`]
        : []),
      ...matched.choices,
    ],
  };
  return { state, report };
}

/**
 * How many classes the model of a file tells apart: the rows of its classifier; 0 where it has none.
 *
 * @param model of the same architecture, with any classes
 */
export function classesOf(model: Model, tensors: StateDict): number {
  const names = new Set(model.params.map((p) => p.name));
  const { state } = mapState(fileState(tensors, names).state, model.architecture.mappings, names);
  const head = renamedHead(model, state);
  const weights = [...model.classifiers].map((path) => head.state[`${path}.weight`]);
  return weights.find((weight) => weight)?.shape[0] ?? 0;
}

/** The options that the arrays of a file say, where they differ from a model's of the same architecture. */
export function fileOptions(model: Model, tensors: StateDict): object {
  const names = new Set(model.params.map((p) => p.name));
  return otherOptions(model, fileState(tensors, names).state);
}

function otherOptions({ architecture, config }: Model, state: StateDict): object {
  const own = new Map(Object.entries(config));
  const said = Object.entries(architecture.optionsOf?.(state, config) ?? {});
  return Object.fromEntries(
    said.filter(([key, value]) => JSON.stringify(own.get(key)) !== JSON.stringify(value)),
  );
}

interface Fitted {
  readonly state: StateDict;
  /** The file's array of each parameter that is taken. */
  readonly sources: ReadonlyMap<string, NdArray>;
  readonly resized: readonly ResizedParam[];
  readonly missing: readonly string[];
  readonly misshapen: readonly string[];
}

/** A file's output of each class; `none` where its classifiers are not taken. */
type Outputs = readonly number[] | 'none';

/** The model's arrays that a file has, resized where they can be, and classifiers in the order of the classes. */
function fit(
  model: Model,
  found: StateDict,
  { outputs, ...source }: ResizeSource & { outputs?: Outputs },
): Fitted {
  const state: StateDict = {};
  const sources = new Map<string, NdArray>();
  const resized: ResizedParam[] = [];
  const missing: string[] = [];
  const misshapen: string[] = [];
  for (const spec of model.params) {
    const { name } = spec;
    const order = isOfClassifier(model, name) ? outputs : undefined;
    const isTaken = order !== 'none' && Object.hasOwn(found, name);
    const from = isTaken ? found[name] : undefined;
    const change = from && spec.resize?.(from, source);
    const array = change?.array ?? from;
    const problem = array && problemOf(array, spec);
    if (array && !problem) {
      state[name] = Array.isArray(order) ? gatherAxis(array, 0, order) : array;
      sources.set(name, from ?? array);
      if (change) resized.push({ name, from: change.from, to: change.to });
    } else if (!mayBeDrawn(model, spec, array !== undefined)) {
      if (problem) misshapen.push(problem);
      else missing.push(name);
    }
  }
  return { state, sources, resized, missing, misshapen };
}

const problemOf = (array: NdArray, spec: ParamSpec) =>
  array.dtype === spec.dtype
    ? misfit(array, spec)
    : `${spec.name} is ${array.dtype} instead of ${spec.dtype}`;

/** Whether a parameter without an array that fits is drawn: counters of old files are missing, and start at 0. */
const mayBeDrawn = (model: Model, { name, dtype }: ParamSpec, isThere: boolean) =>
  isOfClassifier(model, name) || (!isThere && (model.adapterParams.has(name) || dtype === 'int32'));

/** Whether a parameter is of a layer that tells the classes apart. */
export const isOfClassifier = ({ classifiers }: Model, name: string): boolean =>
  [...classifiers].some((path) => name.startsWith(`${path}.`));

interface MatchedHead {
  readonly outputs?: Outputs;
  /** What that means, in words. */
  readonly choices: readonly string[];
}

/** What the classifiers of a file are for classes with names. Those of another shape are drawn in any case. */
function headOfClasses(
  model: Model,
  state: StateDict,
  classes: ImportOptions['classes'],
): MatchedHead {
  const own = model.params.filter(({ name }) => isOfClassifier(model, name));
  const found = own.filter((spec) => {
    const array = Object.hasOwn(state, spec.name) ? state[spec.name] : undefined;
    return array && !problemOf(array, spec);
  });
  if (!classes || found.length === 0) return { choices: [] };
  const count = model.classes;
  const { own: wanted, file = [] } = classes;
  const named = knownClasses(file);
  const match = matchClasses(file.length === count ? named : count, wanted);
  const told =
    typeof named === 'number' ? 'the weights do not name theirs' : firstNames(file, NAMED);
  if (match.by === 'none') return { outputs: 'none', choices: [`other classes: ${told}`] };
  if (match.by === 'order')
    return {
      choices: [
        `classes taken in order, as the weights do not name theirs: 0 is ${wanted[0]}, ${count - 1} is ${wanted.at(-1)}`,
      ],
    };
  if (isInOrder(match)) return { choices: [] };
  if (found.some(({ shape }) => shape[0] !== count))
    return { outputs: 'none', choices: [`the same classes in another order: ${told}`] };
  return {
    outputs: match.outputs,
    choices: [`classes put in another order, by their names; the weights have ${told}`],
  };
}

/** A file's state whose classifier has the model's name. */
interface NamedHead {
  readonly state: StateDict;
  /** Layers that look like classifiers, of which none can be taken for the model's. */
  readonly heads: ReadonlySet<string>;
  /** Names of the layer that was taken for the classifier. */
  readonly renamed?: { readonly from: string; readonly to: string };
}

const layerOf = (name: string) => name.slice(0, Math.max(name.lastIndexOf('.'), 0));

/**
 * Where a file has not the model's classifier, a linear layer on as many features is taken for it, if it is the only one that the
 * model does not know.
 */
function renamedHead(model: Model, state: StateDict): NamedHead {
  const isNamed = Object.keys(state).some((name) => isOfClassifier(model, name));
  const known = new Set(model.params.map((p) => layerOf(p.name)));
  const heads = new Set(
    Object.entries(state).flatMap(([name, { shape }]) =>
      name.endsWith('.weight') &&
      !known.has(layerOf(name)) &&
      shape.length === 2 &&
      shape[1] === model.featureSize
        ? [layerOf(name)]
        : [],
    ),
  );
  if (isNamed || heads.size === 0) return { state, heads: new Set() };
  const [own, ...others] = model.classifiers;
  const [only, ...more] = heads;
  if (
    own === undefined ||
    only === undefined ||
    others.length > 0 ||
    more.length > 0 ||
    model.classes === 0
  )
    return { state, heads };
  const renamed = Object.entries(state).map(([name, array]): [string, NdArray] => [
    layerOf(name) === only ? own + name.slice(only.length) : name,
    array,
  ]);
  return {
    state: Object.fromEntries(renamed),
    heads: new Set(),
    renamed: { from: only, to: own },
  };
}

/** Whether the model gives the same without an array of the file: a classifier's, or numbers that are not learned. */
const isHarmless = (model: Model, { state, heads }: NamedHead, name: string) =>
  state[name]?.dtype !== 'float32' || heads.has(layerOf(name)) || isOfClassifier(model, name);

/** The file's names of those arrays that nothing was made of. */
function unused({ state, prefix }: FileState, sources: ReadonlyMap<string, NdArray>): string[] {
  const arrays = new Set(Object.values(state));
  const used = new Set(sources.values());
  return Object.entries(state).flatMap(([name, array]) => {
    const source = sources.get(name);
    // A mapping may have made another array of it.
    return used.has(array) || (source && !arrays.has(source)) ? [] : [prefix + name];
  });
}

/** The error of a file that does not fit, with the options that it is of, where it says some. */
function doesNotFit(
  model: Model,
  state: StateDict,
  { where, found }: { where: string; found: string },
): KcrError {
  const other = otherOptions(model, state);
  return new KcrError('STATE_DICT', {
    where,
    found,
    fix:
      Object.keys(other).length > 0
        ? `Build the model as the file says that it is: ${JSON.stringify(other)}`
        : `Use weights of ${model.architecture.name} with this configuration`,
  });
}
