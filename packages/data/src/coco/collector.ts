import { KcrError } from '@kcr/core';
import { type InvalidPolicy, Refusals } from '../invalid.ts';
import type { CocoDetection, CocoGroundTruth, CocoImage } from './format.ts';
import type { CocoObject } from './objects.ts';

/** Collects objects, and what is wrong with some. */
export class Collector {
  readonly objects: CocoObject[] = [];
  readonly positions: number[] = [];
  readonly #refusals: Refusals;
  readonly #images: ReadonlyMap<number, CocoImage>;
  readonly #categories: ReadonlySet<number>;

  constructor(truth: CocoGroundTruth, policy: InvalidPolicy) {
    this.#refusals = new Refusals(policy);
    this.#images = new Map(truth.images.map((image) => [image.id, image]));
    this.#categories = new Set(truth.categories.map(({ id }) => id));
  }

  /** Adds what `make` gives, unless the image or the category is unknown or it throws. */
  add(
    position: number,
    where: string,
    { image_id, category_id }: Pick<CocoDetection, 'image_id' | 'category_id'>,
    make: (image: CocoImage) => CocoObject,
  ): void {
    const image = this.#images.get(image_id);
    if (!image) {
      this.#refusals.refuse('COCO_IMAGE', where, `image ${image_id}, which is not listed`);
      return;
    }
    if (!this.#categories.has(category_id)) {
      this.#refusals.refuse('COCO_CATEGORY', where, `category ${category_id}, which is not listed`);
      return;
    }
    try {
      this.objects.push(make(image));
      this.positions.push(position);
    } catch (error) {
      if (!(error instanceof KcrError) || this.#refusals.policy === 'error') throw error;
      this.#refusals.count(error.code);
    }
  }

  get skipped(): Readonly<Record<string, number>> {
    return this.#refusals.skipped;
  }
}
