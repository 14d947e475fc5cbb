using System.Numerics;

namespace Minka.Models.Templates.Syntax;

/// <summary>Kinds of tokens; an operator is its own kind with its characters as text.</summary>
internal enum TokenKind
{
    /// <summary>Text outside of tags.</summary>
    Text,

    /// <summary><c>{{</c></summary>
    PrintBegin,

    /// <summary><c>}}</c></summary>
    PrintEnd,

    /// <summary><c>{%</c></summary>
    TagBegin,

    /// <summary><c>%}</c></summary>
    TagEnd,

    /// <summary>An identifier or a keyword.</summary>
    Name,

    /// <summary>A quoted string, unescaped.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with a fraction or an exponent.</summary>
    Float,

    /// <summary>An operator or a bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}

/// <summary>A word of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its characters; for a string its value.</param>
/// <param name="Line">One-based line.</param>
/// <param name="Integer">Value of an <see cref="TokenKind.Integer"/>.</param>
/// <param name="Float">Value of a <see cref="TokenKind.Float"/>.</param>
internal readonly record struct Token(
    TokenKind Kind, string Text, int Line, BigInteger Integer = default, double Float = 0)
{
    /// <summary>Whether it is the operator <paramref name="symbol"/>.</summary>
    public bool IsOperator(string symbol) => Kind == TokenKind.Operator && Text == symbol;

    /// <summary>Whether it is the word <paramref name="word"/>.</summary>
    public bool IsName(string word) => Kind == TokenKind.Name && Text == word;

    /// <summary>The token in an error message.</summary>
    public string Description => Kind switch
    {
        TokenKind.Text => "text",
        TokenKind.End => "the end of the template",
        TokenKind.String => $"the string '{Shorten(Text)}'",
        _ => $"'{Shorten(Text)}'",
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : string.Concat(text.AsSpan(0, 40), "…");
}
