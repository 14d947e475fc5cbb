using System.Text.Json;
using Minka.Models.Templates;
using Minka.Models.Tests.Loading.Fuzzing;

namespace Minka.Models.Tests.Templates;

/// <summary>
/// Damaged templates are rendered or refused with a sentence: no other exception, no hang. For a long run set
/// <c>MINKA_FUZZ_SECONDS</c>.
/// </summary>
public sealed class TemplateFuzzTests
{
    private const int Rounds = 1500;

    /// <summary>Enough for any chat of the cases, so that a damaged template that runs away costs little.</summary>
    private static readonly TemplateLimits _limits = TemplateLimits.Default with
    {
        StepsMax = 300_000,
        BytesMax = 64 << 20,
    };

    [Fact]
    public void A_damaged_template_renders_or_is_refused()
    {
        var templates = Templates();
        var (refused, rounds) = FuzzRounds.Run(Rounds, seed =>
        {
            var source = new TemplateMutator(seed).Mutate(templates);
            return FuzzRounds.Refuses<TemplateException>($"seed {seed}, {source}", long.MaxValue,
                () => ChatTemplate.Parse(source, _limits).Render(Chat()),
                refusal => refusal.IsRaised || refusal.Message.EndsWith('.'));
        });

        Assert.True(rounds - refused > 100, $"Only {rounds - refused} damaged templates rendered.");
        Assert.True(refused > 100, $"Only {refused} damaged templates were refused.");
    }

    /// <summary>The recorded snippets, and the published templates where the shared folder has them.</summary>
    private static List<string> Templates()
    {
        var recorded = SourceTree.At("tests", "Models.Tests", "Templates", "recorded.jsonl");
        var templates = File.ReadLines(recorded).Skip(1)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("source").GetString()!).ToList();
        var shared = Path.Combine(SourceTree.Shared, "templates");
        if (!Directory.Exists(shared)) return templates;

        // As often as the snippets, which are many and short.
        var published = Directory.GetFiles(shared, "*.jinja").Order(StringComparer.Ordinal).Select(File.ReadAllText);
        return [.. templates, .. Enumerable.Repeat(published, 100).SelectMany(all => all)];
    }

    private static ChatTemplateInput Chat() => new()
    {
        Messages = TemplateValue.FromJson(JsonDocument.Parse(
            """
            [{"role": "system", "content": "Be nice."}, {"role": "user", "content": "Hi 😀"},
             {"role": "assistant", "content": null, "tool_calls": [{"id": "abcdefghi", "type": "function",
              "function": {"name": "f", "arguments": {"x": 1.5, "y": [true, null]}}}]},
             {"role": "tool", "content": [{"type": "text", "text": "ok"}], "tool_call_id": "abcdefghi"}]
            """).RootElement),
        Tools = TemplateValue.FromJson(JsonDocument.Parse(
            """
            [{"type": "function", "function": {"name": "f", "description": "F", "parameters": {"type": "object"}}}]
            """).RootElement),
        AddGenerationPrompt = true,
        BosToken = "<s>",
        EosToken = "</s>",
        Variables = new Dictionary<string, TemplateValue>
        {
            ["n"] = TemplateValue.From(7),
            ["l"] = TemplateValue.From([TemplateValue.From(3), TemplateValue.From(1), TemplateValue.From(2)]),
            ["s"] = TemplateValue.From("  Hello, World  "),
        },
        Time = StoppedClock.NewYear,
    };
}
