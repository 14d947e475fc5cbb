using System.Runtime.CompilerServices;

namespace Minka.Models.Templates.Syntax;

/// <summary>Tokens with a place to stand at.</summary>
internal sealed class TokenStream(IReadOnlyList<Token> tokens)
{
    private const int NestingMax = 100;

    private int _position;
    private int _nesting;

    /// <summary>The token it stands at.</summary>
    public Token Current => tokens[_position];

    /// <summary>The token after.</summary>
    public Token Following => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    /// <summary>Whether it stands at one of these operators.</summary>
    public bool IsAt(params ReadOnlySpan<string> symbols) =>
        Current.Kind == TokenKind.Operator && symbols.Contains(Current.Text);

    /// <summary>Whether it stands at this word.</summary>
    public bool IsAtWord(string word) => Current.IsName(word);

    /// <summary>The current token; goes to the next.</summary>
    public Token Take()
    {
        var token = Current;
        if (_position < tokens.Count - 1) _position++;
        return token;
    }

    /// <summary>Passes an operator if it stands at it.</summary>
    public bool TrySkip(string symbol)
    {
        if (!Current.IsOperator(symbol)) return false;
        Take();
        return true;
    }

    /// <summary>Passes a word if it stands at it.</summary>
    public bool TrySkipWord(string word)
    {
        if (!Current.IsName(word)) return false;
        Take();
        return true;
    }

    /// <summary>Passes an operator that must be there.</summary>
    public Token Expect(string symbol) => Current.IsOperator(symbol) ? Take() : throw Unexpected($"'{symbol}'");

    /// <summary>Passes a word that must be there.</summary>
    public Token ExpectWord(string word) => Current.IsName(word) ? Take() : throw Unexpected($"'{word}'");

    /// <summary>Passes a token of a kind that must be there.</summary>
    public Token Expect(TokenKind kind, string what) => Current.Kind == kind ? Take() : throw Unexpected(what);

    /// <summary>The error of standing at something else.</summary>
    public TemplateException Unexpected(string needed) =>
        TemplateException.At(Current.Line, $"{Current.Description} stands where {needed} must follow.");

    /// <summary>Goes one bracket, operand or block deeper.</summary>
    public void Enter()
    {
        if (++_nesting > NestingMax || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw TemplateException.At(Current.Line, $"it is nested deeper than {NestingMax}, which is the limit.");
    }

    /// <summary>Comes back from <see cref="Enter"/>.</summary>
    public void Leave() => _nesting--;
}
