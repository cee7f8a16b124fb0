/**
 * Images that clusters are made from where a choice is given: 40 per cluster or 10,000, whichever is more. Faiss warns below 39.
 */
export const sampleSize = (images: number, ...clusters: number[]): number =>
  Math.min(images, Math.max(40 * Math.max(...clusters), 10_000));
