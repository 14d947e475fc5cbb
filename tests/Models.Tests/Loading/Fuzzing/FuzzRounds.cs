using System.Globalization;

namespace Minka.Models.Tests.Loading.Fuzzing;

/// <summary>
/// Damaged input again and again: so many rounds, or as long as <c>MINKA_FUZZ_SECONDS</c> says. Each must be used or
/// refused with a sentence: no other exception, no hang, no large allocation.
/// </summary>
internal static class FuzzRounds
{
    // A hang, not a slow machine: a round takes milliseconds.
    private static readonly TimeSpan _slowest = TimeSpan.FromMinutes(1);

    /// <summary>Tries seeds from 0 on.</summary>
    /// <param name="rounds">How many, without <c>MINKA_FUZZ_SECONDS</c>.</param>
    /// <param name="refuses">Whether the input of a seed is refused.</param>
    /// <returns>How many were refused, of how many.</returns>
    public static (int Refused, int Rounds) Run(int rounds, Func<int, bool> refuses)
    {
        TimeSpan? limit = Environment.GetEnvironmentVariable("MINKA_FUZZ_SECONDS") is { Length: > 0 } seconds
            ? TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture))
            : null;
        var start = TimeProvider.System.GetTimestamp();
        var (refused, round) = (0, 0);
        for (; limit is { } most ? TimeProvider.System.GetElapsedTime(start) < most : round < rounds; round++)
            if (refuses(round)) refused++;
        TestContext.Current.TestOutputHelper?.WriteLine($"{refused} of {round} refused");
        return (refused, round);
    }

    /// <summary>Whether a use of damaged input ends in a refusal, which is a sentence.</summary>
    /// <typeparam name="TRefusal">Kind of refusal.</typeparam>
    /// <param name="what">What is damaged, and the seed that damaged it.</param>
    /// <param name="allocatedMax">Bytes that it may allocate.</param>
    /// <param name="use">Uses it.</param>
    /// <param name="isSentence">Whether a message is one; by default when it ends with a point.</param>
    public static bool Refuses<TRefusal>(
        string what, long allocatedMax, Action use, Func<TRefusal, bool>? isSentence = null)
        where TRefusal : Exception
    {
        var (allocated, start) = (GC.GetAllocatedBytesForCurrentThread(), TimeProvider.System.GetTimestamp());
        var refused = false;
        try
        {
            use();
        }
        catch (TRefusal refusal)
        {
            refused = true;
            Assert.True(isSentence?.Invoke(refusal) ?? refusal.Message.EndsWith('.'),
                $"{what}: '{refusal.Message}' is no sentence.");
        }
        catch (Exception fault) when (fault is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{what}: {fault}");
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.True(allocated <= allocatedMax, $"{what}: {allocated} bytes allocated.");
        var elapsed = TimeProvider.System.GetElapsedTime(start);
        Assert.True(elapsed < _slowest, $"{what}: {elapsed.TotalSeconds:F1} s.");
        return refused;
    }
}
