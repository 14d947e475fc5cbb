using System.Text.Json;
using Minka.Models.Loading;

namespace Minka.Models.Tokenization.Files;

/// <summary>Reads the field <c>post_processor</c> of <c>tokenizer.json</c>: what is put around a text.</summary>
internal sealed class TemplateJson
{
    private readonly List<int> _prefix = [];
    private readonly List<int> _suffix = [];

    /// <summary>Reads it.</summary>
    public TemplateJson(JsonElement? json)
    {
        if (json is { ValueKind: not JsonValueKind.Null } processor) Add(processor);
    }

    /// <summary>Ids before the text.</summary>
    public IReadOnlyList<int> Prefix => _prefix;

    /// <summary>Ids behind it.</summary>
    public IReadOnlyList<int> Suffix => _suffix;

    private void Add(JsonElement json)
    {
        switch (json.Type())
        {
            case "Sequence":
                foreach (var step in json.Items("processors")) Add(step);
                break;
            case "ByteLevel":
                break;
            case "TemplateProcessing":
                AddTemplate(json);
                break;
            case "BertProcessing" or "RobertaProcessing":
                _prefix.Insert(0, IdOfPair(json, "cls"));
                _suffix.Add(IdOfPair(json, "sep"));
                break;
            case var other:
                throw new UnsupportedModelException($"post-processor {other}",
                    $"tokenizer.json has a post-processor of type '{other}', which Minka does not know; it knows "
                    + "Sequence, ByteLevel, TemplateProcessing, BertProcessing and RobertaProcessing.");
        }
    }

    private void AddTemplate(JsonElement json)
    {
        var before = new List<int>();
        var isBehindText = false;
        foreach (var piece in json.Items("single"))
        {
            if (piece.Field("SpecialToken") is { } token)
            {
                (isBehindText ? _suffix : before).AddRange(IdsOf(json, token.NeededText("id")));
            }
            else if (piece.Field("Sequence") is not null && !isBehindText) isBehindText = true;
            else throw new ModelFormatException("The template in tokenizer.json has a part that is neither a special "
                + "token nor the one text.");
        }
        _prefix.InsertRange(0, before);
    }

    private static IEnumerable<int> IdsOf(JsonElement json, string name) =>
        json.Field("special_tokens")?.Field(name)?.Items("ids").Select(Id)
        ?? throw new ModelFormatException($"The template in tokenizer.json uses '{name}' and does not list it among "
            + "its special tokens.");

    private static int IdOfPair(JsonElement json, string name) => json.Items(name).ElementAtOrDefault(1) is var id
        && id.ValueKind == JsonValueKind.Number ? Id(id)
        : throw new ModelFormatException($"The post-processor in tokenizer.json lacks a pair of text and id '{name}'.");

    private static int Id(JsonElement json) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var id) ? id
        : throw new ModelFormatException($"The post-processor in tokenizer.json has {json.ValueKind} where an id is "
            + "needed.");
}
