import { type Model, requireTokenSet } from '@kcr/core';
import { trace } from '@kcr/core/internal';

/** tanh(p) of each token that a block attends to, by block, the class token first where there is one. */
export type PatchGates = readonly Float32Array[];

/** The taps of what attention reads, and how many tokens that has, block by block. @throws KcrError `TOKENS_GRID` */
export function attentionInputs(model: Model): { name: string; tokens: number }[] {
  requireTokenSet('slim, patches', model.architecture);
  const found: { name: string; tokens: number }[] = [];
  const shapes = new Map(model.params.map(({ name, shape }) => [name, shape]));
  trace(({ input }) => ({
    logits: model.apply(input('image', [1, ...model.inputShape]), {
      state: (name) => input(name, shapes.get(name)!),
      tap(value, { name, role, layout }) {
        // An MLP's `in` has no layout.
        if (role === 'in' && layout) found.push({ name, tokens: value.shape[1]! });
        return value;
      },
    }).logits,
  }));
  return found;
}
