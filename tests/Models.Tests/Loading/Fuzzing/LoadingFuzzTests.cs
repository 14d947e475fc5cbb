namespace Minka.Models.Tests.Loading.Fuzzing;

/// <summary>
/// Whatever a model file holds, it is read or refused with a sentence: no other exception, no hang, no large
/// allocation. For a long run set <c>MINKA_FUZZ_SECONDS</c>, which each kind of file then gets.
/// </summary>
public sealed class LoadingFuzzTests
{
    private const int Rounds = 500;
    private const long AllocatedMax = 8 << 20;

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
        var (refused, rounds) = FuzzRounds.Run(Rounds, seed =>
        {
            var path = folder.Write(target.File, new Mutator(seed).Mutate(target.Files[target.File]));
            return FuzzRounds.Refuses<ModelFormatException>(
                $"{kind}, seed {seed}", AllocatedMax, () => target.Read(path));
        });

        Assert.True(refused > rounds / 20, $"Only {refused} of {rounds} damaged files were refused.");
    }

    private static FuzzTarget Lay(TemporaryFolder folder, string kind)
    {
        var target = FuzzTarget.All.Single(target => target.Name == kind);
        foreach (var (name, bytes) in target.Files) folder.Write(name, bytes);
        return target;
    }
}
