import type { Segmentation } from './segmentation.ts';

/** [x, y, width, height] in pixels. */
export type CocoBox = readonly [number, number, number, number];

/** Of an image or a category: a number in COCO's own files; some have names. */
export type CocoId = number | string;

/** What COCO files say of an image. */
export interface CocoImage {
  readonly id: CocoId;
  readonly height: number;
  readonly width: number;
  readonly file_name?: string;
}

/** An object of the ground truth. */
export interface CocoAnnotation {
  readonly id: CocoId;
  readonly image_id: CocoId;
  readonly category_id: CocoId;
  /** Where masks are compared it may be absent. */
  readonly bbox?: CocoBox;
  /** Of the mask, in pixels: it says whether the object is small, medium or large. */
  readonly area: number;
  /** 1 for a region of many objects, which detections may overlap without harm. */
  readonly iscrowd?: number | boolean;
  readonly segmentation?: Segmentation;
}

export interface CocoCategory {
  readonly id: CocoId;
  readonly name: string;
}

/** A COCO file of instances. */
export interface CocoGroundTruth {
  readonly images: readonly CocoImage[];
  readonly annotations: readonly CocoAnnotation[];
  readonly categories: readonly CocoCategory[];
}

/** A detection, as in COCO's result files. */
export interface CocoDetection {
  readonly image_id: CocoId;
  readonly category_id: CocoId;
  readonly score: number;
  readonly bbox?: CocoBox;
  readonly segmentation?: Segmentation;
}
