/*
 * How names of a step's inputs and outputs begin, by what they are.
 */

/** What the step was called with. */
export const INPUT = 'in:';

/** An array of the state. */
export const STATE = 'state:';

/** What the step brings along. */
export const SUPPLY = 'supply:';

/** What the step gives back. */
export const OUTPUT = 'out:';

/** The next value of an array of the state. */
export const UPDATE = 'new:';

/** What chains alone read, see `update-chains.ts`. */
export const CUT = 'cut:';

/** What later segments alone read, see `segments.ts`. */
export const PASS = 'pass:';

export const isCut = (port: string): boolean => port.startsWith(CUT);

export const isPass = (port: string): boolean => port.startsWith(PASS);

export const isOfState = (port: string): boolean =>
  port.startsWith(STATE) || port.startsWith(UPDATE);
