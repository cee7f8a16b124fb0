import type { Dim } from '../model/dim.ts';
import { constantInit } from '../model/initializer.ts';
import type { Scope, TokenLayout } from '../model/scope.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { dropPath } from './dropout.ts';
import { type MlpOptions, mlp } from './mlp.ts';
import { layerNorm } from './norm.ts';

export interface TransformerBlockOptions {
  mlp: MlpOptions;
  /** Of both layer norms. */
  eps?: number;
  /** Drop path rate of both branches. */
  dropPath?: number;
  /** Factor of both branches. Default 1. */
  branchScale?: number;
  /** First value of a trained factor for each channel of either branch, `ls1.gamma` and `ls2.gamma` (Touvron et al. 2021b). */
  layerScale?: number;
  /** Where the tokens lie in a map. */
  layout?: TokenLayout;
}

/**
 * A pre-norm transformer block with timm's parameters (`norm1`, `attn`, `norm2`, `mlp`):
 * x + attend(norm1(x)), then that + mlp(norm2(.)). Tap `tokens` is between the two; what it is replaced by may have
 * fewer tokens.
 *
 * @param x [batch, tokens, embed]
 * @param attend the attention branch, a function of the scope `attn`
 * @returns the same shape, or as many tokens as the tap left
 */
export function transformerBlock(
  m: Scope,
  x: Tensor,
  embed: Dim,
  attend: (m: Scope, x: Tensor) => Tensor,
  options: TransformerBlockOptions,
): Tensor {
  const { eps, dropPath: rate = 0, branchScale = 1, layerScale, layout } = options;
  const scaled = (i: 1 | 2, branch: Tensor) => {
    const whole = tf.mul(branch, branchScale);
    if (layerScale === undefined) return whole;
    const gamma = m.child(`ls${i}`).param('gamma', [embed], constantInit(layerScale));
    return tf.mul(whole, gamma);
  };
  const join = (i: 1 | 2, stream: Tensor, branch: Tensor) =>
    tf.add(stream, dropPath(m.child(`drop_path${i}`), scaled(i, branch), rate));
  const attended = attend(m.child('attn'), layerNorm(m.child('norm1'), x, embed, eps));
  const mixed = m.tap('tokens', join(1, x, attended), embed, { layout });
  const fed = mlp(
    m.child('mlp'),
    layerNorm(m.child('norm2'), mixed, embed, eps),
    embed,
    options.mlp,
  );
  return join(2, mixed, fed);
}
