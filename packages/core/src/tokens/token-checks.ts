import { KcrError } from '../ground/error.ts';
import type { Architecture } from '../model/architecture.ts';
import type { TapInfo } from '../model/scope.ts';
import type { Tensor } from '../tensor/tf.ts';

/** @throws KcrError `TOKENS_GRID` for an architecture whose tokens must stay where they are */
export function requireTokenSet(name: string, { name: family, tokens }: Architecture): void {
  if (tokens === 'grid')
    throw new KcrError('TOKENS_GRID', {
      where: `${name} on ${family}`,
      found: 'a model whose tokens are a grid, of which none can be taken out',
      fix: 'Use a ViT, or a selector with inPlace: true, which sets tokens to 0 and saves nothing',
    });
}

/**
 * Checks that the tokens of a tap `tokens` are still those that attended.
 *
 * @throws KcrError `TOKENS_CHANGED`
 */
export function requireAttended(name: string, attended: number, tokens: Tensor, info: TapInfo) {
  if (attended !== tokens.shape[1])
    throw new KcrError('TOKENS_CHANGED', {
      where: `${name} at ${info.name}`,
      found: `${tokens.shape[1]} tokens after attention among ${attended}`,
      fix: 'Let one adapter change the tokens of a block; others may in other blocks',
    });
}

/** The attention of the block that a tap `tokens` is in. @throws KcrError `TOKENS_ATTENTION` */
export function requireAttention<A>(name: string, attention: A | undefined, info: TapInfo): A {
  if (attention) return attention;
  throw new KcrError('TOKENS_ATTENTION', {
    where: `${name} at ${info.name}`,
    found: 'no attention weights before it; linear attention has none',
    fix: 'Use a model with softmax attention',
  });
}

/** Where the tokens lie in a map. @throws KcrError `TOKENS_LAYOUT` */
export function requireLayout<L>(name: string, layout: L | undefined): L {
  if (layout) return layout;
  throw new KcrError('TOKENS_LAYOUT', {
    where: name,
    found: 'tokens that lie in no known map',
    fix: "Pass the tap's `layout` in the model, and attach this before what merges tokens",
  });
}
