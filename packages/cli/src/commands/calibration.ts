import type { LoadedModel } from '@kcr/core';
import type { Calibration, PrecisionOptions } from '@kcr/onnx';
import { calibrationImages, type EvaluationData, type OnEvent } from '@kcr/pipeline';
import { imagesOf } from '../options.ts';

/** Images to find ranges with, and how. */
export interface CalibrationChoice extends Omit<EvaluationData, 'data'> {
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
  const request = { ...imagesOf(reading), data: calibrate };
  return { images: await calibrationImages(loaded, request, { count, on }), method };
}
