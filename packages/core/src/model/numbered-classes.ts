/** Names of classes of which nobody knows more than their numbers. */
export const numberedClasses = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => String(i));

/** Whether classes are called by their numbers alone. */
export const areNumbered = (classes: readonly string[]): boolean =>
  classes.every((name, i) => name === String(i));
