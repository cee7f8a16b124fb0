/** A value as an error shows it: as JSON, at most a line of it; NaN and the infinities by name. */
export const valueText = (value: unknown): string =>
  typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing').slice(0, 100);

/** Whether a value may be an id. COCO's own are whole numbers; names of files are met too. */
export const isId = (value: unknown): boolean =>
  Number.isFinite(value) || typeof value === 'string';
