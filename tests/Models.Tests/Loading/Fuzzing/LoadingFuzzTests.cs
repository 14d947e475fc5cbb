using System.Globalization;

namespace Minka.Models.Tests.Loading.Fuzzing;

/// <summary>
/// Whatever a model file holds, it is read or refused with a sentence: no other exception, no hang, no large
/// allocation. For a long run set <c>MINKA_FUZZ_SECONDS</c>, which each kind of file then gets.
/// </summary>
public sealed class LoadingFuzzTests
{
    private const int Rounds = 500;
    private const long AllocatedMax = 8 << 20;

    private static readonly TimeSpan _slowest = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Kinds => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory, MemberData(nameof(Kinds))]
    public void A_sound_file_is_read(string kind)
    {
        if (kind == "anything") return;
        using var folder = new TemporaryFolder();
        var target = Lay(folder, kind);

        target.Read(Path.Combine(folder.Path, target.File));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_damaged_file_is_read_or_refused(string kind)
    {
        using var folder = new TemporaryFolder();
        var target = Lay(folder, kind);
        var (refused, round) = (0, 0);
        for (var start = Now(); IsOn(round, start); round++)
        {
            var bytes = new Mutator(round).Mutate(target.Files[target.File]);
            if (Refuses(target, folder.Write(target.File, bytes), round)) refused++;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{kind}: {refused} of {round} refused");

        Assert.True(refused > round / 20, $"Only {refused} of {round} damaged files were refused.");
    }

    private static bool IsOn(int round, long start) =>
        Environment.GetEnvironmentVariable("MINKA_FUZZ_SECONDS") is { Length: > 0 } seconds
            ? TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(
                double.Parse(seconds, CultureInfo.InvariantCulture))
            : round < Rounds;

    private static bool Refuses(FuzzTarget target, string path, int seed)
    {
        var (allocated, start) = (GC.GetAllocatedBytesForCurrentThread(), Now());
        var refused = false;
        try
        {
            target.Read(path);
        }
        catch (ModelFormatException e)
        {
            refused = true;
            Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
        }
        catch (Exception e)
        {
            Assert.Fail($"{target.Name}, seed {seed}: {e}");
        }
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.True(allocated < AllocatedMax, $"{target.Name}, seed {seed}: {allocated} bytes allocated.");
        Assert.True(TimeProvider.System.GetElapsedTime(start) < _slowest, $"{target.Name}, seed {seed}: slow.");
        return refused;
    }

    private static FuzzTarget Lay(TemporaryFolder folder, string kind)
    {
        var target = FuzzTarget.All.Single(target => target.Name == kind);
        foreach (var (name, bytes) in target.Files) folder.Write(name, bytes);
        return target;
    }

    private static long Now() => TimeProvider.System.GetTimestamp();
}
