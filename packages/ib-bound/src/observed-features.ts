import type { RefreshContext } from '@kcr/core';
import { type Features, rows, toFeatures } from '@kcr/features';

/** The features that training steps gave of the sampled images, since they were last taken. */
export class ObservedFeatures {
  readonly #rowOf: Map<number, number>;
  readonly #values: Float32Array;
  readonly #seen: Uint8Array;

  /**
   * @param images indices of the sampled images in the training set
   * @param d features of an image
   */
  constructor(
    private readonly images: Int32Array,
    private readonly d: number,
  ) {
    this.#rowOf = new Map(Array.from(images, (image, row) => [image, row]));
    this.#values = new Float32Array(images.length * d);
    this.#seen = new Uint8Array(images.length);
  }

  /**
   * Keeps those of sampled images; of an image that comes again the last ones.
   *
   * @param indices of a batch's images in the training set
   * @param features [batch, d]
   */
  add(indices: Int32Array, features: ArrayLike<number>): void {
    indices.forEach((image, i) => {
      const row = this.#rowOf.get(image);
      if (row === undefined) return;
      this.#seen[row] = 1;
      for (let j = 0; j < this.d; j++) this.#values[row * this.d + j] = features[i * this.d + j]!;
    });
  }

  /** Those of the images that were seen; before the first step those of all, by a pass over them. */
  async take(
    context: Pick<RefreshContext, 'features'>,
  ): Promise<{ indices: Int32Array; features: Features }> {
    const all = { n: this.images.length, d: this.d, data: this.#values };
    const seen = Int32Array.from(this.#seen.keys()).filter((row) => this.#seen[row] === 1);
    if (seen.length === 0)
      return {
        indices: this.images,
        features: toFeatures(await context.features(this.images)),
      };
    const taken = { indices: seen.map((row) => this.images[row]!), features: rows(all, seen) };
    this.#seen.fill(0);
    return taken;
  }
}
