export type { PageContent, PageImage, PageMap, PageModel, ShownTask } from './content.ts';
export { SHOWN_TASKS } from './content.ts';
export { type Colour, colourOf, HEAT, HEAT_OPACITY, hexOf } from './look/colours.ts';
export { escapeMarkup } from './look/escape.ts';
export { THEME } from './look/theme.ts';
export { ownersOf, tinted } from './look/tint.ts';
export { type Page, requirePageFolder, writePage } from './write-page.ts';
