import { isRecord } from '@kcr/core/internal';
import { type InvalidPolicy, Refusals } from '../invalid.ts';
import type { CocoGroundTruth, CocoId, CocoImage } from './format.ts';
import { valueText } from './json-value.ts';
import type { CocoObject } from './objects.ts';
import { type Place, placeOf } from './place.ts';

/** Collects objects, and what is wrong with some. */
export class Collector {
  readonly objects: CocoObject[] = [];
  readonly positions: number[] = [];
  readonly #refusals: Refusals;
  readonly #images: ReadonlyMap<CocoId, { image: CocoImage; place: Place }>;
  readonly #categories: ReadonlySet<CocoId>;

  /** @param file of the ground truth, for the errors */
  constructor(truth: CocoGroundTruth, policy: InvalidPolicy, file?: string) {
    this.#refusals = new Refusals(policy);
    // Of images with one id the last counts, as in COCO's API.
    this.#images = new Map(
      truth.images.map((image, i) => [
        image.id,
        { image, place: placeOf('images', i, image.id, file) },
      ]),
    );
    this.#categories = new Set(truth.categories.map(({ id }) => id));
  }

  /** Adds what `make` gives, unless the entry is none, its image or category is unknown, or it throws. */
  add(
    position: number,
    place: Place,
    entry: unknown,
    make: (image: CocoImage, imagePlace: Place) => CocoObject,
  ): void {
    if (!isRecord(entry)) {
      this.#refusals.refuse('COCO_FORMAT', place(), `${valueText(entry)} instead of an object`);
      return;
    }
    const { image_id, category_id } = entry;
    const known = this.#images.get(image_id as CocoId);
    if (!known) {
      const found = `image ${valueText(image_id)}, which is not listed`;
      this.#refusals.refuse('COCO_IMAGE', place('image_id'), found);
      return;
    }
    if (!this.#categories.has(category_id as CocoId)) {
      const found = `category ${valueText(category_id)}, which is not listed`;
      this.#refusals.refuse('COCO_CATEGORY', place('category_id'), found);
      return;
    }
    const accepted = this.#refusals.accepts(() => {
      this.objects.push(make(known.image, known.place));
    });
    if (accepted) this.positions.push(position);
  }

  get skipped(): Readonly<Record<string, number>> {
    return this.#refusals.skipped;
  }
}
