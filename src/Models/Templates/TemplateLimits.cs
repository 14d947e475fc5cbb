namespace Minka.Models.Templates;

/// <summary>What a template may use before it is stopped. A chat of a thousand messages uses a hundredth.</summary>
internal sealed record TemplateLimits
{
    /// <summary>The limits of every template outside the tests.</summary>
    public static readonly TemplateLimits Default = new();

    /// <summary>Characters of a template's source.</summary>
    public int SourceCharsMax { get; init; } = 1 << 20;

    /// <summary>Nodes evaluated, items visited, and 32-character pieces of text scanned.</summary>
    public long StepsMax { get; init; } = 20_000_000;

    /// <summary>Characters of any one text, the rendering included.</summary>
    public int TextCharsMax { get; init; } = 1 << 25;

    /// <summary>Bytes of all the texts, lists and mappings made while rendering, dead ones included.</summary>
    public long BytesMax { get; init; } = 1L << 29;

    /// <summary>Macros and recursive loops inside each other.</summary>
    public int CallDepthMax { get; init; } = 200;

    /// <summary>Bits of a whole number that arithmetic may make.</summary>
    public int IntegerBitsMax { get; init; } = 1024;

    /// <summary>Items of one <c>range</c>; Jinja's sandbox has the same.</summary>
    public int RangeItemsMax { get; init; } = 100_000;
}
