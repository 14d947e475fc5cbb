using System.Text.Json;
using Minka.Models;

namespace Minka.Golden;

/// <summary>
/// The built-in model against its golden answers: the template's text, the tokens, the greedy answers.
/// </summary>
public sealed class BuiltInModelGoldens
{
    private const float ClearMargin = 0.05f;
    private static readonly string Folder = SourceTree.BuiltInFolder;

    [Theory, InlineData(true), InlineData(false)]
    public void Every_answer_is_the_golden_one(bool reference)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "golden.json")));
        using var run = new GoldenRun(Path.Combine(Folder, "minka-tiny.Q8_0.gguf"), reference);
        var findings = new List<string>();

        foreach (var row in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var expected = Ids(row.GetProperty("ids"));
            var actual = run.Greedy(Ids(row.GetProperty("prompt_ids")), expected.Length);
            var upTo = row.GetProperty("min_margin").GetDouble() > ClearMargin
                ? expected.Length : row.GetProperty("min_margin_at").GetInt32();
            if (!expected.AsSpan(0, upTo).SequenceEqual(actual.ToArray().AsSpan(0, upTo)))
                findings.Add($"{row.GetProperty("prompt").GetString()}: [{string.Join(' ', actual)}]");
        }

        Assert.True(findings.Count == 0, string.Join('\n', findings));
    }

    [Fact]
    public void Prompts_and_answers_pass_through_template_and_tokenizer()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "golden.json")));
        using var package = ModelPackage.Open(Path.Combine(Folder, "minka-tiny.Q8_0.gguf"));

        foreach (var row in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var prompt = row.GetProperty("prompt").GetString()!;
            Assert.Equal(Ids(row.GetProperty("prompt_ids")), package.Tokenizer.Encode(prompt, addSpecial: false));
            Assert.Equal(row.GetProperty("text").GetString(), package.Tokenizer.Decode(Ids(row.GetProperty("ids"))));
        }
    }

    private static int[] Ids(JsonElement array) => [.. array.EnumerateArray().Select(id => id.GetInt32())];
}
