import { KcrError } from '../ground/error.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import type { GraphOp, Value } from '../trace/graph.ts';
import { type Spec, shapeRules } from '../trace/shapes.ts';
import { unguarded } from '../trace/step-guard.ts';
import { recordOp, tracedSpecs } from '../trace/tracer.ts';

type Required<I extends string> = I extends `${string}?` ? never : I;

type Optional<I extends string> = I extends `${infer Name}?` ? Name : never;

/** One `T` for each input by name; those whose name ends in `?` may be absent. */
export type OpInputs<I extends string, T> = { readonly [K in Required<I>]: T } & {
  readonly [K in Optional<I>]?: T;
};

/** A `T` for an op's one output, or one for each of its named ones. */
export type OpOutputs<O extends string, T> = [O] extends [never] ? T : { readonly [K in O]: T };

/** An op's one output has the name `y`. */
type OutputName<O extends string> = [O] extends [never] ? 'y' : O;

/** The attributes of an op that has none. */
export type NoAttrs = Record<never, never>;

/**
 * How an engine writes an op as nodes of its own.
 *
 * @typeParam B what the engine writes them with
 * @returns the engine's name of the output, or of each by name, without those that `builder` was told
 */
export type OpLowering<B, I extends string, A, O extends string> = (
  builder: B,
  inputs: OpInputs<I, Value>,
  attrs: A,
  outputs: { readonly [K in OutputName<O>]: Value },
) => [O] extends [never] ? string | undefined : { readonly [K in O]?: string };

/** What is said of an op, once: see {@link defineOp}. */
export interface OpDefinition<
  I extends string,
  A extends object,
  O extends string,
  S extends Required<I> | OutputName<O>,
> {
  /** Its name in graphs and messages, of this op alone. */
  name: string;
  /** Names of the inputs; one that ends in `?` may be left out of a call. */
  inputs: readonly I[];
  /** Names of the outputs, which are then given by name. Default: one output, as it is. */
  outputs?: readonly O[];
  /** The definition, in TensorFlow.js ops. The type of its second parameter is that of the attributes. */
  compute(inputs: OpInputs<I, Tensor>, attrs: A): OpOutputs<NoInfer<O>, Tensor>;
  /** The inputs and outputs that `gradient` reads; an op's one output is `y`. */
  saved?: readonly S[];
  /**
   * The gradients of the inputs, by name, each computed where it is needed. Absent, or absent for an input:
   * no gradient passes there.
   *
   * @param given `dy`, the gradient of the output, or of each by name; and what was saved
   */
  gradient?(
    given: { readonly dy: OpOutputs<NoInfer<O>, Tensor> } & { readonly [K in NoInfer<S>]: Tensor },
    attrs: NoInfer<A>,
  ): { readonly [K in Required<NoInfer<I>> | Optional<NoInfer<I>>]?: () => Tensor };
  /**
   * Shape and type of the outputs. Default: those of `compute`, found by tracing it; needed by a definition
   * that reads values, and faster where it is one line.
   */
  shapes?(
    inputs: OpInputs<NoInfer<I>, Value>,
    attrs: NoInfer<A>,
  ): OpOutputs<NoInfer<O>, Readonly<Spec>>;
  /** Multiply-accumulates of the matrix products and convolutions of a call. Default: it has none. */
  macs?(inputs: OpInputs<NoInfer<I>, Value>, attrs: NoInfer<A>): number;
  /** Whether processes exchange values by it: an engine runs it between two parts of a step. Default false. */
  collective?: boolean;
  /** How engines write it, by engine (`onnx`). An engine that is not named here traces `compute`. */
  lowerings?: Readonly<Record<string, OpLowering<never, NoInfer<I>, NoInfer<A>, NoInfer<O>>>>;
}

/** An op of one's own, called with its inputs by name and its attributes, where it has any. */
export interface Op<I extends string, A extends object, O extends string> extends GraphOp {
  (
    inputs: OpInputs<I, Tensor>,
    ...attrs: keyof A extends never ? [] : [attrs: A]
  ): OpOutputs<O, Tensor>;
  readonly lowerings: Record<string, OpLowering<never, I, A, O>>;
  readonly macs?: (inputs: OpInputs<I, Value>, attrs: A) => number;
}

