import { join } from 'node:path';
import type { CocoAnnotation, CocoGroundTruth } from './coco/format.ts';
import { rleArea, rleBox } from './coco/rle.ts';
import { rlesFromIds } from './coco/rle-mask.ts';
import { encodeRuns } from './coco/rle-text.ts';
import { truthObjects } from './coco/truth-objects.ts';
import { readImage } from './image.ts';
import { type InstanceSource, instanceSource } from './instance-source.ts';
import type { InvalidPolicy } from './invalid.ts';
import { readLabelMap } from './label-map.ts';
import { pairFolders, pairsIdentity } from './paired-folders.ts';

export interface InstanceFolderOptions {
  /** Name of the one class. Default `object`. */
  className?: string;
  /** Folder of the images within the root. Default `images`. */
  images?: string;
  /** Folder of PNGs of the same names. Default `labels`. */
  labels?: string;
  channels?: 1 | 3;
  /** Images without labels, or of another size than theirs. Default `error`. */
  invalid?: InvalidPolicy;
}

/**
 * Images with PNGs that number the objects of one class: 0 is none, each other value one object.
 *
 * @throws KcrError `FOLDER_*`, `LABEL_MAP_*`
 */
export async function instanceFolder(
  root: string,
  options: InstanceFolderOptions = {},
): Promise<InstanceSource> {
  const { className = 'object', images = 'images', labels = 'labels', channels = 3 } = options;
  const folders = [join(root, images), join(root, labels)] as const;
  const { pairs, skipped } = await pairFolders(...folders, options.invalid);
  const annotations: CocoAnnotation[] = [];
  for (const [i, pair] of pairs.entries()) {
    const { data, height, width } = await readLabelMap(pair.labels);
    for (const mask of rlesFromIds(data, height, width).values())
      annotations.push({
        id: annotations.length + 1,
        image_id: i + 1,
        category_id: 1,
        iscrowd: 0,
        bbox: rleBox(mask),
        area: rleArea(mask),
        segmentation: { size: [height, width], counts: encodeRuns(mask.runs) },
      });
  }
  const truth: CocoGroundTruth = {
    images: pairs.map(({ image, height, width }, i) => ({
      id: i + 1,
      height,
      width,
      file_name: image,
    })),
    annotations,
    categories: [{ id: 1, name: className }],
  };
  return instanceSource(truth, truthObjects(truth, 'segm').objects, {
    channels,
    masks: true,
    skipped,
    identity: () => pairsIdentity(...folders, pairs),
    file: ({ file_name }) => ({ path: file_name! }),
    pixels: ({ file_name }) => readImage(file_name!, channels, 'upright'),
  });
}
