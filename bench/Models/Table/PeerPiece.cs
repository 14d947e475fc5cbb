namespace Minka.Bench.Models.Table;

/// <summary>One model file, ours and the peer's program one after the other.</summary>
internal sealed class PeerPiece : TablePiece
{
    /// <summary>Head of the table.</summary>
    public const string Section = "| model | test | threads | minka tok/s | llama.cpp tok/s | ratio | must |";

    public required Contender Ours { get; init; }

    public required Contender Theirs { get; init; }

    public required string Model { get; init; }

    /// <summary>Tests as on llama-bench's command line.</summary>
    public required string Tests { get; init; }

    /// <summary>What to say about the model beside its file's name.</summary>
    public string Remark { get; init; } = "";

    public string OurFlags { get; init; } = "";

    public string TheirFlags { get; init; } = "";

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>What a prompt's ratio must be at depth 0; everything else must be 1.</summary>
    public string PromptMust { get; init; } = "1.0";

    public override IEnumerable<TableSample> RunRound()
    {
        var mine = Ours.Measure(Model, $"{Tests} {OurFlags}", Environment);
        var other = Theirs.Measure(Model, $"{Tests} {TheirFlags}", Environment);
        var name = Path.GetFileNameWithoutExtension(Model) + Remark;
        foreach (var (test, rate) in mine)
            yield return new(Section, $"{name} | {test.Name} | {test.Threads}", rate, other[test],
                test.Prompt > 0 && test.Depth == 0 ? PromptMust : "1.0");
    }
}
