import { type ClassMap, type SemanticDataset, semanticDataset, semanticFolder } from '@kcr/data';
import { segmentImage, semanticSegmentation } from '@kcr/detect';
import { encode } from 'fast-png';
import { drawClassMap } from '../report/draw.ts';
import { reportSkipped } from '../report-skipped.ts';
import { framedGallery, GALLERY_TILE } from './framed-gallery.ts';
import { refuseOthers } from './refuse-options.ts';
import { defineTaskKit, type TaskKit } from './task-kit.ts';

/** The classes that a map has, in their order. */
function classesIn({ data }: ClassMap, classes: readonly string[]) {
  const present = new Set(data);
  return classes.map((name, index) => ({ index, name })).filter(({ index }) => present.has(index));
}

/** A class for each pixel, from PNGs of class indices. */
export const semanticSegmentationKit: TaskKit<SemanticDataset, ClassMap> = defineTaskKit({
  task: semanticSegmentation.name,
  contract: 1,
  kinds: ['semantic'],

  async evaluationData({ model, info }, request, on) {
    refuseOthers(semanticSegmentation.name, request, [
      'instanceIds',
      'reduceZeroLabel',
      'scales',
      'flip',
    ]);
    const { data, instanceIds, reduceZeroLabel, scales, flip, invalid } = request;
    const [height, width, channels] = model.inputShape;
    const source = await semanticFolder(data, {
      classes: info.classes,
      instanceIds,
      reduceZeroLabel,
      channels: channels as 1 | 3,
      invalid,
    });
    reportSkipped(on, data, source);
    return semanticDataset(source, {
      normalization: info.input,
      canvas: { height, width },
      testing: { scales, flip },
    });
  },

  artifacts: {},

  predict({ step, info }, { pixels }, options) {
    const [channels, height, width] = info.input.input_size;
    const shape = [height, width, channels] as const;
    return segmentImage(step, pixels, { ...options, normalization: info.input, shape });
  },
  describe(map, { pixels }, _id, classes) {
    const [height, width] = pixels.shape;
    const counts = new Map<number, number>();
    for (const label of map.data) counts.set(label, (counts.get(label) ?? 0) + 1);
    const shares = classesIn(map, classes).map(
      ({ index, name }) => [name, counts.get(index)! / (height * width)] as const,
    );
    return { shares: Object.fromEntries(shares) };
  },
  draw: (image, map, classes, options) => drawClassMap(image, map, classes.length, options),
  legend: classesIn,
  files: (map) => ({ '.labels.png': encode({ ...map, channels: 1, depth: 8 }) }),

  gallery: framedGallery<SemanticDataset, ClassMap>({
    nameOf: ({ source }, i) => source.images[i]!.name,
    truth: ({ source }, i) => source.classMap(i),
    predict: (inference, _loaded, { normalization, shape, testing }, pixels) =>
      segmentImage(inference, pixels, { ...testing, normalization, shape }),
    draw: (image, map, classes) => drawClassMap(image, map, classes.length, { size: GALLERY_TILE }),
  }),
});
