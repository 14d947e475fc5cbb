using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources;

/// <summary>A list of texts, one of which is the whole.</summary>
internal static class ChoiceReader
{
    /// <summary>Stands between texts; no text holds it.</summary>
    public const char Separator = '\0';

    public static Rule Read(string source)
    {
        var texts = source.Split(Separator);
        if (texts.Contains("")) throw new GrammarException("A choice is empty; each needs at least one character.");
        return new("choice") { Body = new Expression.Either([.. texts.Select(Expression.Text)]) };
    }
}
