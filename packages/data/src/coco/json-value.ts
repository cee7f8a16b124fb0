/** A value as an error shows it: as JSON, at most a line of it; NaN and the infinities by name. */
export const shown = (value: unknown): string =>
  typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing').slice(0, 100);

/** Whether a value is an object with fields, as the entries of COCO's lists are. */
export const isEntry = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value may be an id. COCO's own are whole numbers; names of files are met too. */
export const isId = (value: unknown): boolean =>
  Number.isFinite(value) || typeof value === 'string';
