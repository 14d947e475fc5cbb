namespace Minka.Engine.Sampling;

/// <summary>What <c>exp(logit)</c> of some tokens adds up to, as a logarithm in two parts.</summary>
/// <param name="Largest">The largest logit; negative infinity where there is none.</param>
/// <param name="LogTotal">Logarithm of the sum of <c>exp(logit - Largest)</c>.</param>
public readonly record struct LogSumExp(float Largest, double LogTotal)
{
    /// <summary>Of no tokens.</summary>
    public static LogSumExp None { get; } = new(float.NegativeInfinity, 0);

    /// <summary>Of the tokens of both. Where one has none, it is the other to the bit.</summary>
    public static LogSumExp Merge(LogSumExp one, LogSumExp other)
    {
        if (float.IsNegativeInfinity(one.Largest)) return other;
        if (float.IsNegativeInfinity(other.Largest)) return one;
        var largest = Math.Max(one.Largest, other.Largest);
        return new(largest, Math.Log(one.TotalFrom(largest) + other.TotalFrom(largest)));
    }

    private double TotalFrom(float largest) => Math.Exp(LogTotal + ((double)Largest - largest));
}
