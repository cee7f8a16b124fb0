import type { EngineName } from '../engine.ts';
import type { allocators } from '../pruning/allocators.ts';
import type { schedules } from '../pruning/schedules.ts';
import type { ShippedSweep } from '../shipped-sweeps.ts';
import type { ExtensionList } from './extension-kinds.ts';

/** What a few words say of each name of a table: one that is left out, or is none, does not compile. */
export const allocatorWords: Readonly<Record<keyof typeof allocators, string>> = {
  uniform: 'the same share of the channels of each dimension',
  global: 'the best channels of the whole model, by one threshold',
  macs: 'a share of the multiply-accumulates, met block by block',
  params: 'a share of the parameters, met block by block',
  latency: 'a share of the milliseconds on this machine or another',
  drop: 'as few channels as the accuracy allows, in points',
};

export const scheduleWords: Readonly<Record<keyof typeof schedules, string>> = {
  'one-shot': 'all at once',
  iterative: 'in rounds of equal size, scored anew',
  geometric: 'in rounds that each leave the same share',
  blockwise: 'block by block, from the first on',
  'blockwise-top-down': 'block by block, from the last on',
};

export const engineWords: Readonly<Record<EngineName, string>> = {
  onnx: 'ONNX Runtime: a step is compiled once; on cpu, webgpu or cuda',
  eager: 'TensorFlow.js: a step as it is written, slow and easy to follow',
};

export const headWords: Readonly<Record<string, string>> = {
  upernet: 'semantic segmentation (UPerNet)',
  mask_rcnn: 'boxes and masks of objects (Mask R-CNN)',
  cascade_mask_rcnn: 'the same in three stages (Cascade Mask R-CNN)',
  ssdlite: 'boxes of objects in one stage (SSDLite)',
};

export const sweepWords: Readonly<Record<ShippedSweep, string>> = {
  'kcr-imagenet': "KCR's search for lambda, eta and t_warm, by 5-fold cross-validation",
  'kcr-eurosat': 'the weight and the warm-up of KCR on small images, in minutes',
};

/** What comes along and is named as `MODULE#EXPORT`: which kind it is of, and what it is in a few words. */
export const partWords: Readonly<Record<string, readonly [kind: ExtensionList, words: string]>> = {
  '@kcr/lfc#lfs': ['criteria', 'low-frequency sensitivity (VTC-LFC)'],
  '@kcr/criteria#magnitude': ['criteria', 'the norms of weights'],
  '@kcr/criteria#ntkSap': ['criteria', 'how much outputs change, without labels (NTK-SAP)'],
  '@kcr/criteria#random': ['criteria', 'drawn from the seed: what others are measured against'],
  '@kcr/criteria#s2vite': ['criteria', 'Taylor scores of the attention and the MLP (S2ViTE)'],
  '@kcr/criteria#slim': ['criteria', 'gates that are trained beside the weights (ViT-Slim)'],
  '@kcr/criteria#taylor': ['criteria', 'what the loss would change by, of first order'],
  '@kcr/nystrom#kcrNystrom': ['plugins', 'keeps the kernel complexity low (KCR)'],
  '@kcr/ib-bound#ibBound': ['plugins', 'bounds the information bottleneck (DCS)'],
  '@kcr/masks#gumbelMasks': ['plugins', 'searches channels with masks that are trained'],
  '@kcr/masks#qkOpenShares': ['plugins', 'how open the q-k masks are, epoch by epoch'],
  '@kcr/criteria#slimGates': ['plugins', 'trains the gates that ViT-Slim scores by'],
  '@kcr/distill#distillation': ['plugins', 'learns from a teacher, by soft or hard labels'],
  '@kcr/masks#qkMask': ['adapters', 'a mask of q and k that is computed from the tokens (DCS)'],
  '@kcr/criteria#tome': ['adapters', 'merges tokens that are alike (ToMe)'],
  '@kcr/lfc#lfe': ['selectors', 'tokens of much low-frequency energy (VTC-LFC)'],
  '@kcr/criteria#evit': ['selectors', 'tokens that the class token attends to (EViT)'],
  '@kcr/criteria#power': ['selectors', 'tokens that others attend to (PoWER-BERT)'],
  '@kcr/criteria#fixedTokens': ['selectors', 'the same tokens of all images (patch slimming)'],
  '@kcr/nystrom#complexityAnalysis': ['analyses', 'kernel complexity and truncated nuclear norm'],
  '@kcr/ib-bound#bottleneckAnalysis': ['analyses', 'mutual information with inputs and labels'],
  '@kcr/masks#qkMaskAnalysis': ['analyses', 'what the q-k masks shut'],
};
