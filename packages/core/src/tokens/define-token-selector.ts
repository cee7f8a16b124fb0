import { defineExtension, type Maker } from '../ground/extension.ts';
import type { Adapter, AdapterDefinition } from '../model/adapter.ts';
import { tokenHiding } from './token-hiding.ts';
import { tokenRemoval } from './token-removal.ts';
import type { TokenSelector } from './token-selector.ts';

/** A token selector with options, as its author writes it. */
export interface TokenSelectorDefinition<O, I = O> extends Omit<AdapterDefinition<O, I>, 'attach'> {
  /** How many tokens stay, and which, with options. */
  select(options: O): TokenSelector;
}

/**
 * Defines an adapter that takes tokens out of a ViT between attention and MLP, or on grids sets them to 0. Tap `kept`
 * [images, height, width, 1] shows which are left.
 *
 * @example
 * export const norms = defineTokenSelector({
 *   name: 'norms',
 *   module: 'my-package',
 *   contract: 1,
 *   select: (options: TokenCounts) => ({
 *     keep: tokensToKeep('norms', options),
 *     scores: ({ tokens }) => tf.sum(tf.square(tokens), 2),
 *   }),
 * });
 */
export const defineTokenSelector = <O extends object, I extends object = O>(
  definition: TokenSelectorDefinition<O, I>,
): Maker<I, Adapter> =>
  defineExtension('token selector', definition, (options) => {
    const { name, module } = definition;
    const selector = definition.select(options);
    return {
      module,
      attach: (architecture) =>
        selector.inPlace ? tokenHiding(name, selector) : tokenRemoval(name, selector, architecture),
    } satisfies Pick<Adapter, 'module' | 'attach'>;
  });
