import { createEagerEngine, type Engine } from '@kcr/core';

/** `@kcr/onnx`, which need not be installed. */
type Onnx = typeof import('@kcr/onnx');

export const NO_ONNX =
  '@kcr/onnx is not installed; `npm install --save-dev @kcr/onnx` adds this check';

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  error.code === 'ERR_MODULE_NOT_FOUND' &&
  error.message.includes('@kcr/onnx');

/** `@kcr/onnx` where it is installed. */
export async function onnxPackage(): Promise<Onnx | undefined> {
  try {
    return await import('@kcr/onnx');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The engine that runs each op as it comes: it compiles nothing, so a few steps are soonest done by it. */
export const eagerEngine = (): Promise<Engine> => createEagerEngine({ backend: 'wasm' });

/** The engine that trainings take: the onnx engine where it is installed. */
export async function usualEngine(): Promise<Engine> {
  const onnx = await onnxPackage();
  return onnx ? onnx.createOnnxEngine() : eagerEngine();
}
