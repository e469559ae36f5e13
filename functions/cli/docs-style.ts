/** Colours of one appearance; every text colour has a contrast of at least 4.5 on both grounds (WCAG 2.2, 1.4.3). */
export type Palette = Readonly<Record<"ground" | "raised" | "text" | "muted" | "link" | "line", string>>;

/** For whoever has asked for nothing else. */
export const LIGHT: Palette = {
  ground: "#ffffff",
  raised: "#f4f5f7",
  text: "#1b1f24",
  muted: "#50565e",
  link: "#0b57a4",
  line: "#c9ced6",
};

/** For whoever has told their system to be dark. */
export const DARK: Palette = {
  ground: "#14171b",
  raised: "#1e2329",
  text: "#e8eaed",
  muted: "#b0b6bf",
  link: "#8ab8f5",
  line: "#3d444d",
};

const variables = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(";");

/** The page's whole style. Nothing is loaded: no font, no image, no script. */
export const STYLE = `
:root{color-scheme:light dark;${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:1rem/1.55 system-ui,sans-serif}
header,main,footer,nav{max-width:72rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.5rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .5rem}
h2{font-size:1.35rem;margin:0 0 .5rem}
h3{font-size:1.05rem;margin:1.5rem 0 .25rem}
a{color:var(--link)}
a:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-999rem;background:var(--ground);padding:.5rem 1rem}
.skip:focus{left:.5rem;top:.5rem}
.muted{color:var(--muted)}
code{font:.9em/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:.75rem 0}
caption{text-align:left;color:var(--muted);padding:.25rem 0}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
article{background:var(--raised);border:1px solid var(--line);border-radius:.5rem;padding:1.25rem;margin:1.5rem 0}
article:target{outline:3px solid var(--link)}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.3rem 1.25rem;margin:.75rem 0}
dt{color:var(--muted)}
dd{margin:0}
ol,ul{padding-left:1.5rem;margin:.5rem 0}
dd ul{padding-left:1.1rem;margin:0}
li{margin:.3rem 0}
@media (max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}
@media print{.skip{display:none}article{break-inside:avoid}}
`;
