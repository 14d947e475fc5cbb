namespace Minka.Engine.Constraints;

/// <summary>What a text must look like. Compiled once, however many requests have the same.</summary>
/// <remarks>Which parts of each language are understood is in <c>docs/constraints.md</c>; others are refused, never
/// ignored.</remarks>
/// <param name="Kind">The language of <paramref name="Source"/>.</param>
/// <param name="Source">The text of the constraint.</param>
public sealed record Constraint(ConstraintKind Kind, string Source)
{
    /// <summary>Any JSON object.</summary>
    public static readonly Constraint JsonObject = new(ConstraintKind.JsonSchema, """{"type":"object"}""");

    /// <summary>A JSON value that a schema of draft 2020-12 describes.</summary>
    public static Constraint JsonSchema(string schema) => new(ConstraintKind.JsonSchema, schema);

    /// <summary>A text that a regular expression matches as a whole.</summary>
    public static Constraint Regex(string pattern) => new(ConstraintKind.Regex, pattern);

    /// <summary>A text of a grammar in GBNF; its rule <c>root</c> is the whole.</summary>
    public static Constraint Grammar(string gbnf) => new(ConstraintKind.Grammar, gbnf);

    /// <summary>Tagged parts, such as calls of tools, alone or within free text.</summary>
    public static Constraint Tagged(TaggedText tagged) => new(ConstraintKind.Tagged, tagged.ToSource());

    /// <summary>One of several texts.</summary>
    public static Constraint Choice(IReadOnlyList<string> texts) =>
        new(ConstraintKind.Choice, string.Join(Sources.ChoiceReader.Separator, texts));

    /// <summary>Texts one after the other, each with a constraint of its own.</summary>
    public static Constraint Sequence(params IEnumerable<Constraint> parts) =>
        new(ConstraintKind.Sequence, Sources.PartsReader.Write(parts));

    /// <summary>Texts one after the other, or nothing at all.</summary>
    public static Constraint Optional(params IEnumerable<Constraint> parts) =>
        new(ConstraintKind.Optional, Sources.PartsReader.Write(parts));
}

/// <summary>Languages in which a constraint can be written.</summary>
public enum ConstraintKind
{
    /// <summary>A JSON schema.</summary>
    JsonSchema,

    /// <summary>A regular expression.</summary>
    Regex,

    /// <summary>A grammar in GBNF.</summary>
    Grammar,

    /// <summary>A list of texts.</summary>
    Choice,

    /// <summary>Tagged parts, in a form that only <see cref="Constraint.Tagged"/> writes.</summary>
    Tagged,

    /// <summary>Constraints one after the other.</summary>
    Sequence,

    /// <summary>Constraints one after the other, or nothing.</summary>
    Optional,
}
