using Minka.Compute;

namespace Minka.Bench.Kernels;

/// <summary>One operation and the limits it was measured beside.</summary>
/// <param name="Name">Operation.</param>
/// <param name="Type">Format of weights, or of keys and values.</param>
/// <param name="Tier">Instructions.</param>
/// <param name="Tokens">Of the step.</param>
internal sealed record RooflinePoint(string Name, DType Type, string Tier, int Tokens)
{
    /// <summary>Read from memory.</summary>
    public double Bytes { get; init; }

    /// <summary>Multiplications and additions.</summary>
    public double Operations { get; init; }

    /// <summary>Time of it all.</summary>
    public double Seconds { get; init; }

    /// <summary>Bytes per second that memory gives.</summary>
    public double ReadLimit { get; init; }

    /// <summary>Operations per second that the arithmetic units give, at this width and kind.</summary>
    public double OperationLimit { get; init; }

    public double BytesPerSecond => Bytes / Seconds;

    public double OperationsPerSecond => Operations / Seconds;

    /// <summary>Operations per byte.</summary>
    public double Intensity => Operations / Bytes;

    /// <summary>Whether memory is the lower of the two limits.</summary>
    public bool IsBoundByMemory => Intensity * ReadLimit < OperationLimit;

    /// <summary>Of the lower limit.</summary>
    public double Share => OperationsPerSecond / Math.Min(Intensity * ReadLimit, OperationLimit);

    /// <summary>Whether arithmetic is on floats rather than on bytes.</summary>
    public bool IsFloat => Type is DType.F16 or DType.F32 or DType.BF16 || Name != "product";
}
