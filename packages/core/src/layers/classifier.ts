import type { Axis } from '../model/dim.ts';
import type { Scope } from '../model/scope.ts';
import type { Tensor } from '../tensor/tf.ts';
import { type LinearOptions, linear } from './linear.ts';

/**
 * The linear layer that tells the classes apart. It is known as such: weights of other classes are imported without it
 * (`importState`). Without classes there is no layer, and the features are passed on, as in timm.
 *
 * @param x [batch, ..., in]
 * @returns [batch, ..., classes], or `x` for 0 classes
 */
export function classifier(
  m: Scope,
  x: Tensor,
  input: Axis,
  classes: number,
  options?: LinearOptions,
): Tensor {
  const own = m.classifier();
  return classes > 0 ? linear(own, x, input, classes, options) : x;
}
