using System.Text.Json;
using Minka.Compute;

namespace Minka.Golden;

/// <summary>
/// Real models against transformers (golden/hf with weights in models) : logits, greedy answers, perplexity.
/// </summary>
public sealed class RealModelGoldens
{
    private const string Folder = "golden/hf";
    private const float LogitTolerance = 1e-3f;

    public static TheoryData<string> Prompts() =>
        SharedFolder.Cases(Folder, path => File.Exists(Path.Combine(path, "prompts.json")));

    public static TheoryData<string> Perplexities() =>
        SharedFolder.Cases(Folder, path => File.Exists(Path.Combine(path, "perplexity.json")));

    public static TheoryData<string> Chats() =>
        SharedFolder.Cases(Folder, path => File.Exists(Path.Combine(path, "chat_nll.json")));

    [Theory, MemberData(nameof(Prompts))]
    public void Logits_and_greedy_answers_are_those_of_transformers(string name)
    {
        var folder = SharedFolder.Require(Folder, name);
        using var run = new GoldenRun(ModelPath(name), reference: true);

        foreach (var file in Directory.GetFiles(folder, "*.safetensors").Order(StringComparer.Ordinal))
        {
            var golden = new GoldenTensors(file);
            var prompt = golden.Ids("input_ids");
            var expected = golden.Floats("last_logits");

            var distance = Closeness.Distance(run.Run(prompt, 0, 1), expected);
            Assert.True(distance <= LogitTolerance, $"{file}: the last logits are off by {distance}.");
            if (golden.Has("logits"))
            {
                distance = Closeness.Distance(run.Run(prompt, 0, prompt.Length), golden.Floats("logits"));
                Assert.True(distance <= LogitTolerance, $"{file}: the logits are off by {distance}.");
            }
            var greedy = golden.Ids("greedy");
            Closeness.AssertGreedy(
                greedy, golden.Floats("greedy_margin"), run.Greedy(prompt, greedy.Length), LogitTolerance);
        }
    }

    [Theory, MemberData(nameof(Prompts))]
    public void Default_arithmetic_answers_where_the_margin_is_clear(string name)
    {
        const float int8Error = 0.5f;
        var folder = SharedFolder.Require(Folder, name);
        using var run = new GoldenRun(ModelPath(name), reference: false);

        foreach (var file in Directory.GetFiles(folder, "*.safetensors").Order(StringComparer.Ordinal))
        {
            var golden = new GoldenTensors(file);
            var prompt = golden.Ids("input_ids");
            var cosine = Closeness.Cosine(run.Run(prompt, 0, 1), golden.Floats("last_logits"));
            Assert.True(cosine > 0.999, $"{file}: the last logits have a cosine of {cosine}.");
            Closeness.AssertGreedy(
                golden.Ids("greedy"), golden.Floats("greedy_margin"), run.Greedy(prompt, 64), int8Error);
        }
    }

    [Theory, MemberData(nameof(Perplexities))]
    public void Perplexity_is_within_half_a_percent(string name)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(
            Path.Combine(SharedFolder.Require(Folder, name), "perplexity.json")));
        using var package = Minka.Models.ModelPackage.Open(ModelPath(name));
        using var run = new GoldenRun(ModelPath(name), reference: false);
        var window = golden.RootElement.GetProperty("window").GetInt32();
        var ids = package.Tokenizer.Encode(TextOf(golden.RootElement), addSpecial: false);
        Assert.Equal(golden.RootElement.GetProperty("tokens").GetInt32(), ids.Length);

        var sum = 0.0;
        for (var start = 0; start < ids.Length; start += window)
            sum += run.NegativeLogLikelihood(ids.AsSpan(start, Math.Min(window, ids.Length - start)));

        var mean = sum / golden.RootElement.GetProperty("predicted_tokens").GetInt32();
        var expected = golden.RootElement.GetProperty("perplexity").GetDouble();
        Assert.InRange(Math.Exp(mean), expected * 0.995, expected * 1.005);
    }

    [Theory, MemberData(nameof(Chats))]
    public void Quantising_on_load_costs_little_likelihood(string name)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(
            Path.Combine(SharedFolder.Require(Folder, name), "chat_nll.json")));
        var expected = golden.RootElement.GetProperty("mean_nll").GetDouble();

        // In f32 only the rounding of the weights is left; int8 activations and the f16 cache add their share.
        Assert.Equal(expected, MeanNll(name, golden.RootElement, reference: true, null), expected * 0.0005);
        Assert.Equal(expected, MeanNll(name, golden.RootElement, reference: true, DType.Q8_0), expected * 0.005);
        Assert.Equal(expected, MeanNll(name, golden.RootElement, reference: false, DType.Q8_0), expected * 0.015);
        var weightsAlone = MeanNll(name, golden.RootElement, reference: true, DType.Q4_0);
        var both = MeanNll(name, golden.RootElement, reference: false, DType.Q4_0);
        Assert.Equal(weightsAlone, both, weightsAlone * 0.015);
    }

    private static double MeanNll(string name, JsonElement golden, bool reference, DType? type)
    {
        using var run = new GoldenRun(ModelPath(name), reference, type);
        var sum = 0.0;
        foreach (var row in golden.GetProperty("rows").EnumerateArray())
        {
            var prompt = Ids(row.GetProperty("prompt_ids"));
            sum += run.NegativeLogLikelihood([.. prompt, .. Ids(row.GetProperty("continuation_ids"))], prompt.Length);
        }
        return sum / golden.GetProperty("tokens").GetInt32();
    }

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(id => id.GetInt32())];

    // "text/tinyshakespeare.txt, first 20000 bytes"
    private static string TextOf(JsonElement golden)
    {
        var parts = golden.GetProperty("text").GetString()!.Split(", first ");
        var bytes = int.Parse(parts[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        return System.Text.Encoding.UTF8.GetString(File.ReadAllBytes(SharedFolder.At(parts[0])).AsSpan(0, bytes));
    }

    internal static string ModelPath(string name)
    {
        var folder = SharedFolder.At("models", name);
        if (!Directory.Exists(folder)) Assert.Skip($"{folder} is absent: the weights of the golden answers '{name}'.");
        return folder;
    }
}
