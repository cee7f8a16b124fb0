import { type Adapter, defineAdapter } from '../model/adapter.ts';
import { tokenHiding } from './token-hiding.ts';
import { tokenRemoval } from './token-removal.ts';
import type { TokenSelector } from './token-selector.ts';

/**
 * Defines an adapter that takes tokens out of a ViT between attention and MLP, or on grids sets them to 0. Tap `kept`
 * [images, height, width, 1] shows which are left.
 *
 * @example
 * export const norms = defineTokenSelector('norms', 'my-package', (options: TokenCounts) => ({
 *   keep: tokensToKeep('norms', options),
 *   scores: ({ tokens }) => tf.sum(tf.square(tokens), 2),
 * }));
 */
export const defineTokenSelector = <O extends object>(
  name: string,
  module: string,
  make: (options: O) => TokenSelector,
): ((options: O) => Adapter) =>
  defineAdapter(name, module, (options: O) => {
    const selector = make(options);
    return (architecture) =>
      selector.inPlace ? tokenHiding(name, selector) : tokenRemoval(name, selector, architecture);
  });
