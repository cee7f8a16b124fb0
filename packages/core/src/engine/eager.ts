import { createRequire } from 'node:module';
import type { NdArray } from '../ground/array.ts';
import { withDeepStacks } from '../ground/author-line.ts';
import { KcrError } from '../ground/error.ts';
import { completeBackend } from '../tensor/gradient-kernels.ts';
import { padByNumbers } from '../tensor/named-padding.ts';
import { loadWasmBackend, type Tensor, tf } from '../tensor/tf.ts';
import { unguarded, withoutValues } from '../trace/step-guard.ts';
import {
  type CompiledStep,
  type Engine,
  missingState,
  runStep,
  type StateChange,
  type StepContext,
  type StepFunction,
} from './engine.ts';

export interface EagerOptions {
  /**
   * A TensorFlow.js backend by name: `tensorflow` (of @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node), `wasm`, `cpu`, or one
   * that was registered. Default: `tensorflow` where it is installed, else `wasm`.
   */
  backend?: string;
}

const require = createRequire(import.meta.url);

/** Whether a module is there at all. Asked of Node, since bundlers have errors of their own for what is not. */
const isInstalled = (module: string): boolean => {
  try {
    require.resolve(module);
    return true;
  } catch {
    return false;
  }
};

/** Imports a module, where it is installed. @throws KcrError `BACKEND_LOAD` where it is and does not load */
const tryImport = async (module: string): Promise<boolean> => {
  if (!isInstalled(module)) return false;
  try {
    await import(module);
    return true;
  } catch (error) {
    throw new KcrError('BACKEND_LOAD', {
      where: module,
      found: (error as Error).message,
      fix: `Reinstall ${module} with its install script, build its addon, or choose another backend`,
      cause: error,
    });
  }
};

/** What tfjs-node calls itself. */
const NATIVE = 'tensorflow';

/** Imports tfjs-node, where it is installed. */
const loadNative = async (): Promise<boolean> =>
  (await tryImport('@tensorflow/tfjs-node-gpu')) || (await tryImport('@tensorflow/tfjs-node'));

/**
 * The engine that runs each op as it comes, on a TensorFlow.js backend. Its steps have the rules of compiled ones: they read no values
 * and make no varying constants that were not declared.
 *
 * @throws KcrError `BACKEND_UNKNOWN`, `BACKEND_LOAD`
 */
export async function createEagerEngine(options: EagerOptions = {}): Promise<Engine> {
  const { backend = (await loadNative()) ? NATIVE : 'wasm' } = options;
  if (backend === 'wasm') await loadWasmBackend();
  if (backend === NATIVE) await loadNative();
  if (!tf.findBackendFactory(backend) || !(await tf.setBackend(backend)))
    throw new KcrError('BACKEND_UNKNOWN', {
      where: 'createEagerEngine',
      found: `the TensorFlow.js backend "${backend}"`,
      fix:
        backend === NATIVE
          ? 'Install @tensorflow/tfjs-node, or leave `backend` out'
          : 'Import the package that registers it first, or leave `backend` out',
    });
  completeBackend(backend);
  padByNumbers();
  return new EagerEngine(backend);
}

class EagerEngine implements Engine {
  readonly name: string;
  readonly #state = new Map<string, Tensor>();

  constructor(private readonly backend: string) {
    this.name = `eager-${backend}`;
  }

  set(arrays: Readonly<Record<string, NdArray>>): void {
    void tf.setBackend(this.backend);
    for (const [name, array] of Object.entries(arrays)) this.#replace(name, tf.keep(upload(array)));
  }

  async get(names: readonly string[]): Promise<Record<string, NdArray>> {
    const entries = names.map(async (name) => [name, await download(this.#read(name))] as const);
    return Object.fromEntries(await Promise.all(entries));
  }

  async revise(names: readonly string[], change: StateChange): Promise<void> {
    const arrays = await this.get(names);
    await change(arrays);
    this.set(arrays);
  }

  names = () => [...this.#state.keys()];

  delete(names: readonly string[]): void {
    for (const name of names) {
      this.#state.get(name)?.dispose();
      this.#state.delete(name);
    }
  }

  compile(_name: string, step: StepFunction): CompiledStep {
    const run = async (inputs: Readonly<Record<string, NdArray>> = {}) => {
      await tf.setBackend(this.backend);
      const { outputs, updates } = tf.tidy(() => {
        const tensors = Object.entries(inputs).map(([name, array]) => [name, upload(array)]);
        const context: StepContext = {
          inputs: Object.fromEntries(tensors),
          state: (name) => this.#read(name),
          supply: (_, shape, dtype, next) =>
            unguarded(() => upload({ shape, dtype, data: next() })),
        };
        const result = withDeepStacks(() => withoutValues(() => runStep(step, context)));
        // Either may be an alias of the state; a clone survives the old value's disposal.
        const clones = (tensors: Record<string, Tensor> = {}) =>
          Object.fromEntries(
            Object.entries(tensors).map(([name, t]) => [name, tf.keep(t.clone())]),
          );
        return { outputs: clones(result.outputs), updates: clones(result.updates) };
      });
      for (const [name, tensor] of Object.entries(updates)) this.#replace(name, tensor);
      const read: Record<string, NdArray> = {};
      for (const [name, tensor] of Object.entries(outputs)) read[name] = await download(tensor);
      tf.dispose(Object.values(outputs));
      return read;
    };
    const dispose = async () => {};
    return Object.assign(run, { dispose, [Symbol.asyncDispose]: dispose });
  }

  async dispose(): Promise<void> {
    this.delete(this.names());
  }

  [Symbol.asyncDispose] = () => this.dispose();

  #replace(name: string, tensor: Tensor): void {
    this.#state.get(name)?.dispose();
    this.#state.set(name, tensor);
  }

  #read(name: string): Tensor {
    const tensor = this.#state.get(name);
    if (tensor) return tensor;
    throw missingState(name);
  }
}

/** Some backends (cpu, tfjs-node) go on reading the array that they were given, so they get one of their own. */
const upload = ({ data, shape, dtype }: NdArray): Tensor =>
  tf.tensor(data.slice(), [...shape], dtype);

const download = async (tensor: Tensor): Promise<NdArray> => ({
  dtype: tensor.dtype as NdArray['dtype'],
  shape: [...tensor.shape],
  data: (await tensor.data()).slice() as NdArray['data'],
});
