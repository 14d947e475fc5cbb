using System.Text;
using System.Text.Json.Nodes;

namespace Minka.Plan.Tests;

public sealed class PlanJsonTests
{
    private static readonly ClusterPlan _plan = PlanBuilder.Build(Models.Request(Models.Llama1B, 4, tensor: 2) with
    {
        Collectives = new() { Hidden = new(CollectiveAlgorithm.TwoShot, WireFormat.Q8), Boundary = WireFormat.F16 },
    });

    [Fact]
    public void A_plan_survives_json() =>
        Assert.Equal(PlanJson.Write(_plan), PlanJson.Write(Read(PlanJson.Write(_plan))));

    [Fact]
    public void A_plan_survives_yaml()
    {
        var yaml = PlanJson.WriteYaml(_plan);

        Assert.Contains("layers: [0, 8]", yaml, StringComparison.Ordinal);
        Assert.Contains("algorithm: \"two-shot\"", yaml, StringComparison.Ordinal);
        Assert.Equal(PlanJson.Write(_plan), PlanJson.Write(Read(yaml)));
    }

    [Fact]
    public void A_plan_of_experts_survives_both()
    {
        var plan = PlanBuilder.Build(Models.Request(Models.Mixture, 2));
        var yaml = PlanJson.WriteYaml(plan);

        Assert.Contains("denseLayers: [0, 2]", yaml, StringComparison.Ordinal);
        Assert.Contains("experts: [4, 8]", yaml, StringComparison.Ordinal);
        Assert.Equal(PlanJson.Write(plan), PlanJson.Write(Read(yaml)));
        Assert.Equal(PlanJson.Write(plan), PlanJson.Write(Read(PlanJson.Write(plan))));
    }

    [Fact]
    public void A_topology_survives_both()
    {
        var topology = new Topology(
            [new()
            {
                Name = "a", Address = "a:9000", MemoryBytes = 8L << 30,
                Devices = [new()
                {
                    Kind = "cpu", Threads = 4, ReadBytesPerSecond = new(11.4e9, FigureSource.Measured),
                    FlopsPerSecond = new(1e11, FigureSource.Default),
                }],
            }],
            [new("a", "b", new(100, FigureSource.Measured), new(250.5, FigureSource.Declared),
                new(117.7e6, FigureSource.Measured))]);
        var json = PlanJson.Write(topology);

        Assert.Equal(json, PlanJson.Write(PlanJson.ReadTopology(Encoding.UTF8.GetBytes(json))));
        Assert.Equal(json, PlanJson.Write(PlanJson.ReadTopology(Encoding.UTF8.GetBytes(PlanJson.WriteYaml(topology)))));
    }

    [Fact]
    public void An_unknown_field_is_refused_with_its_path()
    {
        var text = ReplaceLast(PlanJson.Write(_plan), "\"kvHeads\"", "\"kvHead\"");

        AssertRefused("$.replicas[0].stages[1].ranks[1]", "kvHead", text);
    }

    [Theory]
    [InlineData("collectives")]
    [InlineData("kv")]
    [InlineData("collectives", "hidden")]
    [InlineData("collectives", "boundary")]
    public void What_a_text_leaves_out_has_its_default(params string[] path)
    {
        var plan = PlanBuilder.Build(Models.Request(Models.Llama1B, 4, tensor: 2));
        var json = JsonNode.Parse(PlanJson.Write(plan))!;
        var replica = json["replicas"]![0]!.AsObject();
        (path.Length == 1 ? replica : replica[path[0]]!.AsObject()).Remove(path[^1]);
        json["model"]!.AsObject().Remove("denseLayers");

        var read = Read(json.ToJsonString());

        Assert.Empty(PlanRules.Check(read));
        Assert.Equal(PlanJson.Write(plan), PlanJson.Write(read));
    }

    [Theory]
    [InlineData("{}", "It lacks 'model', 'replicas'.")]
    [InlineData("{\"replicas\": 5}", "The value is none that this field takes.")]
    [InlineData("{\"modle\": {}}", "There is no field 'modle' here.")]
    [InlineData("{\"epoch\": 1, \"epoch\": 1}", "'epoch' stands here twice; once is needed.")]
    [InlineData("hello", "The value is none that this field takes.")]
    public void No_type_of_the_program_is_named(string text, string sentence) => Assert.Equal(
        sentence, Assert.Single(Assert.Throws<PlanException>(() => Read(text)).Violations).Sentence);

    [Theory]
    [InlineData("{}", "model")]
    [InlineData("null", "null")]
    [InlineData("", "")]
    [InlineData("[1", "")]
    [InlineData("{\"version\": 1, \"version\": 2}", "version")]
    [InlineData("{\"version\": 99999999999999}", "")]
    [InlineData("{\"model\": {\"name\": null}}", "Name")]
    [InlineData("a: &x 1\nb: *x", "an anchor")]
    [InlineData("a: !!python/object:os.system {}", "a tag")]
    [InlineData("a: 1\n---\nb: 2", "a second document")]
    [InlineData("? {a: b}\n: c", "a key that is no text")]
    [InlineData("a: [1, 2", "not YAML")]
    public void What_is_no_plan_is_refused_with_a_sentence(string text, string part) => AssertRefused("", part, text);

    [Fact]
    public void Null_entries_are_refused() => AssertRefused("replicas", "null",
        PlanJson.Write(_plan with { Replicas = [] }).Replace("\"replicas\": []", "\"replicas\": [null]",
            StringComparison.Ordinal));

    [Fact]
    public void Deep_and_long_texts_are_refused()
    {
        AssertRefused("", "depth", string.Concat(Enumerable.Repeat("[", 100)));
        AssertRefused("(text)", "at most 4194304 are read", new string(' ', PlanJson.BytesMax + 1));
    }

    /// <summary>Any one changed, dropped or doubled byte gives a plan or a sentence, never another exception.</summary>
    [Fact]
    public void Damaged_texts_never_crash()
    {
        var random = new Random(7);
        byte[][] texts =
            [Encoding.UTF8.GetBytes(PlanJson.Write(_plan)), Encoding.UTF8.GetBytes(PlanJson.WriteYaml(_plan))];
        var refused = 0;
        for (var round = 0; round < 3000; round++)
        {
            var text = (byte[])texts[round % 2].Clone();
            for (var i = random.Next(1, 4); i > 0; i--) text[random.Next(text.Length)] = (byte)random.Next(256);
            try
            {
                _ = PlanRules.Check(PlanJson.Read(text));
            }
            catch (PlanException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 500, 3000);
    }

    [Fact]
    public void The_hash_covers_content_and_not_the_epoch()
    {
        Assert.Equal(PlanJson.Hash(_plan), PlanJson.Hash(_plan with { Epoch = 9 }));
        Assert.NotEqual(PlanJson.Hash(_plan), PlanJson.Hash(_plan with { Model = _plan.Model with { Layers = 17 } }));
        Assert.Matches("^[0-9a-f]{64}$", PlanJson.Hash(_plan));
    }

    private static ClusterPlan Read(string text) => PlanJson.Read(Encoding.UTF8.GetBytes(text));

    private static void AssertRefused(string where, string part, string text)
    {
        var violation = Assert.Single(Assert.Throws<PlanException>(() => Read(text)).Violations);
        Assert.StartsWith(where, violation.Where, StringComparison.Ordinal);
        Assert.Contains(part, violation.Sentence, StringComparison.Ordinal);
    }

    private static string ReplaceLast(string text, string what, string by)
    {
        var at = text.LastIndexOf(what, StringComparison.Ordinal);
        return text[..at] + by + text[(at + what.Length)..];
    }
}
