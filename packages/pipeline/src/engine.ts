import { createEagerEngine, type Engine } from '@kcr/core';
import { createOnnxEngine, type Target } from '@kcr/onnx';

/** Makes an engine; each part of a pipeline has one of its own. */
export type MakeEngine = () => Promise<Engine>;

/** Where an engine runs, and with how much of it. */
export interface EngineMakerOptions {
  /** Of the onnx engine. Default: the processor. */
  readonly device?: Target;
  /** Threads of the onnx engine on the processor. Default: one for each core. */
  readonly threads?: number;
}

const engines = {
  onnx: async (options: EngineMakerOptions) => createOnnxEngine(options),
  eager: () => createEagerEngine(),
};

/** An engine by name. */
export type EngineName = keyof typeof engines;
export const engineNames = Object.keys(engines) as EngineName[];

/** Makes engines of a name. @throws KcrError `BACKEND_*` */
export const engineMaker =
  (name: EngineName = 'onnx', options: EngineMakerOptions = {}): MakeEngine =>
  () =>
    engines[name](options);
