import type { Area } from '../row.ts';
import { checkpoints } from './checkpoints.ts';
import { coco } from './coco.ts';
import { folders } from './folders.ts';
import { images } from './images.ts';
import { labels } from './labels.ts';
import { objects } from './objects.ts';
import { options } from './options.ts';
import { runs } from './runs.ts';
import { timm } from './timm.ts';
import { weights } from './weights.ts';

/** All tables. */
export const areas: readonly Area[] = [
  coco,
  objects,
  images,
  folders,
  labels,
  checkpoints,
  weights,
  timm,
  options,
  runs,
];
