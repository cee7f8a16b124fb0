/** Images that clusters are made from where a choice is given: 50 per cluster or 10,000, whichever is more. */
export const sampleSize = (images: number, ...clusters: number[]): number =>
  Math.min(images, Math.max(50 * Math.max(...clusters), 10_000));
