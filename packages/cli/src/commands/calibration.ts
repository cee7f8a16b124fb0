import type { LoadedModel } from '@kcr/core';
import { CALIBRATIONS, type Calibration, type PrecisionOptions } from '@kcr/onnx';
import { calibrationImages, type EvaluationData, type OnEvent } from '@kcr/pipeline';
import { Option } from 'commander';
import { imagesOf } from '../options.ts';

/** Images to find ranges with, and how. */
export interface CalibrationChoice extends Omit<EvaluationData, 'data'> {
  calibrate?: string;
  calibration: Calibration;
  /** How many. Default: those of `calibrationImages`. */
  images?: number;
}

/** The option that says how ranges are chosen. */
export const calibrationOption = (): Option =>
  new Option('--calibration <how>', 'how ranges are chosen')
    .choices(CALIBRATIONS)
    .default('percentile');

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
