namespace CrCore.Reporting;

/// <summary>The page's looks. Colours of pictures stand out from their ground by 3:1 and text by 4.5:1, in light and in dark.</summary>
internal static class ReportStyle
{
    public const string Sheet = """
        :root{color-scheme:light dark;--ground:#f7f6f3;--panel:#ffffff;--ink:#1d2329;--soft:#56606b;--line:#d9d7d1;--link:#1f5fa8;--on:#ffffff;
        --c0:#2f6db5;--c1:#1d7f78;--c2:#a3620a;--c3:#b2483a;--c4:#7b52a8;--c5:#b03478;--c6:#7a7f87;--c7:#5f6c14}
        @media (prefers-color-scheme:dark){:root{--ground:#14171b;--panel:#1c2026;--ink:#e6e8eb;--soft:#a9b2bc;--line:#353b44;--link:#8dbcf5;--on:#14171b;
        --c0:#7fb2f0;--c1:#5cc4bb;--c2:#e5b154;--c3:#ee8f80;--c4:#b79be6;--c5:#ec8fc0;--c6:#9aa3af;--c7:#b9c65a}}
        *{box-sizing:border-box}
        html{scroll-behavior:smooth}
        body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
        body>header,main,body>footer{max-width:72rem;margin:0 auto;padding:0 1.5rem}
        body>header{padding-top:2.5rem}
        h1{font-size:1.75rem;line-height:1.25;margin:0 0 .25rem;font-weight:650;overflow-wrap:anywhere}
        h2{font-size:1.3rem;margin:0 0 .25rem;font-weight:650}
        h3{font-size:1rem;margin:1.5rem 0 .5rem;font-weight:650}
        p{margin:.25rem 0 1rem;max-width:46rem}
        .soft,figcaption,caption{color:var(--soft)}
        a{color:var(--link)}
        .skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--panel);padding:.5rem 1rem;z-index:1}
        :focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
        nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;margin:1.25rem 0 0;padding:0}
        dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:1rem 1.5rem;margin:1.5rem 0 0}
        dt{font-size:.82rem;color:var(--soft)}dd{margin:0;font-weight:600;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
        section{background:var(--panel);border:1px solid var(--line);border-radius:12px;padding:1.5rem;margin:1.75rem 0}
        figure{margin:1rem 0}
        figcaption{font-size:.9rem;margin-top:.5rem}
        svg{display:block;width:100%;height:auto;background:var(--panel)}
        svg text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;fill:var(--ink)}
        svg text.soft{fill:var(--soft)}svg text.on{fill:var(--on);font-size:12px}svg .num{font-variant-numeric:tabular-nums}
        svg .wire{fill:none;stroke:var(--soft);stroke-width:1.25}
        svg .track{fill:var(--line);opacity:.45}
        .f0{fill:var(--c0)}.f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}.f4{fill:var(--c4)}.f5{fill:var(--c5)}.f6{fill:var(--c6)}.f7{fill:var(--c7)}
        .s0{stroke:var(--c0)}.s1{stroke:var(--c1)}.s2{stroke:var(--c2)}.s3{stroke:var(--c3)}.s4{stroke:var(--c4)}.s5{stroke:var(--c5)}.s6{stroke:var(--c6)}.s7{stroke:var(--c7)}
        .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:.75rem 0;padding:0;font-size:.88rem}
        .legend svg{display:inline-block;width:.85em;height:.85em;margin-right:.45em;vertical-align:-.05em}
        details{border-top:1px solid var(--line);padding:.55rem 0}details details{margin-left:0}
        summary{cursor:pointer;padding:.15rem 0}summary b{font-weight:600}
        .scroll{overflow-x:auto;max-height:32rem;overflow-y:auto}
        table{border-collapse:collapse;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
        caption{text-align:left;padding:.25rem 0 .5rem}
        th,td{text-align:left;vertical-align:top;padding:.3rem .75rem .3rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
        thead th{border-top:0;color:var(--soft);font-weight:600;white-space:nowrap;overflow-wrap:normal}tbody th{font-weight:600}
        .n{text-align:right;white-space:nowrap}code{font:.92em ui-monospace,"DejaVu Sans Mono",monospace}
        td.n code,th code{white-space:nowrap}
        body>footer{padding-bottom:2.5rem;color:var(--soft);font-size:.88rem}
        @media (max-width:40rem){section{padding:1rem}body>header,main,body>footer{padding-left:1rem;padding-right:1rem}figure{overflow-x:auto}figure>svg{min-width:40rem}}
        @media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
        @media (forced-colors:active){svg{forced-color-adjust:none}}
        @media print{:root{color-scheme:light;--ground:#fff;--panel:#fff;--ink:#000;--soft:#444;--line:#bbb;--link:#000;--on:#fff;
        --c0:#2f6db5;--c1:#1d7f78;--c2:#a3620a;--c3:#b2483a;--c4:#7b52a8;--c5:#b03478;--c6:#7a7f87;--c7:#5f6c14}
        nav,.skip{display:none}section{border:0;padding:0}figure,tr{break-inside:avoid}h2,h3,summary{break-after:avoid}.scroll{max-height:none;overflow:visible}
        svg *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
        """;
}
