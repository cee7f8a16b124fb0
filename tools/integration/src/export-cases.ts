import {
  type Adapter,
  adapt,
  type Model,
  prunableDims,
  prune,
  pruneState,
  type StateDict,
  topChannels,
} from '@kcr/core';
import { evit, fixedTokens, power, tome } from '@kcr/criteria';
import { heads, withHead } from '@kcr/detect';
import { lfe } from '@kcr/lfc';
import { qkMask } from '@kcr/masks';
import { largeWeights, noise, smallModels } from './helpers.ts';
import { smallHeads } from './small-heads.ts';

/** Half of the channels that every MLP reads, and of the layer after the branches of attention. */
function compact(model: Model): Model {
  const io = prunableDims(model, ['io', 'context']);
  const scores = (size: number) => Array.from({ length: size }, (_, i) => Math.sin(i));
  return prune(
    model,
    Object.fromEntries(io.map((d) => [d.name, topChannels(d, scores(d.size), d.size / 2)])),
  );
}

const anywhere: Readonly<Record<string, Adapter>> = {
  'masks of q and k': qkMask({ initial: 0.5 }),
  'hidden tokens': lfe({ counts: [3, 2], inPlace: true }),
};

/** Of models whose tokens may be taken out. */
const selectors: Readonly<Record<string, Adapter>> = {
  lfe: lfe({ counts: [3] }),
  'lfe, over the map': lfe({ counts: [3, 2], form: 'map' }),
  evit: evit({ counts: [3, 2] }),
  'evit, not fused': evit({ counts: [3], fuse: false }),
  power: power({ counts: [3, 2] }),
  'fixed tokens': fixedTokens({ kept: [[0, 2, 3]] }),
  tome: tome({ r: 1 }),
  'tome, not proportional': tome({ r: [2, 1], proportional: false }),
};

/** Weights of which no array is made of equal numbers: norms would hide what is wrong with them. */
export function variedWeights(model: Model): StateDict {
  const weights = largeWeights(model);
  for (const [i, name] of Object.keys(weights).entries()) {
    const { shape, data, dtype } = weights[name]!;
    if (shape.length !== 1 || dtype !== 'float32') continue;
    const around = name.endsWith('weight') || name.endsWith('var') ? 1 : 0;
    data.set(noise(shape, i).data.map((x) => around + 0.2 * Math.tanh(x)));
  }
  return weights;
}

export interface ExportCase {
  model: Model;
  weights: StateDict;
}

/** The heads on a model, by its place: each is on two, and each model has one or two. A step of every pair is in dense.test.ts. */
const headsOn = (family: number) =>
  Object.entries(heads).filter((_, head) => [0, 2].includes((family - head + 5) % 5));

/** What is exported: every small model dense, compact, with every adapter and token selector that fits it, and under heads. */
export const exportCases: Readonly<Record<string, () => ExportCase>> = Object.fromEntries(
  Object.entries(smallModels).flatMap(([name, make], family) => {
    const { architecture } = make();
    // Linear attention has no weights to choose tokens by.
    const { 'hidden tokens': hidden, ...masks } = anywhere;
    const adapters = {
      ...masks,
      ...(architecture.name === 'efficientvit' ? {} : { 'hidden tokens': hidden! }),
      ...(architecture.tokens === 'set' ? selectors : {}),
      // LV-ViT's second head takes the best of all patches.
      ...(architecture.name === 'vit' ? { 'no token left': lfe({ counts: [0] }) } : {}),
    };
    const whole = (change: (model: Model) => Model) => () => {
      const model = change(make());
      return { model, weights: variedWeights(model) };
    };
    const pruned = () => {
      const dense = make();
      const model = compact(dense);
      return { model, weights: pruneState(dense, model, variedWeights(dense)) };
    };
    return [
      [name, whole((model) => model)],
      [`${name}, compact`, pruned],
      ...Object.entries(adapters).map(
        ([label, adapter]) =>
          [`${name}, ${label}`, whole((model) => adapt(model, [adapter]))] as const,
      ),
      ...headsOn(family).map(
        ([label, head]) =>
          [
            `${name}, ${label}`,
            whole((model) => withHead(head, model, smallHeads[label])),
          ] as const,
      ),
    ] as const;
  }),
);
