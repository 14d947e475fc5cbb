namespace Minka.LoadTest.Report;

/// <summary>How the page looks, in light and in dark, on paper and on a phone.</summary>
internal static class PageStyle
{
    public const string Css = """
        :root { color-scheme: light dark; --page: #f6f6f3; --card: #fdfdfc; --ink: #131312; --soft: #52514e;
          --faint: #7b7974; --grid: #e6e5de; --axis: #b9b8ae; --run: #2a78d6; --other: #d95f28; --bad: #c93434;
          --good: #1a8a5f; }
        @media (prefers-color-scheme: dark) { :root { --page: #0e0e0d; --card: #191918; --ink: #f4f3ef;
          --soft: #c3c2b7;
          --faint: #98968e; --grid: #2b2b29; --axis: #4a4a46; --run: #4a97ee; --other: #ee7d48; --bad: #f06a6a;
          --good: #3fbf8e; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
          font-variant-numeric: tabular-nums; }
        main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 64px; }
        header p { margin: 4px 0 0; color: var(--soft); max-width: 78ch; overflow-wrap: anywhere; }
        h1 { margin: 0; font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; text-wrap: balance;
          overflow-wrap: anywhere; }
        h1 .other { color: var(--other); } h1 .run { color: var(--run); }
        h2 { margin: 44px 0 14px; font-size: 19px; letter-spacing: -0.01em; }
        h2 small { font-weight: 400; color: var(--faint); font-size: 14px; margin-left: 8px; letter-spacing: 0; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 1px;
          margin: 26px 0 0;
          background: var(--grid); border: 1px solid var(--grid); border-radius: 10px; overflow: hidden; }
        .tile { background: var(--card); padding: 14px 16px 13px; }
        .tile span { display: block; font-size: 12.5px; color: var(--faint); }
        .tile b { font-size: 25px; font-weight: 600; letter-spacing: -0.02em; line-height: 1.3; }
        .tile b small { font-size: 14px; font-weight: 400; color: var(--soft); letter-spacing: 0; margin-left: 3px; }
        .tile em { display: block; font-style: normal; font-size: 12.5px; color: var(--soft); }
        .tile em.good { color: var(--good); } .tile em.bad { color: var(--bad); }
        .finding { margin: 18px 0 0; padding: 2px 0 2px 14px; border-left: 3px solid var(--run); color: var(--soft); }
        .finding + .finding { margin-top: 8px; }
        .plots { display: grid; margin-top: 16px;
          grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 16px; }
        figure { margin: 0; background: var(--card); border: 1px solid var(--grid); border-radius: 10px;
          padding: 14px 14px 8px;
          min-width: 0; display: flex; flex-direction: column; }
        figcaption { font-weight: 600; font-size: 14.5px; }
        figure > svg, .wide svg.chart { display: block; width: 100%; height: auto; overflow: visible;
          margin-top: auto; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 3px 0 4px; padding: 0;
          font-size: 12.5px;
          color: var(--soft); }
        .legend svg { width: 22px; height: 8px; margin-right: 5px; vertical-align: 1px; }
        .legend path { stroke-width: 2.4; fill: none; } .legend rect { stroke: none; }
        svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--faint); }
        svg .halo { paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round; }
        svg .name { fill: var(--soft); } svg .mid { text-anchor: middle; } svg .end { text-anchor: end; }
        .grid { stroke: var(--grid); fill: none; } .axis { stroke: var(--axis); fill: none; }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
        .area { opacity: 0.14; stroke: none; } .limit { stroke: var(--faint); stroke-dasharray: 4 4; fill: none; }
        .dot { stroke: var(--card); stroke-width: 1.5; } .hit { fill: transparent; }
        .mark:hover .dot { stroke: var(--ink); } .bar:hover, .span:hover rect { filter: brightness(1.12); }
        .wide { overflow-x: auto; } .wide > * { min-width: 680px; }
        table { border-collapse: collapse; width: 100%; font-size: 14px; background: var(--card); }
        .sheet { margin-top: 14px; border: 1px solid var(--grid); border-radius: 10px; overflow-x: auto;
          background: var(--card); }
        caption { text-align: left; padding: 12px 14px 4px; color: var(--soft); font-size: 13.5px; }
        th, td { padding: 8px 14px; text-align: right; white-space: nowrap; border-top: 1px solid var(--grid); }
        thead th { border-top: 0; font-weight: 500; color: var(--faint); font-size: 12.5px; }
        th:first-child, td:first-child { text-align: left; } tbody th { font-weight: 600; }
        tr.knee th::after { content: "knee"; margin-left: 8px; padding: 1px 6px; border-radius: 99px; font-size: 11px;
          font-weight: 500; color: var(--run); border: 1px solid var(--run); }
        td.good { color: var(--good); } td.bad { color: var(--bad); } td.text { text-align: left;
          white-space: normal; min-width: 22ch; }
        details { margin-top: 12px; } summary { cursor: pointer; color: var(--soft); padding: 4px 0; }
        summary:focus-visible { outline: 2px solid var(--run); outline-offset: 2px; border-radius: 4px; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 5px 22px; margin: 0; font-size: 14px; }
        dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
        footer { margin-top: 44px; padding-top: 16px; border-top: 1px solid var(--grid); color: var(--faint);
          font-size: 13px; }
        footer p { margin: 0 0 6px; max-width: 92ch; }
        @media (max-width: 560px) { main { padding: 24px 14px 40px; } h1 { font-size: 24px; }
          figure { padding: 12px 8px 6px; }
          figcaption, .legend { padding-left: 4px; } dl { grid-template-columns: 1fr; gap: 0; }
          dd { margin-bottom: 8px; }
          .tiles { grid-template-columns: 1fr 1fr; } }
        @media print { body { background: none; } figure, .sheet { break-inside: avoid; } details { display: none; } }
        """;
}
