namespace Minka.Compute.Tests.Kernels;

/// <summary>Compares rows of floats.</summary>
internal static class Near
{
    /// <summary>Every value within a tolerance of the largest magnitude expected.</summary>
    public static void AssertEqual(float[][] expected, float[][] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var allowed = expected.SelectMany(row => row).Select(Math.Abs).DefaultIfEmpty().Max() * tolerance;
        for (var row = 0; row < expected.Length; row++)
        {
            Assert.Equal(expected[row].Length, actual[row].Length);
            for (var i = 0; i < expected[row].Length; i++)
            {
                var difference = Math.Abs(expected[row][i] - actual[row][i]);
                Assert.True(difference <= allowed,
                    $"[{row}, {i}] is {actual[row][i]}, expected {expected[row][i]} within {allowed}.");
            }
        }
    }

    /// <summary>Every value the same, bit by bit.</summary>
    public static void AssertSameBits(float[][] expected, float[][] actual) =>
        Assert.Equal(
            expected.Select(row => row.Select(BitConverter.SingleToInt32Bits)),
            actual.Select(row => row.Select(BitConverter.SingleToInt32Bits)));
}
