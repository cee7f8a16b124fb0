import type { Augment } from './augment.ts';
import type { PortablePart } from './described.ts';
import { horizontalFlip, transpose, verticalFlip } from './flips.ts';
import { photometricDistortion } from './photometric.ts';
import { randAugment } from './rand-augment.ts';
import { randomCrop } from './random-crop.ts';
import { randomErasing } from './random-erasing.ts';
import { saltAndPepper } from './salt-and-pepper.ts';

/** This package's changes by name, from the options that their descriptions have. */
const own: Readonly<Record<string, (options: never) => Augment>> = {
  horizontalFlip: ({ p }: { p: number }) => horizontalFlip(p),
  verticalFlip: ({ p }: { p: number }) => verticalFlip(p),
  transpose: ({ p }: { p: number }) => transpose(p),
  randomCrop: ({ padding }: { padding: number }) => randomCrop(padding),
  saltAndPepper: ({ density }: { density: number }) => saltAndPepper(density),
  photometricDistortion,
  randAugment,
  randomErasing,
};

/** Makes a change again in another thread. @throws what importing its module throws, and its maker */
export async function portableAugment({ module, name, options }: PortablePart): Promise<Augment> {
  const makers = module === undefined ? own : await import(module);
  return makers[name]!(options as never) as Augment;
}
