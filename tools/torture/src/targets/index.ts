import type { Target } from '../target.ts';
import { checkpoints } from './checkpoints.ts';
import { coco } from './coco.ts';
import { images } from './images.ts';
import { pruned } from './pruned.ts';
import { recipe } from './recipes.ts';
import { report } from './report.ts';
import { safetensors } from './safetensors.ts';
import { sealed } from './sealed.ts';
import { tables } from './tables.ts';

/** All readers that are given damaged files. */
export const targets: readonly Target[] = [
  safetensors,
  ...checkpoints,
  ...sealed,
  pruned,
  recipe,
  ...coco,
  ...tables,
  ...images,
  report,
];
