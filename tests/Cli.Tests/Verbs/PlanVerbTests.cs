using System.Text.Json;
using Minka.Plan;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests.Verbs;

/// <summary>Plans of the built-in model: 5 layers, 8 heads, 4 for keys and values.</summary>
public sealed class PlanVerbTests : IDisposable
{
    private const string Four = "a:9000,b:9000,c:9000,d:9000";
    private readonly string _folder = Directory.CreateTempSubdirectory("minka").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("plan.yaml", "version: 1")]
    [InlineData("plan.json", "{")]
    public async Task A_new_plan_is_written_shown_and_sound(string name, string start)
    {
        var file = Path.Combine(_folder, name);

        var made = await MinkaAsync(["plan", "new", file, "--workers", Four, "--tp", "2", "--pp", "2"]);
        var check = await MinkaAsync(["plan", "check", file]);

        Assert.Equal((0, ""), (made.Code, made.Error));
        Assert.StartsWith(start, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal(made, check);
        Assert.Contains("minka-tiny: 5 layers of width 256, 8 heads, 4 for keys and values", check.Out,
            StringComparison.Ordinal);
        // stage, layers, rank, address, heads, KV heads
        Assert.Matches(@"\n +0 +0-2 +0 +a:9000 +0-3 +0-1 ", check.Out);
        Assert.Matches(@"\n +1 +3-4 +3 +d:9000 +4-7 +2-3 ", check.Out);
        Assert.Matches(@"\nd needs 1\d\d\.\d MiB: weights 1\.\d, KV cache ", check.Out);
    }

    [Theory]
    [InlineData(), InlineData("-")]
    public async Task Without_a_file_the_plan_goes_to_the_output(params string[] file)
    {
        var (code, output, _) = await MinkaAsync(
            ["plan", "new", .. file, "--workers", "a:1,b:1,c:1", "--shares", "2,1,1", "--json"]);

        using var json = JsonDocument.Parse(output);
        var heads = json.RootElement.GetProperty("replicas")[0].GetProperty("stages")[0].GetProperty("ranks")
            .EnumerateArray().Select(rank => rank.GetProperty("heads").GetRawText().Replace(" ", "").Replace("\n", ""));
        Assert.Equal(0, code);
        Assert.Equal(["[0,4]", "[4,6]", "[6,8]"], heads);
    }

    [Fact]
    public async Task What_is_no_plan_and_no_topology_is_said_without_names_of_types()
    {
        var text = Path.Combine(_folder, "letter.txt");
        await File.WriteAllTextAsync(text, "hello\n", TestContext.Current.CancellationToken);

        Assert.Equal((2, "", $"minka: '{text}' is no plan: $: The value is none that this field takes.\n"),
            await MinkaAsync(["plan", "check", text]));
        Assert.Equal((2, "", "minka: There is no file 'none'; minka probe --topology writes one.\n"),
            await MinkaAsync(["plan", "check", await PlanAsync(), "--topology", "none"]));
    }

    [Fact]
    public async Task Who_has_which_experts_is_shown()
    {
        var file = Path.Combine(_folder, "mixture.json");
        await File.WriteAllTextAsync(file, PlanJson.Write(PlanBuilder.Build(new()
        {
            Model = new()
            {
                Name = "mixture", Hash = new('a', 64), Layers = 2, Width = 64, Heads = 4, KvHeads = 2, HeadDim = 32,
                FeedForwardWidth = 0, VocabularySize = 320, Experts = 8, Bytes = new(1, 0, 8 << 20, 1, 1, 1),
            },
            Workers = ["a:9000", "b:9000"], Shares = "3,1",
        })), TestContext.Current.CancellationToken);

        var (code, output, error) = await MinkaAsync(["plan", "check", file]);

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("2 for keys and values, 8 experts; 16.0 MiB of weights", output, StringComparison.Ordinal);
        Assert.Contains("experts", output, StringComparison.Ordinal);
        Assert.DoesNotContain("feed-forward", output, StringComparison.Ordinal);
        // heads, KV heads, experts, vocabulary, weights
        Assert.Matches(@"\n +0 +0-1 +0 +a:9000 +0-3 +0-1 +0-5 +0-239 +12\.0 ", output);
        Assert.Matches(@"\n +0 +0-1 +1 +b:9000 +- +- +6-7 +240-319 +4\.0 ", output);
    }

    [Fact]
    public async Task What_is_wrong_is_said_in_sentences_all_at_once()
    {
        var file = await PlanAsync();
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        text = text.Replace("\"a:9000\"", "\"nowhere\"", StringComparison.Ordinal)
            .Replace("rank: 1\n", "rank: 7\n", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

        var (code, output, error) = await MinkaAsync(["plan", "check", file]);

        Assert.Equal((1, ""), (code, output));
        Assert.Contains("Rank 7 stands where rank 1 is due", error, StringComparison.Ordinal);
        Assert.Contains("Rank 0 listens on 'nowhere'; needed is host:port.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_that_does_not_suffice_is_shown_as_arithmetic()
    {
        var (code, _, error) = await MinkaAsync(["plan", "check", await PlanAsync(), "--memory", "100"]);

        Assert.Equal(1, code);
        Assert.Contains("node 'a': Needed are 0.14 GiB (rank 0: weights 0.00, KV 0.00, working 0.14); 'a' offers 0.10",
            error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Programs_get_the_same_as_json()
    {
        var (code, output, error) = await MinkaAsync(
            ["plan", "check", await PlanAsync(), "--memory", "100", "--json"]);

        using var json = JsonDocument.Parse(output);
        Assert.Equal((1, ""), (code, error));
        Assert.False(json.RootElement.GetProperty("is_valid").GetBoolean());
        Assert.Equal(4, json.RootElement.GetProperty("violations").GetArrayLength());
    }

    [Theory]
    [InlineData("There is no plan; name its file.", "check")]
    [InlineData("A plan cannot be 'old'; minka plan takes new or check.", "old")]
    [InlineData("There is no machine to plan for; name some with --workers HOST:PORT,...", "new")]
    [InlineData("There is no file 'nowhere.yaml'; minka plan new makes a plan.", "check", "nowhere.yaml")]
    public async Task Wrong_usage_is_one_sentence(string sentence, params string[] words) => Assert.Equal(
        (2, "", $"minka: {sentence}\n"), await MinkaAsync(["plan", .. words]));

    [Fact]
    public async Task A_file_that_is_no_plan_says_where()
    {
        var file = Path.Combine(_folder, "broken.yaml");
        await File.WriteAllTextAsync(file, "version: one\n", TestContext.Current.CancellationToken);

        var (code, _, error) = await MinkaAsync(["plan", "check", file]);

        Assert.Equal(2, code);
        Assert.Contains("is no plan: $.version", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--report")]
    [InlineData("--trace", "trace.json")]
    [InlineData("--tp", "2")]
    public async Task Options_about_machines_want_machines(params string[] options)
    {
        var (code, _, error) = await MinkaAsync(["run", "Hello!", .. options]);

        Assert.Equal((2, $"minka: {options[0]} is about several machines; name them with --workers.\n"), (code, error));
    }

    private async Task<string> PlanAsync()
    {
        var file = Path.Combine(_folder, "four.yaml");
        Assert.Equal(0, (await MinkaAsync(["plan", "new", file, "--workers", Four])).Code);
        return file;
    }
}
