using System.CommandLine;
using System.Globalization;
using Minka.Cli.Options;
using Minka.LoadTest;
using Minka.LoadTest.Arrivals;
using Minka.LoadTest.Results;

namespace Minka.Cli.Measuring;

/// <summary>The options that say how hard the server is pressed; vLLM's names where it has them.</summary>
internal sealed class LoadLevelFlags
{
    private enum Pattern
    {
        Gamma,
        Constant,
        Burst,
        OnOff,
        Trace,
    }

    private readonly Option<string?> _rate = Flag.Text(["--request-rate"], "R",
        "Requests per second, sent whatever the server does (default: inf, all at once).");

    private readonly Option<double?> _burstiness = Flag.Number(["--burstiness"], "B", 0.001, 1000,
        "Shape of the gaps: 1 is Poisson, less comes in clumps (default: 1).");

    private readonly Option<int?> _concurrency = Flag.Number(["--max-concurrency"], "N", 1, 100_000,
        "Users that wait for their answers; with a rate, a limit of requests under way.");

    private readonly Option<Pattern?> _pattern = Flag.Choice<Pattern>(["--arrivals"],
        [("poisson", Pattern.Gamma), ("gamma", Pattern.Gamma), ("constant", Pattern.Constant), ("burst", Pattern.Burst),
         ("onoff", Pattern.OnOff), ("trace", Pattern.Trace)],
        "Pattern of the schedule (default: poisson; of a trace with times, trace).");

    private readonly Option<int?> _burst = Flag.Number(["--burst-size"], "N", 1, 100_000,
        "Requests of one burst (default: 8).");

    private readonly Option<IReadOnlyList<int>?> _onOff = Flag.Numbers(["--on-off"], "ON,OFF", 0, 86400,
        "Seconds that onoff is heard and silent (default: 5,5).");

    private readonly Option<double?> _speed = Flag.Number(["--trace-speed"], "X", 0.000001, 1_000_000,
        "Play a trace X times as fast (default: 1).");

    private readonly Option<IReadOnlyList<int>?> _users = Flag.Numbers(["--sweep-concurrency"], "N,N", 1, 100_000,
        "One closed loop after another, of so many users.");

    private readonly Option<string?> _rates = Flag.Text(["--sweep-rate"], "R,R",
        "One schedule after another, of so many requests per second.");

    private readonly Option<int?> _refine = Flag.Number(["--refine"], "N", 0, 20,
        "After --sweep-rate, N more rates that halve the way to the limit.");

    private readonly Option<string[]> _goodput = Several("--goodput", "METRIC:MS",
        "Targets of a good request: ttft:200 tpot:50 e2el:5000.");

    private readonly Option<double?> _attainment = Flag.Number(["--slo-attainment"], "P", 0.0, 1,
        "Share of requests that must be good (default: 0.9).");

    /// <summary>The load.</summary>
    public OptionGroup Group => new("Load",
        [_rate, _burstiness, _concurrency, _pattern, _burst, _onOff, _speed, _users, _rates, _refine]);

    /// <summary>Targets.</summary>
    public IReadOnlyList<Option> Targets => [_goodput, _attainment];

    /// <summary>Targets; null for none.</summary>
    /// <exception cref="UsageException">A target is unknown or no number.</exception>
    public Slo? Slo(ParseResult parse)
    {
        try
        {
            return LoadTest.Results.Slo.Parse(parse.GetValue(_goodput) ?? []);
        }
        catch (LoadTestException error)
        {
            throw new UsageException(error.Message);
        }
    }

    /// <summary>Share of requests that must meet them.</summary>
    public double AttainmentWanted(ParseResult parse) => parse.GetValue(_attainment) ?? 0.9;

    /// <summary>Further rates to try.</summary>
    public int Refinements(ParseResult parse) => parse.GetValue(_refine) ?? 0;

    /// <summary>Values of one option with spaces between, as vLLM takes them.</summary>
    public static Option<string[]> Several(string name, string placeholder, string description) => new(name)
    {
        Description = description,
        HelpName = placeholder,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>What was asked for, one level after another.</summary>
    /// <param name="parse">Command line.</param>
    /// <param name="data">For the times of a trace.</param>
    /// <exception cref="UsageException">Options contradict each other.</exception>
    public IReadOnlyList<LoadLevel> Read(ParseResult parse, LoadData data)
    {
        var (users, rates) = (parse.GetValue(_users), parse.GetValue(_rates));
        var (rate, limit) = (parse.GetValue(_rate), parse.GetValue(_concurrency));
        if ((users is null ? 0 : 1) + (rates is null ? 0 : 1) + (rate is null ? 0 : 1) > 1)
            throw new UsageException(
                "--request-rate, --sweep-rate and --sweep-concurrency exclude each other; keep one.");
        if (users is not null)
            return limit is null
                ? [.. users.Select(LoadLevel.Users)]
                : throw new UsageException("--sweep-concurrency sets --max-concurrency; leave one out.");
        if (rates is not null)
            return [.. rates.Split(',').Select(text => new LoadLevel(Schedule(parse, Rate(text), data), limit))];
        var perSecond = rate is null ? double.PositiveInfinity : Rate(rate);
        var replays = data.Recorded.Count > 0 && parse.GetValue(_pattern) is null && rate is null && limit is null;
        if (double.IsFinite(perSecond) || replays || parse.GetValue(_pattern) == Pattern.Trace)
            return [new(Schedule(parse, perSecond, data, replays), limit)];
        return [limit is { } closed ? LoadLevel.Users(closed) : new(new AllAtOnce(), null)];
    }

    private ArrivalPattern Schedule(ParseResult parse, double rate, LoadData data, bool replays = false)
    {
        var pattern = replays ? Pattern.Trace : parse.GetValue(_pattern) ?? Pattern.Gamma;
        if (pattern == Pattern.Trace) return Recorded(parse, rate, data);
        if (!double.IsFinite(rate)) throw new UsageException("This pattern needs a rate; give --request-rate.");
        return pattern switch
        {
            Pattern.Constant => new ConstantArrivals(rate),
            Pattern.Burst => new BurstArrivals(rate, parse.GetValue(_burst) ?? 8),
            Pattern.OnOff => parse.GetValue(_onOff) switch
            {
                null => new OnOffArrivals(rate, 5, 5),
                [> 0 and var on, var off] => new OnOffArrivals(rate, on, off),
                _ => throw new UsageException("--on-off takes two numbers of seconds, the first above 0, as in 5,10."),
            },
            _ => new GammaArrivals(rate, parse.GetValue(_burstiness) ?? 1),
        };
    }

    private RecordedArrivals Recorded(ParseResult parse, double rate, LoadData data)
    {
        if (data.Recorded.Count < 2)
            throw new UsageException("--arrivals trace needs --dataset-name trace with a file that has times.");
        var recorded = new RecordedArrivals(data.Recorded);
        if (parse.GetValue(_speed) is { } speed)
            return !double.IsFinite(rate)
                ? recorded with { Speed = speed }
                : throw new UsageException("--trace-speed and a rate say the same; leave one out.");
        return double.IsFinite(rate) ? recorded with { Speed = rate / recorded.Rate } : recorded;
    }

    private static double Rate(string text)
    {
        if (text is "inf") return double.PositiveInfinity;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate)
            && rate is > 0 and <= 1_000_000
            ? rate
            : throw new UsageException($"A rate is '{text}'; it takes requests per second above 0, or inf.");
    }
}
