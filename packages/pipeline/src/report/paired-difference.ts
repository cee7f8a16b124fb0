/** How two models did on the same images. */
export interface Paired {
  readonly images: number;
  /** Images that this model alone gets right. */
  readonly gained: number;
  /** Images that the other alone gets right. */
  readonly lost: number;
}

/** A difference of shares of images that are right, with its 95 % interval. */
export interface Difference {
  readonly share: number;
  readonly low: number;
  readonly high: number;
  /** The smallest difference that four of five test sets like this one would have shown. */
  readonly seen: number;
}

/** Quantiles of the normal distribution, at 0.975 and at 0.8. */
const [Z_95, Z_80] = [1.959964, 0.841621];

/**
 * The difference of two accuracies on the same images. The interval is Wald's with half an image added to each of the four cells
 * (Agresti & Min 2005), which holds its 95 % also where few images differ.
 */
export function pairedDifference({ images, gained, lost }: Paired): Difference {
  const share = (gained - lost) / Math.max(images, 1);
  const n = images + 2;
  const [up, down] = [gained + 0.5, lost + 0.5];
  const centre = (up - down) / n;
  const deviation = Math.sqrt(up + down - (up - down) ** 2 / n) / n;
  const [low, high] = [-1, 1].map((side) => centre + side * Z_95 * deviation);
  return {
    share,
    low: Math.max(low!, -1),
    high: Math.min(high!, 1),
    seen: (Z_95 + Z_80) * deviation,
  };
}

/** Counts the images on which one of two models alone is right. */
export function paired(own: readonly boolean[], other: readonly boolean[]): Paired {
  let [gained, lost] = [0, 0];
  own.forEach((right, i) => {
    if (right && !other[i]) gained++;
    if (!right && other[i]) lost++;
  });
  return { images: own.length, gained, lost };
}
