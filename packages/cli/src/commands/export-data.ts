import type { LoadedModel } from '@kcr/core';
import type { Calibration, PrecisionOptions } from '@kcr/onnx';
import { calibrationImages, type EvaluationData, type OnEvent } from '@kcr/pipeline';

/** What says how images are read, without where they are. */
export type ReadingOptions = Omit<EvaluationData, 'data'>;

/** What says how images are read, without the other options of a command. */
export function dataOf({
  annotations,
  instanceIds,
  reduceZeroLabel,
  scales,
  flip,
  cropRatio,
  invalid,
}: ReadingOptions): ReadingOptions {
  return { annotations, instanceIds, reduceZeroLabel, scales, flip, cropRatio, invalid };
}

/** Images to find ranges with. */
export interface CalibrationChoice extends ReadingOptions {
  calibrate?: string;
  calibration: Calibration;
  images: number;
}

/** The images that ranges are found with, where a command was given any. */
export async function calibrationOf(
  loaded: LoadedModel,
  { calibrate, calibration: method, images: count, ...reading }: CalibrationChoice,
  on: OnEvent,
): Promise<PrecisionOptions['calibration']> {
  if (calibrate === undefined) return undefined;
  const request = { ...dataOf(reading), data: calibrate };
  return { images: await calibrationImages(loaded, request, { count, on }), method };
}
