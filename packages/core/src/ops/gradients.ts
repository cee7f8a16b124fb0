import { type Tensor, tf } from '../tensor/tf.ts';

/**
 * A loss, its gradients, and values that were computed on the way.
 *
 * @param run computes a scalar loss from `parameters`, and any further values to return with it
 * @returns gradients in the order of `parameters`; zeros for one that the loss does not depend on
 */
export function valueAndGradients(
  run: () => { loss: Tensor; aux: Record<string, Tensor> },
  parameters: readonly Tensor[],
): { loss: Tensor; aux: Record<string, Tensor>; gradients: Tensor[] } {
  let kept: [string, Tensor][] = [];
  const { value, grads } = tf.engine().gradients(
    () => {
      const { loss, aux } = run();
      // The forward pass' scope ends before the caller's: keep these over its end.
      kept = Object.entries(aux).map(([name, tensor]) => [name, tf.keep(tensor.clone())]);
      return tf.reshape(loss, []);
    },
    [...parameters],
    undefined,
    true,
  );
  const aux = Object.fromEntries(kept.map(([name, tensor]) => [name, tensor.clone()]));
  for (const [, tensor] of kept) tensor.dispose();
  const gradients = grads.map((gradient, i) => gradient ?? tf.zerosLike(parameters[i]!));
  return { loss: value, aux, gradients };
}
