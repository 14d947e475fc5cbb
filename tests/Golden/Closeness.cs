namespace Minka.Golden;

/// <summary>How near two results are.</summary>
internal static class Closeness
{
    /// <summary>Largest absolute value.</summary>
    public static float Scale(ReadOnlySpan<float> values)
    {
        var scale = 0f;
        foreach (var value in values) scale = Math.Max(scale, Math.Abs(value));
        return scale;
    }

    /// <summary>Largest absolute difference; infinity when one side is not a number.</summary>
    public static float Distance(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        var distance = 0f;
        for (var i = 0; i < actual.Length; i++)
        {
            var difference = Math.Abs(actual[i] - expected[i]);
            if (!(difference <= distance)) distance = float.IsNaN(difference) ? float.PositiveInfinity : difference;
        }
        return distance;
    }

    /// <summary>Cosine of the angle between two rows.</summary>
    public static double Cosine(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double ab = 0, aa = 0, bb = 0;
        for (var i = 0; i < a.Length; i++) (ab, aa, bb) = (ab + a[i] * b[i], aa + a[i] * a[i], bb + b[i] * b[i]);
        return ab / Math.Sqrt(aa * bb);
    }

    /// <summary>
    /// Compares greedy ids up to the first step whose margin is too small to decide: a difference at a step with a
    /// larger margin than twice the allowed logit error is a fault.
    /// </summary>
    public static void AssertGreedy(
        IReadOnlyList<int> expected, float[] margins, IReadOnlyList<int> actual, float error)
    {
        for (var step = 0; step < Math.Min(expected.Count, actual.Count); step++)
        {
            if (expected[step] == actual[step]) continue;
            Assert.True(margins[step] <= 2 * error,
                $"Greedy id {step} is {actual[step]}, expected {expected[step]} by a margin of {margins[step]}.");
            return;
        }
    }
}
