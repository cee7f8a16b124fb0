import { KcrError } from '@kcr/core';
import { isRecord } from '@kcr/core/internal';
import type { CocoGroundTruth } from './format.ts';
import { isId, valueText } from './json-value.ts';
import { placeOf } from './place.ts';

/**
 * Checks that something is a COCO ground truth: its three lists, and the ids of images and categories.
 *
 * @throws KcrError `COCO_FORMAT`, `COCO_ID`
 */
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
  const { images, categories } = file as CocoGroundTruth;
  for (const [name, list] of Object.entries({ images, categories }))
    list.forEach((entry: unknown, i) => {
      const place = placeOf(name, i, undefined, where);
      if (!isRecord(entry))
        throw new KcrError('COCO_FORMAT', {
          where: place(),
          found: valueText(entry),
          fix: 'Give an object with an id',
        });
      if (!isId(entry.id))
        throw new KcrError('COCO_ID', {
          where: place('id'),
          found: entry.id === undefined ? 'no id' : valueText(entry.id),
          fix: 'Give a number or a text',
        });
      if (typeof entry.id !== typeof list[0]!.id)
        throw new KcrError('COCO_ID', {
          where: place('id'),
          found: `${valueText(entry.id)} after ${valueText(list[0]!.id)}`,
          fix: 'Give numbers alone, or texts alone',
        });
    });
}
