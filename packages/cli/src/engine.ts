import { createEagerEngine, type Engine } from '@kcr/core';
import { createOnnxEngine, type Target } from '@kcr/onnx';

export type EngineName = 'onnx' | 'eager';

/** The engine that a command runs on. @throws KcrError `BACKEND_*` */
export const createEngine = async (name: EngineName, device: Target): Promise<Engine> =>
  name === 'onnx' ? createOnnxEngine({ device }) : createEagerEngine();
