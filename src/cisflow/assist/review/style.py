"""The look of a review sheet: on a screen, on a phone, on paper, by day and by night."""

from __future__ import annotations

STYLE = """
:root{--paper:#fff;--ink:#1b1b1b;--soft:#555;--line:#c9c9c9;--card:#fafafa;--bad:#8a1500;
--badbg:#fdeae4;--open:#6b4a00;--openbg:#fff3d6;--good:#1d5a2a;--goodbg:#e5f3e7;--link:#0b4f9e}
@media (prefers-color-scheme:dark){:root{--paper:#15171a;--ink:#ececec;--soft:#b9b9b9;
--line:#4a4d52;--card:#1d2024;--bad:#ffb8a3;--badbg:#411a10;--open:#ffd98a;--openbg:#3a2d08;
--good:#a9e0b3;--goodbg:#15331b;--link:#9cc8ff}}
*{box-sizing:border-box}
html{scroll-padding-top:.5rem}
body{margin:0 auto;max-width:82rem;padding:.75rem 1rem 3rem;background:var(--paper);
color:var(--ink);font:15px/1.4 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
h1{font-size:1.45rem;margin:.2rem 0}h2{font-size:1.25rem;margin:2rem 0 .4rem;
border-top:3px solid var(--ink);padding-top:.5rem}h3{font-size:1.05rem;margin:1.4rem 0 .4rem}
h4{font-size:1.02rem;margin:0;display:inline}h4 code{font-weight:700}p{margin:.2rem 0}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;
overflow-wrap:anywhere}a{color:var(--link)}ul{margin:.2rem 0;padding-left:1.1rem}
.soft{color:var(--soft)}.stamp{display:inline-block;border:3px solid var(--bad);color:var(--bad);
font-weight:700;letter-spacing:.12em;padding:.1rem .6rem;margin:.3rem 0}
.chip{display:inline-block;border:1px solid currentColor;border-radius:.7em;padding:0 .5em;
font-size:.82em;white-space:nowrap}.open{color:var(--open);background:var(--openbg)}
.good{color:var(--good);background:var(--goodbg)}.bad{color:var(--bad);background:var(--badbg)}
.card{display:grid;grid-template-columns:minmax(12rem,25%) 1fr minmax(12rem,21%);gap:.15rem 1rem;
border:1px solid var(--line);border-left:5px solid var(--good);background:var(--card);
padding:.45rem .7rem;margin:.4rem 0;break-inside:avoid}
.card.todo{border-left-color:var(--open)}.card.doubt{border-left:9px double var(--bad)}
.againsts,.doubts{grid-column:1/-1;padding:.25rem .6rem;margin:0;list-style:none}
.againsts{color:var(--bad);background:var(--badbg);font-weight:600}
.doubts{color:var(--open);background:var(--openbg)}
.againsts li::before{content:"\\2717  against: ";font-weight:800}
.doubts li::before{content:"?  doubt: ";font-weight:800}
.label{font-weight:600}.codes{list-style:none;padding:0;margin:.15rem 0;display:flex;
flex-wrap:wrap;gap:.15rem .9rem}.read{font-weight:600}.wrong{color:var(--bad);
text-decoration:underline wavy}.value{font-size:1.1em;font-weight:700}
.cmd{user-select:all;-webkit-user-select:all;display:inline-block;border:1px solid var(--line);
padding:.05rem .35rem;background:var(--paper);overflow-wrap:anywhere;white-space:pre-wrap}
.small{font-size:.86em}table{border-collapse:collapse;margin:.3rem 0}
th,td{border:1px solid var(--line);padding:.15rem .45rem;text-align:left;vertical-align:top;
overflow-wrap:anywhere}td.n,th.n{text-align:right;overflow-wrap:normal}
.full{width:100%}.full th:first-child{width:62%}
.wide{overflow-x:auto}.gap{color:var(--open);background:var(--openbg);font-weight:600}
.unused{columns:3 19rem;column-gap:1.5rem}.unused div{break-inside:avoid-column;
margin:0 0 .6rem}.unused p{margin:0 0 0 .8rem;text-indent:-.8rem;overflow-wrap:anywhere}
.problem{border-left:5px solid var(--bad);padding:.2rem .6rem;margin:.3rem 0;
background:var(--badbg)}
@media (max-width:52rem){body{padding:.5rem .6rem 2rem}.card{grid-template-columns:1fr}
.unused{columns:1}}
@media print{@page{size:A4;margin:11mm}:root{--paper:#fff;--ink:#000;--soft:#444;--line:#999;
--card:#fff;--bad:#8a1500;--badbg:#fff;--open:#5a3d00;--openbg:#fff;--good:#1d5a2a;--goodbg:#fff;
--link:#000}body{font-size:8.4pt;max-width:none;padding:0}nav{display:none}
.card{grid-template-columns:25% 1fr 18%;padding:.2rem .35rem;margin:.25rem 0;gap:.1rem .6rem}
.unused{columns:3 5cm}
h2{break-before:page}h2.first{break-before:auto}h3{break-after:avoid}.wide{overflow:visible}
a{text-decoration:none}}
"""
