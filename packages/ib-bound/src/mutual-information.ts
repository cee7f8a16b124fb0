/** Mutual information of two variables in nats, from their joint distribution [rows, columns] (sum 1). */
export function mutualInformation(joint: Float64Array, rows: number, columns: number): number {
  const [byRow, byColumn] = [new Float64Array(rows), new Float64Array(columns)];
  joint.forEach((p, at) => {
    byRow[Math.floor(at / columns)]! += p;
    byColumn[at % columns]! += p;
  });
  let sum = 0;
  joint.forEach((p, at) => {
    if (p > 0)
      sum += p * Math.log(p / (byRow[Math.floor(at / columns)]! * byColumn[at % columns]!));
  });
  return sum;
}
