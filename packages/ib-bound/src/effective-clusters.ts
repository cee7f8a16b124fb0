/** The number of equally large clusters that would be as evenly used, e^H of their shares: 1 to all. */
export function effectiveClusters(sizes: Float64Array): number {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const entropy = sizes.reduce((sum, size) => {
    const share = size / total;
    return share > 0 ? sum - share * Math.log(share) : sum;
  }, 0);
  return Math.exp(entropy);
}
