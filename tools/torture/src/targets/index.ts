import type { Reader, Target } from '../target.ts';
import { checkpoints } from './checkpoints.ts';
import { coco } from './coco.ts';
import { crashes } from './crashes.ts';
import { digests } from './digests.ts';
import { folders } from './folders.ts';
import { fullDisks } from './full-disk.ts';
import { images } from './images.ts';
import { pretrained } from './pretrained.ts';
import { pruned } from './pruned.ts';
import { recipe } from './recipes.ts';
import { refused } from './refused.ts';
import { report } from './report.ts';
import { safetensors } from './safetensors.ts';
import { sealed } from './sealed.ts';
import { tables } from './tables.ts';

/** All readers that are given damaged files. */
export const readers: readonly Reader[] = [
  safetensors,
  ...checkpoints,
  ...pretrained,
  ...sealed,
  pruned,
  ...recipe,
  ...coco,
  ...tables,
  ...images,
  report,
  digests,
  folders,
];

/** All that is tried case by case. */
export const targets: readonly Target[] = [...readers, ...crashes, ...refused, ...fullDisks];
