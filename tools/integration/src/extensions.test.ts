import { allowedDrop, budget, Generator, globalThreshold, type Model, uniform } from '@kcr/core';
import {
  evit,
  fixedTokens,
  magnitude,
  ntkSap,
  power,
  random,
  s2vite,
  slim,
  slimGates,
  taylor,
  tome,
} from '@kcr/criteria';
import { heads } from '@kcr/detect';
import { distillation } from '@kcr/distill';
import { ibBound } from '@kcr/ib-bound';
import { lfe, lfs } from '@kcr/lfc';
import { gumbelMasks, qkMask } from '@kcr/masks';
import { kcrNystrom } from '@kcr/nystrom';
import {
  adapterChecks,
  allocatorChecks,
  backboneChecks,
  criterionChecks,
  headChecks,
  pluginChecks,
  registerChecks,
  type SmallModel,
  type Suite,
  smallModels,
  tokenSelectorChecks,
} from '@kcr/testing';
import { test } from 'vitest';
import { noise } from './helpers.ts';
import { smallHeads } from './small-heads.ts';

const families = Object.keys(smallModels) as SmallModel[];

let turn = 0;
/** One family after another, so that extensions of a kind see all of them together. */
const next = (): SmallModel[] => [families[turn++ % families.length]!];

const skip = { speed: 'npm run bench measures it' };
const rounded = { ...skip, gradients: 'it is rounded, and its gradient is that of the soft mask' };
const boxes = { ...skip, gradients: 'boxes are chosen by scores, which no gradient goes through' };
const regions = { ...boxes, macs: 'RoIAlign interpolates by products, which are not counted' };

const merged = { ...skip, gradients: 'which tokens are merged changes with the weights' };

const teacher = (model: Model) => ({ model, weights: model.initialize(new Generator(9)) });
const nystrom = { eta: 0.1, rank: 3, landmarks: 12 };
const keepAll = { keepRatio: 1, blocks: [0, 1] };

