using System.Reflection;
using Minka.Cluster.Protocol;
using Minka.Cluster.Weights;
using Minka.Models;
using Minka.Models.Tests.Architectures;

namespace Minka.Cluster.Tests.Weights;

/// <summary>What a worker is told of a model is all there is to know.</summary>
public sealed class ModelManifestTests
{
    public static TheoryData<string> Architectures() =>
        [.. Models.Architectures.Architectures.All.Select(one => one.Name)];

    [Theory, MemberData(nameof(Architectures))]
    public void Hyperparameters_and_weights_survive_the_wire(string architecture)
    {
        using var file = new RandomModel(RandomModel.ConfigOf(architecture), 7);
        var facts = ModelFacts.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(
            ModelManifest.Of(file).ToFacts()));

        var read = ModelManifest.Read(facts, PlannedModel.ShapeOf(file));

        Assert.Equivalent(file.Config, read.Config, strict: true);
        Assert.Equal(ModelManifest.Of(file).Weights, read.Weights);
    }

    /// <summary>A kind of scaling that JSON does not know would throw here.</summary>
    [Fact]
    public void Every_rope_scaling_survives_the_wire()
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 7);
        RopeScaling[] all =
        [
            RopeScaling.None, new RopeScaling.Linear(2.5f), new RopeScaling.Llama3(8, 1, 4, 8192),
            new RopeScaling.Yarn(4, 4096, 32, 1, 1.1386f, true), new RopeScaling.DynamicNtk(2, 2048),
        ];
        Assert.Equal(typeof(RopeScaling).GetNestedTypes(BindingFlags.Public).Length, all.Length);

        foreach (var scaling in all)
        {
            var config = file.Config with
            {
                Windows = [.. Enumerable.Range(0, file.Config.Layers)],
                Rope = file.Config.Rope with { Scaling = scaling, FrequencyDivisors = [1.5f, 0.1f] },
            };
            var facts = new ModelManifest(config, new Dictionary<string, WeightShape>()).ToFacts();

            var read = ModelManifest.Read(facts, PlannedModel.ShapeOf(file)).Config;

            Assert.Equal(scaling, read.Rope.Scaling);
            Assert.Equal([1.5f, 0.1f], read.Rope.FrequencyDivisors);
            Assert.Equal(config.Windows, read.Windows);
        }
    }

    [Theory]
    [InlineData("../../etc/passwd", "F32", 4, 4)]
    [InlineData(".hidden", "F32", 4, 4)]
    [InlineData("", "F32", 4, 4)]
    [InlineData("a/b", "F32", 4, 4)]
    [InlineData("a", "F33", 4, 4)]
    [InlineData("a", "77", 4, 4)]
    [InlineData("a", "Q8_0", 4, 33)]
    [InlineData("a", "F32", 0, 4)]
    [InlineData("a", "F32", 4, -1)]
    public void Weights_that_cannot_be_are_refused(string name, string type, int rows, int columns)
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 7);
        var facts = ModelManifest.Of(file).ToFacts();
        facts.Weights.Add(new WeightFacts { Name = name, Type = type, Rows = rows, Columns = columns });

        Assert.Throws<ModelFormatException>(() => ModelManifest.Read(facts, PlannedModel.ShapeOf(file)));
    }

    [Theory, InlineData(""), InlineData("{}"), InlineData("null"), InlineData("[1"), InlineData("{\"Layers\":1e99}")]
    public void Hyperparameters_that_cannot_be_read_are_refused(string json)
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 7);
        var facts = ModelManifest.Of(file).ToFacts();
        facts.ConfigJson = json;

        Assert.Throws<ModelFormatException>(() => ModelManifest.Read(facts, PlannedModel.ShapeOf(file)));
    }

    [Fact]
    public void A_model_that_is_not_the_plans_is_refused()
    {
        using var file = new RandomModel(RandomModel.ConfigOf("llama"), 7);
        var shape = PlannedModel.ShapeOf(file);

        Assert.Throws<ModelFormatException>(
            () => ModelManifest.Read(ModelManifest.Of(file).ToFacts(), shape with { Layers = shape.Layers + 1 }));
    }
}
