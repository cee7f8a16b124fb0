/** A temperature that falls by a factor each epoch, down to a floor. */
export interface TemperatureOptions {
  /** Default 4.5 (KCR, DCS). */
  start?: number;
  /** Factor per epoch. Default 0.95. */
  decay?: number;
  /** Lowest value; gradients of a mask grow with 1 / temperature. Default 0.05. */
  floor?: number;
}

/** The temperature of an epoch, from 0. */
export function temperature(epoch: number, options: TemperatureOptions = {}): number {
  const { start = 4.5, decay = 0.95, floor = 0.05 } = options;
  return Math.max(start * decay ** epoch, floor);
}
