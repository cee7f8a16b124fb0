import type { Model } from './model.ts';

/** The paths of a model's transformer blocks, which are the scopes with a tap `tokens`, in order. */
export const transformerBlocks = (model: Model): string[] =>
  model.taps.filter((tap) => tap.role === 'tokens').map((tap) => parentOf(tap.name));

export const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('.'), 0));
