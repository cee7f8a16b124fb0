import { createEagerEngine, type Engine } from '@kcr/core';
import { createOnnxEngine, type Target } from '@kcr/onnx';

/** Makes an engine; each part of a pipeline has one of its own. */
export type MakeEngine = () => Promise<Engine>;

const engines = {
  onnx: async (device: Target) => createOnnxEngine({ device }),
  eager: () => createEagerEngine(),
};

/** An engine by name. */
export type EngineName = keyof typeof engines;
export const engineNames = Object.keys(engines) as EngineName[];

/** Makes engines of a name; the device is where the onnx engine runs. @throws KcrError `BACKEND_*` */
export const engineMaker =
  (name: EngineName = 'onnx', device: Target = 'cpu'): MakeEngine =>
  () =>
    engines[name](device);
