import {
  type ClassPrediction,
  classification,
  type Dataset,
  type Engine,
  encodeSafetensors,
  extractLogits,
  type LoadedModel,
  type Model,
  type NdArray,
  topClasses,
} from '@kcr/core';
import { areNumbered, checkDataset, knownClasses } from '@kcr/core/internal';
import { imageDataset, labelledImages, modelInput, normalised } from '@kcr/data';
import { gradCam, keptTokens, tapsOf } from '@kcr/explain';
import { drawPlain } from '../report/draw.ts';
import { strip, TILE } from '../report/heat.ts';
import { dimmed, toHeats, toPictures } from '../report/pictures.ts';
import { reportSkipped } from '../report-skipped.ts';
import { attentionCharts, attentionRows } from './attention-look.ts';
import { refuseOthers } from './refuse-options.ts';
import { defineTaskKit, type PictureRow, type TaskKit } from './task-kit.ts';

/** Images that a report shows, each of another class. */
const SHOWN = 6;

/** Test images for the report: the first of each of some classes. */
function shownImages({ labels, classes }: Dataset): Int32Array {
  const count = Math.min(SHOWN, classes.length);
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * classes.length) / count));
  return Int32Array.from(chosen, (label) => labels.indexOf(label)).filter((i) => i >= 0);
}

const picturesOf = (image: NdArray, { input }: Dataset) =>
  toPictures(image, input ?? { mean: [0], std: [1] });

/**
 * Where tokens are taken out, those that are left; Grad-CAM for the images' own classes; and attention: each for models that
 * have such a layer.
 */
async function lookRows(model: Model, test: Dataset, engine: Engine, name: string) {
  const shown = shownImages(test);
  const { image } = await test.batch(shown);
  const pictures = picturesOf(image, test);
  const classes = shown.map((i) => test.labels[i]!);
  const rows: PictureRow[] = [];
  const kept = await keptTokens(engine, model, image);
  if (kept)
    rows.push({
      title: `tokens that are left: ${name}`,
      name: 'tokens',
      png: await strip(dimmed(pictures, kept)),
    });
  if (tapsOf(model, 'in').length > 0) {
    const cams = await gradCam(engine, model, image, { classes });
    const png = await strip(pictures, toHeats(cams));
    rows.push({ title: `Grad-CAM: ${name}`, name: 'grad-cam', png });
  }
  return [...rows, ...(await attentionRows(model, { image, pictures }, engine, name))];
}

/** What is said where a model does not name its classes. */
const takenInOrder = (data: string, classes: readonly string[]) =>
  ({
    type: 'warning',
    message: `${data}: the model does not name its classes, so they are the data's in their order: 0 is ${classes[0]}, ${classes.length - 1} is ${classes.at(-1)}`,
  }) as const;

/** A class for each image. */
export const classificationKit: TaskKit<Dataset, ClassPrediction> = defineTaskKit({
  task: classification.name,
  contract: 1,
  kinds: ['classes'],

  async evaluationData({ model, info }: LoadedModel, request, on) {
    refuseOthers(classification.name, request, ['cropRatio']);
    const { mean, std, crop_pct, crop_mode, interpolation, resize } = info.input;
    const { data, cacheBytes, invalid, cropRatio = crop_pct } = request;
    const [height, width, channels] = model.inputShape;
    const classes = knownClasses(info.classes);
    const source = await labelledImages(data, {
      size: [height, width],
      channels: channels as 1 | 3,
      classes,
      cropRatio,
      cropMode: crop_mode,
      resize,
      interpolation,
      mean,
      cacheBytes,
      invalid,
    });
    reportSkipped(on, data, source);
    if (typeof classes === 'number' && !areNumbered(source.classes))
      on(takenInOrder(data, source.classes));
    const dataset = imageDataset(source, { normalization: { mean, std } });
    checkDataset(model, dataset, data);
    return dataset;
  },

  artifacts: {
    logits: {
      async content(inference, data, batchSize) {
        const logits = await extractLogits(inference, data, batchSize);
        const metadata = { classes: JSON.stringify(data.classes) };
        return encodeSafetensors({ tensors: { logits }, metadata });
      },
    },
  },

  async predict({ step, info: { input } }, { pixels }) {
    const { logits } = await step({ image: normalised([modelInput(pixels, input)], input) });
    return topClasses(logits!.data);
  },
  describe: (prediction, _image, _id, classes) => ({
    top: prediction.map(({ label, probability }) => ({ class: classes[label], probability })),
  }),
  draw: (image, _prediction, _classes, options) => drawPlain(image, options),
  legend: () => [],
  files: () => ({}),

  gallery: {
    tile: TILE,
    captions: (test) => Array.from(shownImages(test), (i) => test.classes[test.labels[i]!]!),
    legend: () => [],
    async rows(test) {
      const { image } = await test.batch(shownImages(test));
      return [{ title: 'image', name: 'images', png: await strip(picturesOf(image, test)) }];
    },
    look: async ({ model }, test, engine, name) => ({
      rows: await lookRows(model, test, engine, name),
      charts: await attentionCharts(model, test, engine, name),
    }),
  },
});
