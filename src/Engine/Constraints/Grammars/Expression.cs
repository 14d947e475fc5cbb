using System.Text;

namespace Minka.Engine.Constraints.Grammars;

/// <summary>What a rule matches. Every constraint, whatever its source, becomes rules of these.</summary>
internal abstract record Expression
{
    /// <summary>These bytes.</summary>
    public sealed record Literal(ReadOnlyMemory<byte> Bytes) : Expression;

    /// <summary>One code point of a set, in UTF-8.</summary>
    public sealed record OneOf(CodePoints Set) : Expression;

    /// <summary>One after the other.</summary>
    public sealed record Row(IReadOnlyList<Expression> Parts) : Expression;

    /// <summary>Any one of them.</summary>
    public sealed record Either(IReadOnlyList<Expression> Parts) : Expression;

    /// <summary>So many times; <see cref="Unbounded"/> sets no limit.</summary>
    public sealed record Repeat(Expression Part, int Least, int Most) : Expression;

    /// <summary>Any text in which none of these stands.</summary>
    public sealed record Without(IReadOnlyList<string> Texts) : Expression;

    /// <summary>What another rule matches, or this one again.</summary>
    public sealed record Call(Rule Rule) : Expression;

    /// <summary>No upper limit of repetitions.</summary>
    public const int Unbounded = int.MaxValue;

    /// <summary>Matches the empty text.</summary>
    public static readonly Expression Empty = new Row([]);

    public static Expression Text(string text) => new Literal(Encoding.UTF8.GetBytes(text));

    public static Expression Then(params Expression[] parts) => new Row(parts);

    public static Expression Any(params Expression[] parts) => new Either(parts);

    public Expression Optional() => new Repeat(this, 0, 1);

    public Expression Times(int least, int most) => new Repeat(this, least, most);
}

/// <summary>An expression with a name, which others may call.</summary>
/// <param name="name">For messages.</param>
internal sealed class Rule(string name)
{
    public string Name { get; } = name;

    /// <summary>Set after construction, since rules may call each other in a circle.</summary>
    public Expression Body { get; set; } = Expression.Empty;

    public Expression Call() => new Expression.Call(this);
}

/// <summary>A constraint that cannot be used: what was found, and where.</summary>
/// <param name="message">One sentence.</param>
internal sealed class GrammarException(string message) : Exception(message);
