import {
  type CompiledStep,
  type Engine,
  float32,
  type Graph,
  type NdArray,
  type StateChange,
  type StepFunction,
} from '@kcr/core';
import { missingState, runStep, trace } from '@kcr/core/internal';

/** An engine that traces its steps and runs none: all that a step gives is 1. */
export class TracingEngine implements Engine {
  readonly name = 'tracing';
  /** The graph of each call, by the step's name. */
  readonly graphs: { readonly step: string; readonly graph: Graph }[] = [];
  readonly #state = new Map<string, NdArray>();

  set(arrays: Readonly<Record<string, NdArray>>): void {
    for (const [name, array] of Object.entries(arrays)) this.#state.set(name, array);
  }

  async get(names: readonly string[]): Promise<Record<string, NdArray>> {
    return Object.fromEntries(names.map((name) => [name, this.#read(name)]));
  }

  async revise(names: readonly string[], change: StateChange): Promise<void> {
    await change(await this.get(names));
  }

  names = () => [...this.#state.keys()];

  delete(names: readonly string[]): void {
    for (const name of names) this.#state.delete(name);
  }

  compile(name: string, step: StepFunction): CompiledStep {
    const run = async (inputs: Readonly<Record<string, NdArray>> = {}) => {
      const made: string[] = [];
      const graph = trace(({ input }) => {
        const given = (
          kind: string,
          name: string,
          { shape, dtype }: Pick<NdArray, 'shape' | 'dtype'>,
        ) => input(`${kind}:${name}`, shape, dtype);
        const { outputs, updates = {} } = runStep(step, {
          inputs: Object.fromEntries(
            Object.entries(inputs).map(([key, array]) => [key, given('in', key, array)]),
          ),
          state: (key) => given('state', key, this.#read(key)),
          supply: (key, shape, dtype, next) => {
            next();
            return given('supply', key, { shape, dtype });
          },
        });
        made.push(...Object.keys(outputs));
        const next = Object.entries(updates).map(([key, value]) => [`new:${key}`, value]);
        return { ...outputs, ...Object.fromEntries(next) };
      });
      this.graphs.push({ step: name, graph });
      return Object.fromEntries(made.map((key) => [key, float32(graph.outputs[key]!.shape, 1)]));
    };
    const dispose = async () => {};
    return Object.assign(run, { dispose, [Symbol.asyncDispose]: dispose });
  }

  async dispose(): Promise<void> {
    this.#state.clear();
  }

  [Symbol.asyncDispose] = () => this.dispose();

  #read(name: string): NdArray {
    const array = this.#state.get(name);
    if (array) return array;
    throw missingState(name);
  }
}

/** What a graph computes, as text, node by node: two graphs with the same text compute the same. */
export function graphLines({ nodes }: Graph): string[] {
  return nodes.map(({ kernel, inputs, attrs, outputs }) => {
    const values = Object.entries(inputs).map(([name, { id, input, constant }]) => {
      const given = constant && ('uniform' in constant ? constant.uniform : constant.data.join());
      return `${name}=${given ?? input ?? `#${id}`}`;
    });
    return `${kernel}(${values.join(', ')}) ${JSON.stringify(attrs)} -> ${outputs.map(({ shape }) => `[${shape}]`)}`;
  });
}
