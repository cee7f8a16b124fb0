import { THEME } from './look/theme.ts';

/** The page's own style, over that of all pages. */
export const STYLE = `${THEME}
* { box-sizing: border-box; }
h1 { margin-bottom: .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 0 0 .5rem; }
.lead { margin: 0 0 1rem; color: var(--muted); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[hidden] { display: none !important; }
.notice { background: var(--paper); border: 1px solid var(--rule); border-left: 4px solid #c2620e; border-radius: 6px; padding: .8rem 1rem; }
.as-file main > :not(h1, .lead, #file) { display: none !important; }
.notice p { margin: 0; }
.notice pre { overflow-x: auto; margin: .5rem 0 0; }
.pick { display: grid; grid-template-columns: 13rem 1fr; gap: 1rem; align-items: stretch; }
.drop { display: flex; flex-direction: column; justify-content: center; text-align: center; border: 2px dashed var(--muted); border-radius: 8px; padding: .8rem; background: var(--paper); cursor: pointer; }
.drop b { color: var(--mark); }
.drop span { color: var(--muted); font-size: .9rem; }
.drop:hover, .over .drop { border-color: var(--mark); }
.images { list-style: none; display: flex; gap: .5rem; margin: 0; padding: 3px; overflow-x: auto; }
.images button { border: 1px solid var(--rule); border-radius: 8px; background: var(--paper); color: var(--ink); padding: .3rem; font: inherit; font-size: .75rem; cursor: pointer; width: 5.6rem; height: 100%; display: flex; flex-direction: column; gap: .2rem; align-items: center; }
.images button[aria-pressed="true"] { border-color: var(--mark); outline: 2px solid var(--mark); outline-offset: -1px; }
.images img { width: 4.8rem; height: 4.8rem; object-fit: cover; border-radius: 4px; display: block; }
.images span { width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: center; }
button:focus-visible, select:focus-visible, summary:focus-visible, .wide:focus-visible, .images:focus-visible, .drop:focus-within { outline: 3px solid var(--mark); outline-offset: 2px; }
.says { background: var(--paper); border: 1px solid var(--rule); border-left: 4px solid var(--mark); border-radius: 6px; padding: .7rem 1rem; margin: 1rem 0; font-size: 1.1rem; min-height: 3.2rem; }
.says p { margin: 0; }
.models { display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); gap: 1rem; }
.model { background: var(--paper); border: 1px solid var(--rule); border-radius: 8px; padding: .9rem; min-width: 0; container-type: inline-size; }
.model h2 { overflow-wrap: anywhere; }
.body { display: grid; grid-template-columns: minmax(0, 15rem) minmax(0, 1fr); gap: .9rem; align-items: start; }
[data-task="instance detection"] .body, [data-task="semantic segmentation"] .body { grid-template-columns: minmax(0, 22rem) minmax(0, 1fr); }
.seen { position: relative; line-height: 0; background: var(--rule); border-radius: 6px; overflow: hidden; min-height: 4rem; }
.seen canvas { width: 100%; height: auto; display: block; }
.seen svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.seen rect { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; }
.found { list-style: none; margin: 0; padding: 0; }
.found li { margin: 0 0 .3rem; }
.row { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 .6rem; width: 100%; text-align: left; font: inherit; font-size: .9rem; line-height: 1.3; color: var(--ink); background: none; border: 0; border-radius: 6px; padding: .25rem .35rem; }
button.row { cursor: pointer; }
button.row:hover { background: var(--page); }
button.row[aria-pressed="true"] { background: var(--page); box-shadow: inset 0 0 0 1px var(--rule); }
.row .name { overflow-wrap: anywhere; }
.row .share { font-variant-numeric: tabular-nums; }
.row .bar { grid-column: 1 / -1; height: .45rem; border-radius: 3px; background: var(--rule); overflow: hidden; margin-top: .15rem; }
.row .bar i { display: block; height: 100%; background: var(--mark); border-radius: 3px; }
.dot { display: inline-block; width: .75rem; height: .75rem; border-radius: 2px; margin-right: .4rem; }
.more { color: var(--muted); font-size: .85rem; margin: .3rem 0 0; }
.options { display: flex; flex-wrap: wrap; gap: .6rem 1.2rem; align-items: center; margin: 1rem 0 0; }
.options button, .options select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--muted); border-radius: 6px; padding: .35rem .8rem; max-width: 100%; }
.options button { cursor: pointer; }
.options button:disabled { color: var(--muted); cursor: default; }
.options label { display: flex; flex-wrap: wrap; gap: .2rem .5rem; align-items: center; }
.scale { display: inline-block; width: 6rem; height: .7rem; border-radius: 3px; vertical-align: -1px; }
.time { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 2rem; margin-top: 1.5rem; }
.time h2 { grid-column: 1 / -1; margin: 0; }
.time .more { margin-top: .5rem; }
.time .wide { margin: .5rem 0; }
.time .more { max-width: 46rem; }
.time thead th { position: static; text-align: right; white-space: normal; min-width: 5rem; }
details { max-width: 46rem; }
@media (max-width: 56rem) { .time { grid-template-columns: minmax(0, 1fr); } }
@container (max-width: 28rem) { .models .body, .models[data-task] .body { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 40rem) {
  body { margin: 1rem auto; }
  .pick { grid-template-columns: minmax(0, 1fr); gap: .7rem; }
  .models { gap: .6rem; grid-template-columns: repeat(min(var(--columns), 2), minmax(0, 1fr)); }
  .model { padding: .6rem; }
  .row { font-size: .82rem; padding: .2rem .1rem; }
  th, td { padding: .35rem .5rem; }
  .time table { width: 100%; font-size: .85rem; }
  .time th, .time td { padding: .35rem .3rem; white-space: normal; }
  .time thead th { min-width: 4rem; }
  td small { display: block; }
}
`;