/** Every extension of this repository, with the checks of its kind, by what is special about it. */
const suites: Readonly<Record<string, Suite>> = {
  ...Object.fromEntries(
    families.map((family) => {
      const { architecture, config } = smallModels[family]() as Model;
      return [family, backboneChecks(architecture, { config, skip })];
    }),
  ),
  upernet: headChecks(heads.upernet!, { config: smallHeads.upernet, skip }),
  ssdlite: headChecks(heads.ssdlite!, { config: smallHeads.ssdlite, skip: boxes }),
  mask_rcnn: headChecks(heads.mask_rcnn!, {
    config: smallHeads.mask_rcnn,
    tolerance: 1e-3,
    skip: regions,
  }),
  cascade_mask_rcnn: headChecks(heads.cascade_mask_rcnn!, {
    config: smallHeads.cascade_mask_rcnn,
    tolerance: 1e-3,
    skip: regions,
  }),
  'q/k mask': adapterChecks(qkMask, { options: { initial: 0.5 }, models: families, skip: rounded }),
  'q/k mask, separate': adapterChecks(qkMask, {
    options: { separate: true },
    models: next(),
    skip: { ...rounded, identity: 'it starts half open' },
  }),
  lfe: tokenSelectorChecks(lfe, {
    options: { counts: [3, 2] },
    keepsAll: { counts: [] },
    models: ['vit', 'lvvit'],
    skip,
  }),
  "lfe, the code's form": tokenSelectorChecks(lfe, {
    options: { counts: [3], form: 'code' },
    keepsAll: { ...keepAll, form: 'code' },
    skip,
  }),
  'lfe, over the map': tokenSelectorChecks(lfe, {
    options: { counts: [3, 2], form: 'map' },
    keepsAll: { counts: [], form: 'map' },
    models: ['lvvit'],
    skip,
  }),
  'lfe, hidden in place': tokenSelectorChecks(lfe, {
    options: { counts: [3, 2], inPlace: true },
    models: ['swin'],
    skip,
  }),
  evit: tokenSelectorChecks(evit, {
    options: { keepRatio: 0.5, blocks: [0, 1] },
    keepsAll: keepAll,
    models: ['lvvit'],
    skip,
  }),
  'evit, not fused': tokenSelectorChecks(evit, {
    options: { keepRatio: 0.5, blocks: [0], fuse: false },
    keepsAll: { counts: [4, 4] },
    skip,
  }),
  power: tokenSelectorChecks(power, { options: { counts: [3, 2] }, keepsAll: keepAll, skip }),
  'fixed tokens': tokenSelectorChecks(fixedTokens, {
    options: {
      kept: [
        [0, 2, 3],
        [0, 3],
      ],
    },
    keepsAll: { kept: [] },
    models: ['lvvit'],
    skip,
  }),
  tome: tokenSelectorChecks(tome, { options: { r: 1 }, keepsAll: { r: 0 }, skip: merged }),
  'tome, by block, not proportional': tokenSelectorChecks(tome, {
    options: { r: [2, 1], proportional: false },
    keepsAll: { r: [] },
    models: ['lvvit'],
    skip: merged,
  }),
  'gumbel-masks': pluginChecks(gumbelMasks, {
    options: { dims: ['io', 'hidden', 'context'], entropy: 0.1, cost: 'model' },
    models: ['vit'],
    skip,
  }),
  'gumbel-masks, straight-through': pluginChecks(gumbelMasks, {
    options: { straightThrough: true },
    models: ['vit'],
    skip: rounded,
  }),
  'slim-gates': pluginChecks(slimGates, { options: { l1: { qk: 1e-2 } }, models: ['vit'], skip }),
  'kcr-nystrom, projection': pluginChecks(kcrNystrom, {
    options: { ...nystrom, warmup: 0.5 },
    zero: { ...nystrom, eta: 0 },
    models: ['vit'],
    skip,
  }),
  'kcr-nystrom, landmarks': pluginChecks(kcrNystrom, {
    options: { ...nystrom, estimator: 'landmarks' },
    models: ['vit'],
    skip,
  }),
  'kcr-nystrom, balanced': pluginChecks(kcrNystrom, {
    options: { ...nystrom, eta: { balance: 0.1 }, rank: 'kc', warmup: 0.5 },
    asLoss: { ...nystrom, rank: 'kc', warmup: 0.5 },
    models: ['vit'],
    skip,
  }),
  'kcr-nystrom, reconstruction': pluginChecks(kcrNystrom, {
    options: { ...nystrom, form: 'reconstruction', sampling: 'kmeans++' },
    models: ['vit'],
    skip,
  }),
  'kcr-nystrom, linear': pluginChecks(kcrNystrom, {
    options: { ...nystrom, form: 'linear', sampling: 'leverage', warmup: 0 },
    models: ['vit'],
    skip,
  }),
  'ib-bound': pluginChecks(ibBound, {
    options: { eta: 1, warmup: 0 },
    zero: { eta: 0 },
    models: ['vit'],
    skip,
  }),
  'ib-bound, other clusters and a part of the images': pluginChecks(ibBound, {
    options: { eta: 1, warmup: 0.5, normalize: false, clusters: 3, inputClusters: 5, samples: 16 },
    models: ['vit'],
    skip,
  }),
  'distillation, a teacher': pluginChecks(distillation, {
    options: (model) => ({ teacher: teacher(model), temperature: 2 }),
    zero: (model) => ({ teacher: teacher(model), weight: 0 }),
    models: ['vit'],
    skip,
  }),
  'distillation, stored logits': pluginChecks(distillation, {
    options: { teacher: { logits: noise([24, 4], 9) }, kind: 'hard', weight: 0.5 },
    models: ['vit'],
    skip,
  }),
  'magnitude, L1': criterionChecks(magnitude, { options: { norm: 1 }, models: next(), skip }),
  'magnitude, L2': criterionChecks(magnitude, { options: {}, models: families, skip }),
  random: criterionChecks(random, { options: {}, models: next(), skip }),
  'taylor, square of sum': criterionChecks(taylor, { options: {}, models: families, skip }),
  'taylor, sum of squares': criterionChecks(taylor, {
    options: { form: 'sumOfSquares' },
    models: next(),
    skip,
  }),
  'ntk-sap': criterionChecks(ntkSap, { options: {}, models: next(), skip }),
  'ntk-sap, initial weights': criterionChecks(ntkSap, {
    options: { weights: 'initial' },
    models: next(),
    skip,
  }),
  s2vite: criterionChecks(s2vite, { options: {}, models: families, skip }),
  slim: criterionChecks(slim, { options: { epochs: 1 }, models: next(), skip }),
  lfs: criterionChecks(lfs, { options: { sigma: 0.5 }, models: families, skip }),
  'lfs, losses in turns': criterionChecks(lfs, {
    options: { sigma: 0.5, takeTurns: true },
    models: next(),
    skip,
  }),
  "lfs, the code's form": criterionChecks(lfs, {
    options: { sigma: 0.5, form: 'code' },
    models: next(),
    skip,
  }),
  uniform: allocatorChecks(uniform, { options: { keepRatio: 0.6 }, models: families, skip }),
  'global threshold': allocatorChecks(globalThreshold, {
    options: { keepRatio: 0.6 },
    models: families,
    skip,
  }),
  'budget of MACs': allocatorChecks(budget, { options: { share: 0.9 }, models: families, skip }),
  'budget of parameters': allocatorChecks(budget, {
    options: { share: 0.9, cost: 'params' },
    models: next(),
    skip,
  }),
  'allowed drop': allocatorChecks(allowedDrop, {
    options: { points: 20 },
    models: ['vit', 'swin'],
    skip: { ...skip, progress: 'a drop of accuracy is not a drop of MACs' },
  }),
};

for (const [name, suite] of Object.entries(suites)) registerChecks(test, { ...suite, name });
