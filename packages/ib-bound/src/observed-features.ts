import { float32, int32, type NdArray, type PluginRun, type RefreshContext } from '@kcr/core';
import { type Features, rows, toFeatures } from '@kcr/features';

/** The features that training steps gave of the sampled images, since they were last taken. */
export class ObservedFeatures {
  readonly #rowOf: Map<number, number>;
  readonly #values: NdArray;
  /** 1 for an image that was seen. */
  readonly #seen: NdArray;
  readonly #d: number;

  /** @param images indices of the sampled images in the training set */
  constructor(
    { hostBuffer, model }: Pick<PluginRun, 'hostBuffer' | 'model'>,
    private readonly images: Int32Array,
  ) {
    const { length } = images;
    this.#rowOf = new Map(Array.from(images, (image, row) => [image, row]));
    this.#d = model.featureSize;
    this.#values = hostBuffer('observed', float32([length, this.#d]));
    this.#seen = hostBuffer('seen', int32([length], new Int32Array(length)));
  }

  /**
   * Keeps those of sampled images; of an image that comes again the last ones.
   *
   * @param indices of a batch's images in the training set
   * @param features [batch, d]
   */
  add(indices: Int32Array, features: ArrayLike<number>): void {
    const [{ data: values }, { data: seen }] = [this.#values, this.#seen];
    indices.forEach((image, i) => {
      const row = this.#rowOf.get(image);
      if (row === undefined) return;
      seen[row] = 1;
      for (let j = 0; j < this.#d; j++) values[row * this.#d + j] = features[i * this.#d + j]!;
    });
  }

  /** Those of the images that were seen; before the first step those of all, by a pass over them. */
  async take(
    context: Pick<RefreshContext, 'features'>,
  ): Promise<{ indices: Int32Array; features: Features }> {
    const { data } = this.#seen;
    const seen = Int32Array.from(data.keys()).filter((row) => data[row] === 1);
    if (seen.length === 0)
      return {
        indices: this.images,
        features: toFeatures(await context.features(this.images)),
      };
    const indices = seen.map((row) => this.images[row]!);
    const features = rows(toFeatures(this.#values), seen);
    data.fill(0);
    return { indices, features };
  }
}
