import type { Progress } from '@kcr/core';
import { invalid } from '@kcr/core/internal';

/** A temperature that falls by a factor each epoch, down to a floor. */
export interface TemperatureOptions {
  /** Default 4.5 (KCR, DCS). */
  start?: number;
  /** Factor per epoch. Default 0.95 (KCR, DCS, for 200 epochs or more). */
  decay?: number;
  /** Instead of `decay`: the temperature of the last epoch, however many there are. */
  end?: number;
  /** Lowest value; gradients of a mask grow with 1 / temperature. Default 0.05. */
  floor?: number;
}

/**
 * The temperature of an epoch.
 *
 * @throws KcrError `OPTION` for `decay` and `end` together, and for numbers that are not above 0
 */
export function temperature(
  { epoch, epochs }: Pick<Progress, 'epoch' | 'epochs'>,
  options: TemperatureOptions = {},
): number {
  const { start = 4.5, decay = 0.95, end, floor = 0.05 } = options;
  for (const [name, value] of Object.entries({ start, decay, end, floor }))
    if (value !== undefined && !(value > 0 && Number.isFinite(value)))
      throw invalid(`temperature.${name}`, value, 'Give a number above 0');
  if (end !== undefined && options.decay !== undefined)
    throw invalid('temperature', 'both `decay` and `end`', 'Give one of them');
  const factor = end === undefined ? decay : (end / start) ** (1 / Math.max(epochs - 1, 1));
  return Math.max(start * factor ** epoch, floor);
}
