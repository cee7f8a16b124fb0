import { KcrError } from '@kcr/core';
import type { CocoGroundTruth } from './format.ts';

/** Checks that something is a COCO ground truth. @throws KcrError `COCO_FORMAT` */
export function checkGroundTruth(file: unknown, where: string): asserts file is CocoGroundTruth {
  const missing = ['images', 'annotations', 'categories'].filter(
    (key) => !Array.isArray((file as Record<string, unknown> | null)?.[key]),
  );
  if (missing.length > 0)
    throw new KcrError('COCO_FORMAT', {
      where,
      found: `no list \`${missing.join('`, `')}\``,
      fix: 'Pass a file of instances: images, annotations, categories',
    });
}