const names = new Set<string>();

/**
 * An op that an engine may run as one good node: computed from plain ops wherever no engine has a better
 * way, with its gradient written once.
 *
 * @example
 * const squaredReluOp = defineOp({
 *   name: 'SquaredRelu',
 *   inputs: ['x'],
 *   saved: ['x'],
 *   compute: ({ x }, { scale }: { scale: number }) => tf.mul(tf.square(tf.relu(x)), scale),
 *   gradient: ({ dy, x }, { scale }) => ({ x: () => tf.mul(dy, tf.mul(tf.relu(x), 2 * scale)) }),
 * });
 * @throws KcrError `OP_NAME` where the name is taken
 */
export function defineOp<
  I extends string,
  A extends object = NoAttrs,
  O extends string = never,
  S extends Required<I> | OutputName<O> = never,
>(definition: OpDefinition<I, A, O, S>): Op<I, A, O> {
  const untyped = definition as unknown as Untyped;
  const { name, outputs } = untyped;
  if (names.has(name) || shapeRules.has(name))
    throw new KcrError('OP_NAME', {
      where: `defineOp ${name}`,
      found: 'a name that another op or a TensorFlow.js kernel has',
      fix: 'Choose another, for example with the name of your package before it',
    });
  names.add(name);
  registerGradient(untyped);
  const call = (inputs: OpInputs<I, Tensor>, attrs: object = {}) => {
    registerKernel(op, untyped);
    const result = tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap);
    return (outputs ? byName(outputs, [result].flat()) : result) as OpOutputs<O, Tensor>;
  };
  const op: Op<I, A, O> = Object.assign(call, {
    outputs: outputs ?? ['y'],
    lowerings: { ...definition.lowerings },
    macs: definition.macs,
    collective: definition.collective ?? false,
  });
  return Object.defineProperty(op, 'name', { value: name });
}

/** A definition as TensorFlow.js sees it, which knows no kernel's inputs, outputs and attributes by type. */
interface Untyped {
  name: string;
  inputs: readonly string[];
  outputs?: readonly string[];
  saved?: readonly string[];
  compute(inputs: object, attrs: object): unknown;
  gradient?(given: object, attrs: object): Record<string, () => Tensor>;
  shapes?(inputs: object, attrs: object): unknown;
}

const byName = <T>(names: readonly string[], values: readonly T[]): Record<string, T> =>
  Object.fromEntries(names.map((name, i) => [name, values[i] as T]));

/** An op's outputs in order. */
const inOrder = <T>({ outputs }: Untyped, result: unknown): T[] =>
  outputs?.map((name) => (result as Record<string, T>)[name] as T) ?? [result as T];

function registerGradient({ name, inputs, outputs, saved = [], gradient }: Untyped): void {
  if (!gradient) return;
  const inputsToSave = inputs.filter((input) => saved.includes(input));
  const all = outputs ?? ['y'];
  const outputsToSave = all.map((output) => saved.includes(output));
  const kept = [...inputsToSave, ...all.filter((output) => saved.includes(output))];
  tf.registerGradient({
    kernelName: name,
    inputsToSave,
    outputsToSave,
    gradFunc: (dy, values, attrs) => {
      const given = outputs ? byName(outputs, [dy].flat()) : dy;
      return gradient({ ...byName(kept, values), dy: given }, attrs);
    },
  });
}

/** Makes an op a kernel of the backend in use: a trace that takes the op records it, all else computes. */
function registerKernel(op: GraphOp, definition: Untyped): void {
  const { name, compute, shapes } = definition;
  const backendName = tf.getBackend();
  if (tf.getKernel(name, backendName)) return;
  tf.registerKernel({
    kernelName: name,
    backendName,
    kernelFunc: ({ inputs, attrs = {} }) => {
      const run = (tensors: object) => inOrder<Tensor>(definition, compute(tensors, attrs));
      const recorded = recordOp(op, inputs, attrs, (values) =>
        shapes ? inOrder<Spec>(definition, shapes(values, attrs)) : tracedSpecs(values, run),
      );
      if (recorded) return recorded;
      // A definition may read values, and make some.
      const results = unguarded(() => tf.tidy(() => run(inputs)));
      return definition.outputs ? results : results[0]!;
    },
  });
}
