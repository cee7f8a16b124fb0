declare module 'jstat' {
  const jstat: {
    studentt: {
      inv(p: number, degrees: number): number;
      cdf(t: number, degrees: number): number;
    };
    spearmancoeff(first: readonly number[], second: readonly number[]): number;
    binomial: { cdf(k: number, n: number, p: number): number };
  };
  export default jstat;
}
