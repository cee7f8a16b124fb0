import type { Model } from '../model/model.ts';

const parentOf = (name: string) => name.slice(0, Math.max(name.lastIndexOf('.'), 0));

/**
 * Which parameters are of the layer that the model's last one is of: of a classifier's models, its weight and bias. timm takes the
 * last two parameters for it, where it leaves the head out of adaptive gradient clipping.
 */
export function lastLayer({ params }: Model): (name: string) => boolean {
  const last = parentOf(params.findLast(({ trainable }) => trainable)?.name ?? '');
  return (name) => parentOf(name) === last;
}
