using System.Text.Json;
using Minka.Models.Templates;

namespace Minka.Models.Tests.Templates;

/// <summary>Templates as they lie in models.</summary>
public sealed class ModelTemplateTests
{
    private static readonly string[] _modelFiles = [".gguf", "config.json"];

    [Fact]
    public void The_built_in_model_makes_the_prompts_of_its_golden_answers()
    {
        var folder = SourceTree.BuiltInFolder;
        using var model = ModelPackage.Open(Directory.GetFiles(folder, "*.gguf").Single());
        var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "golden.json"))).RootElement;

        foreach (var answer in golden.GetProperty("cases").EnumerateArray())
        {
            var hasTools = answer.TryGetProperty("tools", out var tools);
            var prompt = model.ChatTemplate!.Render(new ChatTemplateInput
            {
                Messages = TemplateValue.FromJson(answer.GetProperty("messages")),
                Tools = hasTools ? TemplateValue.FromJson(tools) : TemplateValue.None,
                AddGenerationPrompt = true,
            });

            Assert.Equal(answer.GetProperty("prompt").GetString(), prompt);
        }
    }

    [Fact]
    public void Every_model_at_hand_renders_what_its_user_says_last()
    {
        var paths = Directory.Exists(SourceTree.Shared)
            ? Directory.EnumerateFiles(Path.Combine(SourceTree.Shared, "models"), "*", SearchOption.AllDirectories)
                .Where(path => _modelFiles.Any(end => path.EndsWith(end, StringComparison.Ordinal)))
                .Where(path => Path.GetFileName(path) is not ("generation_config.json" or "tokenizer_config.json"))
                .Order(StringComparer.Ordinal).ToList()
            : [];
        if (paths.Count == 0) Assert.Skip($"No model below '{SourceTree.Shared}'.");
        var rendered = 0;

        foreach (var path in paths)
        {
            var isFile = Path.GetExtension(path) == ".gguf";
            using var model = ModelPackage.Open(isFile ? path : Path.GetDirectoryName(path)!);
            if (model.ChatTemplate is not { } template) continue;
            var prompt = template.Render(new ChatTemplateInput
            {
                Messages = TemplateValue.From(
                    [new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hi 😀")]),
                AddGenerationPrompt = true,
            });

            Assert.Matches("(?s)Be brief\\..*Hi 😀.*assistant\n", prompt);
            rendered++;
        }

        Assert.True(rendered > 0, $"None of {paths.Count} models has a template.");
    }
}
