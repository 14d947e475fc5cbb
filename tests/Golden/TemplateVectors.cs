using System.Text.Json;
using Minka.Models.Templates;

namespace Minka.Golden;

/// <summary>Every rendering in <c>templates/cases.jsonl</c> against what transformers wrote.</summary>
public class TemplateVectors
{
    private static readonly Lazy<IReadOnlyDictionary<string, JsonElement>> _cases = new(Load);

    public static TheoryData<string> Names => [.. _cases.Value.Keys.DefaultIfEmpty("none")];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_template_renders_what_transformers_renders(string name)
    {
        if (!_cases.Value.TryGetValue(name, out var golden))
            Assert.Skip($"{SharedFolder.At("templates")} has no cases.jsonl; set MINKA_SHARED to one that has.");

        var (text, fault) = Render(golden);

        if (golden.GetProperty("expected").ValueKind == JsonValueKind.String)
        {
            Assert.Null(fault);
            Assert.Equal(golden.GetProperty("expected").GetString(), text);
            return;
        }

        var kind = golden.GetProperty("error_kind").GetString();
        if (fault is null && golden.TryGetProperty("expected_if_mutable", out var mutable))
        {
            Assert.Equal(mutable.GetString(), text);
            return;
        }

        Assert.NotNull(fault);
        Assert.Equal(kind == "raise_exception", fault.IsRaised);
        if (fault.IsRaised) Assert.Equal(golden.GetProperty("error").GetString(), fault.Message);
    }

    private static (string? Text, TemplateException? Fault) Render(JsonElement golden)
    {
        try
        {
            var file = golden.GetProperty("template").GetString()!;
            var template = ChatTemplate.Parse(File.ReadAllText(SharedFolder.At("templates", file)));
            return (template.Render(InputOf(golden)), null);
        }
        catch (TemplateException fault)
        {
            return (null, fault);
        }
    }

    /// <summary>The tokens go as variables: a null one was defined, too, where the cases were made.</summary>
    private static ChatTemplateInput InputOf(JsonElement golden) => new()
    {
        Messages = TemplateValue.FromJson(golden.GetProperty("messages")),
        Tools = TemplateValue.FromJson(golden.GetProperty("tools")),
        AddGenerationPrompt = golden.GetProperty("add_generation_prompt").GetBoolean(),
        Variables = golden.GetProperty("kwargs").EnumerateObject()
            .Concat(golden.EnumerateObject().Where(property => property.Name is "bos_token" or "eos_token"))
            .DistinctBy(property => property.Name)
            .ToDictionary(property => property.Name, property => TemplateValue.FromJson(property.Value)),
        Time = new StoppedClock(),
    };

    /// <summary>Cases by template and name; a name that occurs again gets its line.</summary>
    private static Dictionary<string, JsonElement> Load()
    {
        var cases = new Dictionary<string, JsonElement>();
        var path = SharedFolder.At("templates", "cases.jsonl");
        if (!File.Exists(path)) return cases;
        var line = 0;
        foreach (var text in File.ReadLines(path).Where(text => text.Length > 0))
        {
            var golden = JsonDocument.Parse(text).RootElement;
            var name = $"{golden.GetProperty("template").GetString()}: {golden.GetProperty("name").GetString()}";
            line++;
            if (!cases.TryAdd(name, golden)) cases.Add($"{name} (case {line})", golden);
        }

        return cases;
    }

    /// <summary>Time stands still where the cases were made.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2025, 1, 2, 0, 0, 0, TimeSpan.Zero);
    }
}
