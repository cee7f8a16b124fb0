import type { CompiledStep, Preprocessing } from '@kcr/core';
import { int32 } from '@kcr/core/ground';
import { modelInput, normalised, type Pixels } from '@kcr/data';
import { toMap } from '@kcr/explain';
import type { PageContent, PageMap } from '../content.ts';
import { decode } from './decode.ts';
import { heated } from './heat.ts';
import { measure } from './measure.ts';
import type { Device, Finding, Opened, Picture, Requests, Timings } from './messages.ts';
import { agreementOf, type Prediction, predictImage, sharesOf } from './predict.ts';
import { hasWebGpu, loadRuntime, type Runtime } from './runtime.ts';

/** A model that is open; its file of Grad-CAM is opened when it is first asked for. */
interface OpenModel {
  readonly name: string;
  readonly step: CompiledStep;
  readonly input: Preprocessing;
  readonly map?: PageMap;
  explain?: CompiledStep;
}

const toPicture = ({ data, shape }: Pixels): Picture => {
  const [height, width, channels] = shape;
  const rgba = new Uint8ClampedArray(height * width * 4);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let c = 0; c < 3; c++)
      rgba[4 * pixel + c] = data[channels * pixel + (channels === 1 ? 0 : c)]!;
    rgba[4 * pixel + 3] = 255;
  }
  return { data: rgba, height, width };
};

/** Opens a page's models and shows them images. */
export class Viewer implements Requests {
  #content: PageContent | undefined;
  #runtime: Runtime | undefined;
  #models: OpenModel[] = [];
  #pixels: Pixels | undefined;
  #predictions: Prediction[] = [];

  /**
   * @param base URL of the page's folder
   * @param tell hears what goes on
   */
  constructor(
    private readonly base: string,
    private readonly tell: (progress: string) => void,
  ) {}

  async open(content: PageContent, device: Device): Promise<Opened> {
    for (const { step, explain } of this.#models) {
      await step.dispose();
      await explain?.dispose();
    }
    this.#models = [];
    this.#content = content;
    this.tell('Loading ONNX Runtime …');
    this.#runtime = await loadRuntime(this.base, device);
    for (const { name, file, input, map } of content.models) {
      this.tell(`Loading ${name} …`);
      this.#models.push({ name, input, map, step: await this.#runtime.open(file) });
    }
    return { device, threads: this.#runtime.threads, webgpu: await hasWebGpu() };
  }

  async look(image: Blob): Promise<Finding[]> {
    const { task, classes } = this.#content!;
    this.#predictions = [];
    for (const model of this.#models) {
      this.tell(`${model.name} …`);
      this.#pixels = await decode(image, model.input);
      this.#predictions.push(await predictImage(task, model, this.#pixels, classes.length));
    }
    const [first] = this.#predictions;
    return this.#predictions.map(({ shown, top, objects, map }) => ({
      picture: toPicture(shown),
      top,
      objects: objects?.map(({ label, score, box }) => ({ label, score, box })),
      ...(map && { shares: sharesOf(map), agreement: agreementOf(first!.map!, map) }),
    }));
  }

  async explain(labels: readonly number[]): Promise<(Picture | undefined)[]> {
    const pictures: (Picture | undefined)[] = [];
    for (const [i, model] of this.#models.entries())
      pictures.push(await this.#map(model, i, labels));
    return pictures;
  }

  async #map(model: OpenModel, i: number, labels: readonly number[]) {
    if (!model.map) return undefined;
    const { file, layout } = model.map;
    if (!model.explain) this.tell(`Loading where ${model.name} looks …`);
    model.explain ??= await this.#runtime!.open(file);
    const { shown } = this.#predictions[i]!;
    const { cam } = await model.explain({
      image: normalised([shown], model.input),
      label: int32([1], [labels[i]!]),
    });
    return toPicture(
      heated(
        shown,
        toMap(layout, (token) => cam!.data[token]!),
        layout,
      ),
    );
  }

  async measure(): Promise<Timings> {
    this.tell('Measuring …');
    const pixels = this.#pixels!;
    const start = performance.now();
    const images = this.#models.map(({ input }) => normalised([modelInput(pixels, input)], input));
    const prepareMs = (performance.now() - start) / images.length;
    const calls = this.#models.map(
      ({ step }, i) =>
        () =>
          step({ image: images[i]! }),
    );
    return { ...(await measure(calls)), prepareMs };
  }
}
