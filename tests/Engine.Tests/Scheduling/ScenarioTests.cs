namespace Minka.Engine.Tests.Scheduling;

/// <summary>The scheduler's decisions, told as files; <c>MINKA_REWRITE=1</c> writes them anew, to be read as a
/// diff.</summary>
public class ScenarioTests
{
    public static TheoryData<string> Files =>
        [.. Directory.GetFiles(Folder, "*.txt").Select(path => Path.GetFileNameWithoutExtension(path)).Order()];

    [Theory, MemberData(nameof(Files))]
    public void The_scheduler_decides_as_the_file_says(string name)
    {
        var path = Path.Combine(Folder, name + ".txt");
        var expected = File.ReadAllText(path);

        var actual = Scenario.Replay(expected);

        if (Environment.GetEnvironmentVariable("MINKA_REWRITE") == "1") File.WriteAllText(path, actual);
        else Assert.Equal(expected, actual);
    }

    private static string Folder => SourceTree.At("tests", "Engine.Tests", "Scenarios");
}
