namespace Minka.Compute.Kernels.MatMul;

/// <summary>Widening of half precision without F16C, which .NET does not offer.</summary>
internal static class Half2Single
{
    /// <summary>2^112: what an exponent of half precision lacks when read as one of single precision.</summary>
    public const float Scale = 5.192296858534828e33f;
}
