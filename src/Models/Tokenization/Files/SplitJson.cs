using System.Text.Json;
using Minka.Models.Loading;
using Minka.Models.Tokenization.Patterns;
using Minka.Models.Tokenization.Splitting;

namespace Minka.Models.Tokenization.Files;

/// <summary>Reads the field <c>pre_tokenizer</c> of <c>tokenizer.json</c>.</summary>
internal sealed class SplitJson
{
    private static readonly Gpt2Scanner Gpt2 = new();

    private static readonly Dictionary<string, WordScanner> Scanners = new WordScanner[]
    {
        Gpt2,
        new Cl100kScanner(digits: 1, CharKind.Letter, longS: true),
        new Cl100kScanner(digits: 3, CharKind.Letter, longS: true),
        new Cl100kScanner(digits: 1, CharKind.Letter | CharKind.Mark, longS: true),
        new O200kScanner(digits: 3, contractions: true, asLlamaCpp: false),
        new O200kScanner(digits: 1, contractions: false, asLlamaCpp: false),
    }.ToDictionary(scanner => scanner.Pattern, StringComparer.Ordinal);

    private readonly List<ISplitStep> _steps = [];
    private string? _name;

    private SplitJson() { }

    /// <summary>Reads it.</summary>
    /// <param name="json">The field.</param>
    /// <param name="isByteLevel">Pieces are encoded byte by byte.</param>
    /// <param name="name">What the splitting is called, for people.</param>
    public static IReadOnlyList<ISplitStep> Read(JsonElement? json, out bool isByteLevel, out string name)
    {
        var split = new SplitJson();
        if (json is { ValueKind: not JsonValueKind.Null } step) split.Add(step);
        isByteLevel = split._steps.Exists(step => step is ByteLetterSplit);

        // Pieces are turned into bytes anyway; letters are only needed where a later step looks at them.
        if (split._steps is [.., ByteLetterSplit]) split._steps.RemoveAt(split._steps.Count - 1);
        name = split._name ?? (split._steps.Count == 0 ? "no split" : "own split");
        return split._steps;
    }

    private void Add(JsonElement json)
    {
        switch (json.Type())
        {
            case "Sequence":
                foreach (var step in json.Items("pretokenizers")) Add(step);
                break;
            case "ByteLevel":
                AddByteLevel(json);
                break;
            case "Split":
                AddSplit(json);
                break;
            case "Metaspace":
                AddMetaspace(json);
                break;
            case "Digits":
                AddPattern(@"\p{N}", json.Flag("individual_digits", false) ? SplitBehavior.Isolated
                    : SplitBehavior.Contiguous);
                break;
            case "Whitespace":
                AddPattern(@"\w+|[^\w\s]+", SplitBehavior.Removed, isInverted: true);
                break;
            case "WhitespaceSplit":
                AddPattern(@"\s", SplitBehavior.Removed);
                break;
            case "Punctuation":
                AddPattern(@"[\p{P}!-/:-@\[-`{-~]", Behavior(json.Text("behavior") ?? "Isolated"));
                break;
            case "BertPreTokenizer":
                AddPattern(@"\s", SplitBehavior.Removed);
                AddPattern(@"[\p{P}!-/:-@\[-`{-~]", SplitBehavior.Isolated);
                break;
            case "CharDelimiterSplit":
                _steps.Add(new PatternSplit(Pattern.Literal(json.NeededText("delimiter")), SplitBehavior.Removed));
                break;
            case var other:
                throw new UnsupportedModelException($"pre-tokenizer {other}",
                    $"tokenizer.json has a pre-tokenizer of type '{other}', which Minka does not know; it knows "
                    + "Sequence, ByteLevel, Split, Metaspace, Digits, Whitespace, WhitespaceSplit, Punctuation, "
                    + "BertPreTokenizer and CharDelimiterSplit.");
        }
    }

    private void AddByteLevel(JsonElement json)
    {
        if (_steps.Exists(step => step is ByteLetterSplit))
            throw new ModelFormatException("tokenizer.json has two ByteLevel pre-tokenizers; one may turn bytes into "
                + "letters.");
        if (json.Flag("add_prefix_space", true)) _steps.Add(new SpacePrefix());
        if (json.Flag("use_regex", true)) AddScanner(Gpt2);
        _steps.Add(new ByteLetterSplit());
    }

    private void AddSplit(JsonElement json)
    {
        var behavior = Behavior(json.NeededText("behavior"));
        var isInverted = json.Flag("invert", false);
        var field = json.Field("pattern")
            ?? throw new ModelFormatException("A Split in tokenizer.json has no pattern; one is needed.");
        if (field.Text("Regex") is not { } regex)
        {
            var literal = Pattern.Literal(field.NeededText("String"));
            _steps.Add(new PatternSplit(literal, behavior, isInverted));
            return;
        }

        // A scanner leaves nothing between its pieces, so keeping only those is the same as isolating them.
        var keepsAll = (behavior == SplitBehavior.Isolated && !isInverted)
            || (behavior == SplitBehavior.Removed && isInverted);
        if (keepsAll && Scanners.TryGetValue(regex, out var scanner)) AddScanner(scanner);
        else AddPattern(regex, behavior, isInverted);
    }

    private void AddMetaspace(JsonElement json)
    {
        var replacement = json.Text("replacement") ?? "▁";
        if (replacement.Length != 1)
            throw new ModelFormatException($"A Metaspace in tokenizer.json replaces spaces by '{replacement}'; one "
                + "letter is needed.");
        var prepend = json.Flag("add_prefix_space", true) ? Scheme(json) : PrependScheme.Never;
        _steps.Add(new MetaspaceSplit(replacement[0], prepend, json.Flag("split", true)));
        _name ??= "metaspace";
    }

    /// <summary>Reads where a Metaspace puts its letter.</summary>
    public static PrependScheme Scheme(JsonElement json) => json.Text("prepend_scheme") switch
    {
        null or "always" => PrependScheme.Always,
        "first" => PrependScheme.First,
        "never" => PrependScheme.Never,
        var other => throw new ModelFormatException($"A Metaspace in tokenizer.json has the prepend_scheme '{other}'; "
            + "always, first or never is needed."),
    };

    private void AddScanner(WordScanner scanner)
    {
        _steps.Add(new ScannerSplit(scanner));
        _name ??= scanner.Name;
    }

    private void AddPattern(string pattern, SplitBehavior behavior, bool isInverted = false) =>
        _steps.Add(new PatternSplit(Pattern.Parse(pattern), behavior, isInverted));

    private static SplitBehavior Behavior(string name) => name switch
    {
        "Isolated" or "isolated" => SplitBehavior.Isolated,
        "Removed" or "removed" => SplitBehavior.Removed,
        "MergedWithPrevious" or "merged_with_previous" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" or "merged_with_next" => SplitBehavior.MergedWithNext,
        "Contiguous" or "contiguous" => SplitBehavior.Contiguous,
        _ => throw new ModelFormatException($"A Split in tokenizer.json has the behavior '{name}'; Isolated, Removed, "
            + "MergedWithPrevious, MergedWithNext or Contiguous is needed."),
    };
}
