/** Colours, type and tables of all pages, as CSS: light and dark as the reader's device is; texts have a contrast of 4.5:1 and more. */
export const THEME = `:root { color-scheme: light dark; --ink: #1b2733; --muted: #55677a; --rule: #d9e0e8; --paper: #ffffff; --page: #f6f8fa; --mark: #24476b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --muted: #a9b6c3; --rule: #37424d; --paper: #1a222b; --page: #10161c; --mark: #8ab4e8; }
}
body { font: 16px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 1200px; padding: 0 1rem; color: var(--ink); background: var(--page); }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
dt { color: var(--muted); font-size: .85rem; }
dd { margin: 0; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; }
caption { text-align: left; color: var(--muted); padding-bottom: .3rem; }
th, td { padding: .35rem .9rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; font-variant-numeric: tabular-nums; }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--page); }
small { color: var(--muted); }
summary { cursor: pointer; margin: 1rem 0; }
`;
