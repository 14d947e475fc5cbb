using System.Globalization;
using Minka.LoadTest.Client;

namespace Minka.LoadTest.Results;

/// <summary>What a request must meet to be counted as good; milliseconds, null for no target.</summary>
/// <param name="TtftMs">Time to first token.</param>
/// <param name="TpotMs">Mean time of a token after the first.</param>
/// <param name="EndToEndMs">Time to the last token.</param>
public sealed record Slo(double? TtftMs, double? TpotMs, double? EndToEndMs)
{
    /// <summary>Reads <c>ttft:200</c>, <c>tpot:50</c>, <c>e2el:5000</c>.</summary>
    /// <returns>Null for no target at all.</returns>
    /// <exception cref="LoadTestException">A target is unknown or no number.</exception>
    public static Slo? Parse(IEnumerable<string> targets)
    {
        Slo? slo = null;
        foreach (var target in targets.SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries)))
        {
            var isNumber = double.TryParse(target.Split(':', 2) is [_, var value] ? value : "", NumberStyles.Float,
                CultureInfo.InvariantCulture, out var ms) && ms > 0;
            slo ??= new(null, null, null);
            slo = (target.Split(':')[0], isNumber) switch
            {
                ("ttft", true) => slo with { TtftMs = ms },
                ("tpot", true) => slo with { TpotMs = ms },
                ("e2el", true) => slo with { EndToEndMs = ms },
                _ => throw new LoadTestException(
                    $"--goodput is '{target}'; it takes ttft:MS, tpot:MS and e2el:MS, as in ttft:200 tpot:50."),
            };
        }
        return slo;
    }

    /// <summary>The request brought a whole answer within every target.</summary>
    public bool IsMetBy(RequestOutcome request) => request.IsCompleted
        && !(request.Ttft * 1000 > TtftMs) && !(request.Tpot * 1000 > TpotMs)
        && !(request.EndToEnd * 1000 > EndToEndMs);

    /// <summary>For people: <c>TTFT ≤ 200 ms, TPOT ≤ 50 ms</c>.</summary>
    public override string ToString() => string.Join(", ",
        new[] { ("TTFT", TtftMs), ("TPOT", TpotMs), ("E2EL", EndToEndMs) }.Where(it => it.Item2 is not null)
            .Select(it => FormattableString.Invariant($"{it.Item1} ≤ {it.Item2:0.###} ms")));
}
