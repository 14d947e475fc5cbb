namespace Minka.Compute.Formats;

/// <summary>The arithmetic that ggml's reference quantisers share.</summary>
internal static class Rounding
{
    /// <summary>The value of largest magnitude, with its sign; the first of equals.</summary>
    public static float FirstOfLargestMagnitude(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values)
            if (MathF.Abs(value) > MathF.Abs(largest)) largest = value;
        return largest;
    }

    /// <summary>One over a scale; 0 for a block of zeros.</summary>
    public static float Inverse(float scale) => scale == 0 ? 0 : 1 / scale;

    /// <summary>Towards zero, and into <c>[0, max]</c>.</summary>
    public static int Truncate(float value, int max) => Math.Clamp((int)value, 0, max);
}
