using System.Text.Json;
using Minka.Models.Loading;
using Minka.Models.Tokenization.Normalizing;
using Minka.Models.Tokenization.Patterns;

namespace Minka.Models.Tokenization.Files;

/// <summary>Reads the field <c>normalizer</c> of <c>tokenizer.json</c>.</summary>
internal static class NormalizerJson
{
    /// <summary>Reads it; null stands for text as it is.</summary>
    public static INormalizer? Read(JsonElement? json) =>
        json is not { ValueKind: not JsonValueKind.Null } normalizer ? null : ReadStep(normalizer);

    /// <summary>Reads a replacement, as normalisers and decoders write it.</summary>
    public static INormalizer ReadReplace(JsonElement json)
    {
        var content = json.NeededText("content");
        var pattern = json.Field("pattern")
            ?? throw new ModelFormatException("A Replace in tokenizer.json has no pattern; one is needed.");
        if (pattern.Text("Regex") is { } regex) return new PatternReplaceNormalizer(Pattern.Parse(regex), content);
        var old = pattern.NeededText("String");
        return old.Length > 0 ? new ReplaceNormalizer(old, content)
            : throw new ModelFormatException("A Replace in tokenizer.json replaces the empty string; some text is "
                + "needed.");
    }

    private static INormalizer ReadStep(JsonElement json) => json.Type() switch
    {
        "Sequence" => new SequenceNormalizer([.. json.Items("normalizers").Select(ReadStep)]),
        "NFC" => new FormNormalizer(UnicodeNormalization.Nfc),
        "NFD" => new FormNormalizer(UnicodeNormalization.Nfd),
        "NFKC" => new FormNormalizer(UnicodeNormalization.Nfkc),
        "NFKD" => new FormNormalizer(UnicodeNormalization.Nfkd),
        "Prepend" => new PrependNormalizer(json.NeededText("prepend")),
        "Replace" => ReadReplace(json),
        "Lowercase" => new LowercaseNormalizer(),
        "Strip" => new StripNormalizer(json.Flag("strip_left", true), json.Flag("strip_right", true)),
        "StripAccents" => new StripAccentsNormalizer(),
        var other => throw new UnsupportedModelException($"normalizer {other}",
            $"tokenizer.json has a normalizer of type '{other}', which Minka does not know; it knows Sequence, NFC, "
            + "NFD, NFKC, NFKD, Prepend, Replace, Lowercase, Strip and StripAccents."),
    };
}
