/** The loss of a step, and the terms of the task's loss within it by name. */
export interface StepLoss {
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
}

/** The means over the pieces of a batch, which have the same terms. */
export function meanLoss(pieces: readonly StepLoss[]): StepLoss {
  const mean = (of: (piece: StepLoss) => number) =>
    pieces.reduce((sum, piece) => sum + of(piece), 0) / pieces.length;
  const names = Object.keys(pieces[0]!.terms);
  const terms = names.map((name) => [name, mean((piece) => piece.terms[name]!)]);
  return { loss: mean(({ loss }) => loss), terms: Object.fromEntries(terms) };
}
