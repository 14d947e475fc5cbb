namespace Minka.LoadTest.Arrivals;

/// <summary>
/// When requests are sent. Pure: the same count and seed give the same times. A pattern never looks at answers, so a
/// slow server meets the same requests as a fast one (no coordinated omission).
/// </summary>
public abstract record ArrivalPattern
{
    /// <summary>For people, as in <c>Poisson, 2 requests/s</c>.</summary>
    public abstract string Description { get; }

    /// <summary>Requests per second in the long run; infinite when all come at once.</summary>
    public abstract double Rate { get; }

    /// <summary>When each request is sent, in seconds from the start, rising; the first at 0.</summary>
    /// <param name="count">Requests, at least 1.</param>
    /// <param name="seed">Of chance.</param>
    public abstract double[] Times(int count, int seed);

    /// <summary>Times from the gaps between them, stretched so that the mean gap is exactly <c>1 / rate</c>.</summary>
    private protected static double[] FromGaps(int count, double rate, Func<double> nextGap)
    {
        var times = new double[count];
        for (var i = 1; i < count; i++) times[i] = times[i - 1] + nextGap();
        var stretch = count > 1 && times[^1] > 0 ? (count - 1) / rate / times[^1] : 1;
        for (var i = 1; i < count; i++) times[i] *= stretch;
        return times;
    }

    private protected static double Positive(double value, string what) => value > 0 && double.IsFinite(value)
        ? value
        : throw new ArgumentOutOfRangeException(what, value, $"{what} is {value}; it must be a number above 0.");
}

/// <summary>Every request at 0.</summary>
public sealed record AllAtOnce : ArrivalPattern
{
    /// <inheritdoc/>
    public override string Description => "all at once";

    /// <inheritdoc/>
    public override double Rate => double.PositiveInfinity;

    /// <inheritdoc/>
    public override double[] Times(int count, int seed) => new double[count];
}

/// <summary>So many requests a second.</summary>
/// <param name="PerSecond">Requests per second in the long run.</param>
public abstract record SteadyArrivals(double PerSecond) : ArrivalPattern
{
    /// <summary>Requests per second in the long run.</summary>
    public double PerSecond { get; init; } = Positive(PerSecond, "The rate");

    /// <inheritdoc/>
    public override double Rate => PerSecond;
}

/// <summary>Equal gaps.</summary>
/// <param name="PerSecond">Requests per second.</param>
public sealed record ConstantArrivals(double PerSecond) : SteadyArrivals(PerSecond)
{
    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"evenly spaced, {PerSecond:0.###} requests/s");

    /// <inheritdoc/>
    public override double[] Times(int count, int seed) => FromGaps(count, Rate, () => 1);
}

/// <summary>
/// Gaps drawn from a gamma distribution. Shape 1 is a Poisson process; below 1 requests come in clumps, above 1 more
/// evenly: the gaps' coefficient of variation is <c>1 / sqrt(shape)</c>.
/// </summary>
/// <param name="PerSecond">Requests per second.</param>
/// <param name="Shape">vLLM's burstiness.</param>
public sealed record GammaArrivals(double PerSecond, double Shape = 1) : SteadyArrivals(PerSecond)
{
    /// <summary>vLLM's burstiness.</summary>
    public double Shape { get; init; } = Positive(Shape, "The burstiness");

    /// <inheritdoc/>
    public override string Description => Shape == 1
        ? FormattableString.Invariant($"Poisson, {PerSecond:0.###} requests/s")
        : FormattableString.Invariant($"gamma (burstiness {Shape:0.###}), {PerSecond:0.###} requests/s");

    /// <inheritdoc/>
    public override double[] Times(int count, int seed)
    {
        var draws = new Draws(seed);
        return FromGaps(count, Rate, () => draws.Gamma(Shape));
    }
}

/// <summary>Groups that come at the same instant, evenly spaced.</summary>
/// <param name="PerSecond">Requests per second in the long run.</param>
/// <param name="Size">Requests of a group.</param>
public sealed record BurstArrivals(double PerSecond, int Size) : SteadyArrivals(PerSecond)
{
    /// <summary>Requests of a group.</summary>
    public int Size { get; init; } = Size >= 1
        ? Size : throw new ArgumentOutOfRangeException(nameof(Size), Size, "A burst has at least 1 request.");

    /// <inheritdoc/>
    public override string Description =>
        FormattableString.Invariant($"bursts of {Size}, {PerSecond:0.###} requests/s");

    /// <inheritdoc/>
    public override double[] Times(int count, int seed)
    {
        var times = new double[count];
        for (var i = 0; i < count; i++) times[i] = i / Size * (Size / Rate);
        return times;
    }
}

/// <summary>A Poisson process that is heard for a while and silent for a while, in turn.</summary>
/// <param name="PerSecond">Requests per second in the long run; while it is on they come faster.</param>
/// <param name="OnSeconds">How long it is on.</param>
/// <param name="OffSeconds">How long it is off.</param>
public sealed record OnOffArrivals(double PerSecond, double OnSeconds, double OffSeconds) : SteadyArrivals(PerSecond)
{
    /// <summary>How long it is on.</summary>
    public double OnSeconds { get; init; } = Positive(OnSeconds, "The time on");

    /// <summary>How long it is off.</summary>
    public double OffSeconds { get; init; } = OffSeconds >= 0 && double.IsFinite(OffSeconds)
        ? OffSeconds
        : throw new ArgumentOutOfRangeException(nameof(OffSeconds), OffSeconds, "The time off is at least 0 s.");

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant(
        $"Poisson for {OnSeconds:0.###} s, silence for {OffSeconds:0.###} s, {PerSecond:0.###} requests/s");

    /// <inheritdoc/>
    public override double[] Times(int count, int seed)
    {
        var draws = new Draws(seed);
        var rateWhileOn = Rate * (OnSeconds + OffSeconds) / OnSeconds;
        var times = FromGaps(count, rateWhileOn, () => draws.Gamma(1));
        for (var i = 0; i < count; i++) times[i] += Math.Floor(times[i] / OnSeconds) * OffSeconds;
        return times;
    }
}

/// <summary>Times that were recorded, played faster or slower.</summary>
/// <param name="Recorded">Seconds from the first, rising.</param>
/// <param name="Speed">2 plays twice as fast.</param>
public sealed record RecordedArrivals(IReadOnlyList<double> Recorded, double Speed = 1) : ArrivalPattern
{
    /// <summary>2 plays twice as fast.</summary>
    public double Speed { get; init; } = Positive(Speed, "The speed");

    /// <inheritdoc/>
    public override string Description => Speed == 1
        ? "as recorded in the trace"
        : FormattableString.Invariant($"as recorded in the trace, {Speed:0.###} times as fast");

    /// <inheritdoc/>
    public override double Rate => Recorded.Count > 1 && Recorded[^1] > Recorded[0]
        ? (Recorded.Count - 1) * Speed / (Recorded[^1] - Recorded[0])
        : double.PositiveInfinity;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">There are more requests than recorded times.</exception>
    public override double[] Times(int count, int seed) => count <= Recorded.Count
        ? [.. Recorded.Take(count).Select(at => (at - Recorded[0]) / Speed)]
        : throw new ArgumentOutOfRangeException(nameof(count), count,
            $"{count} requests were asked for and the trace records {Recorded.Count}.");
}
