import {
  type ApplyOptions,
  constant,
  float32,
  type Kept,
  type Model,
  prune,
  pruneState,
  type StateDict,
  tf,
} from '@kcr/core';
import { type CheckOf, fails, holds, leftOut } from '../suite.ts';
import { farthest, imagesFor, livelyWeights, numberText } from '../values.ts';
import { outputsOf } from './outputs.ts';
import { prunableDimsOf, randomSelection, withoutFirstHeads } from './selections.ts';
import { type ModelSubject, placeOf } from './subject.ts';

/** Multiplies every tapped value by 1 where its channel is kept, else by 0. */
export const maskBy =
  (selection: Kept): ApplyOptions['tap'] =>
  (value, { dim }) => {
    const kept = dim && selection[dim.name];
    if (!kept) return value;
    const mask = Array.from({ length: dim.size }, (_, i) => (kept.includes(i) ? 1 : 0));
    return tf.mul(value, constant(float32([dim.size], mask)));
  };

/** How far a pruned model's outputs lie from those of the masked one. */
async function apart(model: Model, weights: StateDict, selection: Kept) {
  const image = imagesFor(model, 3);
  const masked = await outputsOf(model, weights, image, { tap: maskBy(selection) });
  const pruned = prune(model, selection);
  const state = pruneState(model, pruned, weights);
  return { ...farthest(await outputsOf(pruned, state, image), masked), masked };
}

/** The dimensions that differ when they are pruned alone, each with those that must keep the same groups. */
async function differing(subject: ModelSubject, weights: StateDict, selection: Kept) {
  const { model, tolerance } = subject;
  const found: string[] = [];
  for (const dim of prunableDimsOf(model)) {
    if (!selection[dim.name]) continue;
    const alone = Object.fromEntries(
      prunableDimsOf(model)
        .filter(
          ({ name, groupSet }) => name === dim.name || (groupSet && groupSet === dim.groupSet),
        )
        .map(({ name }) => [name, selection[name]!]),
    );
    const { difference, largest } = await apart(model, weights, alone);
    if (!(difference <= tolerance * Math.max(1, largest))) found.push(dim.name);
  }
  return found;
}

export const pruned: CheckOf<ModelSubject> = {
  expected:
    'a pruned model gives what the whole one gives with the dropped channels masked at their taps: each prunable dim is tapped with that dim where it is made, and nothing sums over it before (a norm, a softmax)',
  async run(subject) {
    const { model, tolerance, readsHeads } = subject;
    if (prunableDimsOf(model).length === 0) return leftOut('it has no dim that may be pruned');
    const weights = livelyWeights(model);
    const whole = await outputsOf(model, weights, imagesFor(model, 3));
    const heads = withoutFirstHeads(model);
    let most = 0;
    let change = 0;
    for (const [what, selection] of [
      ['half of the channels', randomSelection(model, 0.5)],
      ['a tenth of the channels', randomSelection(model, 0.1)],
      ['a head less in each layer', heads],
    ] as const) {
      if (Object.keys(selection).length === 0) continue;
      if (readsHeads && selection === heads) continue;
      const { name, difference, largest, masked } = await apart(model, weights, selection);
      if (!(difference <= tolerance * Math.max(1, largest))) {
        const dims = await differing(subject, weights, selection);
        const found = `${name} ${numberText(difference)} apart (largest ${numberText(largest)}) with ${what} kept`;
        const where = dims.map((dim) => placeOf(subject, dim));
        return fails(
          found,
          where.slice(0, 4).join('; ') || `${subject.prefix}several dims together`,
        );
      }
      most = Math.max(most, difference);
      change = Math.max(change, farthest(masked, whole).difference);
    }
    if (change === 0)
      return fails(
        'masking nine tenths of the channels changes no output',
        `${subject.prefix}taps`,
      );
    return holds(`at most ${numberText(most)} apart`);
  },
};
