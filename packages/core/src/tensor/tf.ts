import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { KcrError } from '../ground/error.ts';

// TensorFlow.js advises on the console which backend to install; `createEagerEngine` chooses one itself.
tf.env().set('PROD', true);

/** Registers the `wasm` backend. */
export const loadWasmBackend = (): Promise<unknown> => import('@tensorflow/tfjs-backend-wasm');

export { tf };

export type Tensor = tf.Tensor;

/**
 * Checks that `value` was made by this copy of TensorFlow.js.
 *
 * A second copy shares the engine's globals, so its tensors appear to work and then fail in gradients
 * or leak; the constructor tells the copies apart.
 *
 * @throws KcrError `TENSOR_EXPECTED`, `TENSOR_LIBRARY_DUPLICATE`
 */
export function assertOwnTensor(value: unknown, where: string): asserts value is Tensor {
  if (value instanceof tf.Tensor) {
    const prototypes = [tf.Tensor.prototype, tf.Variable.prototype];
    if (prototypes.includes(Object.getPrototypeOf(value))) return;
    throw new KcrError('TENSOR_LIBRARY_DUPLICATE', {
      where,
      found: 'a tensor of another copy of @tensorflow/tfjs-core',
      fix: "Run `npm dedupe`; plugins use @kcr/core's `tf`, or have @tensorflow/tfjs-core as a peer",
    });
  }
  throw new KcrError('TENSOR_EXPECTED', {
    where,
    found: `${value === null ? 'null' : typeof value} instead of a tensor`,
    fix: 'Return a tensor from this hook',
  });
}
