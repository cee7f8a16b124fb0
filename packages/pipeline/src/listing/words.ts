import type { augments, photometricAugments } from '../data/augments.ts';
import type { EngineName } from '../engine.ts';
import type { allocators } from '../pruning/allocators.ts';
import type { schedules } from '../pruning/schedules.ts';
import type { ShippedSweep } from '../shipped-sweeps.ts';

/**
 * What a few words say of names of tables whose entries are made from more than one extension; extensions say it themselves
 * (`about`). One that is left out, or is none, does not compile.
 */
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

export const changeWords: Readonly<
  Record<keyof typeof augments | keyof typeof photometricAugments, string>
> = {
  horizontalFlip: 'left and right changed, of every second image',
  verticalFlip: 'top and bottom changed, of every second image',
  transpose: 'rows and columns changed, of every second square image',
  randomCrop: 'moved by up to 4 pixels',
  randAugment: "changes of colour and shape drawn at random (timm's m9-mstd0.5)",
  randomErasing: 'a rectangle of noise, in every fifth image',
  photometricDistortion: 'brightness, contrast and colour, where no pixel may move',
};

export const sweepWords: Readonly<Record<ShippedSweep, string>> = {
  'kcr-imagenet': "KCR's search for lambda, eta and t_warm, by 5-fold cross-validation",
  'kcr-eurosat': 'the weight and the warm-up of KCR on small images, in minutes',
  'lambda-eurosat': 'how much of a network stays, by the weight of the cost in its search',
  'lfc-imagenet': "VTC-LFC's epsilon, rho and order of the blocks",
  'lfs-eurosat': "sigma and lambda of VTC-LFC's low-frequency sensitivity, in minutes",
};
