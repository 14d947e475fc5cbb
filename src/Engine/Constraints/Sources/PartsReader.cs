using System.Globalization;
using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Sources;

/// <summary>Constraints made of others. Each part stands in the source as <c>kind:characters:source</c>, so that
/// nothing in it needs an escape.</summary>
internal static class PartsReader
{
    public static string Write(IEnumerable<Constraint> parts) => string.Concat(parts.Select(part =>
        string.Create(CultureInfo.InvariantCulture, $"{(int)part.Kind}:{part.Source.Length}:{part.Source}")));

    /// <summary>What each part matches, one after the other.</summary>
    /// <param name="source">As <see cref="Write"/> writes it.</param>
    /// <param name="read">Reads a part.</param>
    public static Expression.Row Read(string source, Func<Constraint, Rule> read)
    {
        List<Expression> parts = [];
        for (var at = 0; at < source.Length;)
        {
            var kind = TakeNumber(source, ref at);
            var length = TakeNumber(source, ref at);
            if (length > source.Length - at)
                throw new GrammarException($"A part of {length} characters ends after {source.Length - at}.");
            parts.Add(read(new Constraint((ConstraintKind)kind, source.Substring(at, length))).Call());
            at += length;
        }
        return new(parts);
    }

    private static int TakeNumber(string source, ref int at)
    {
        var end = source.IndexOf(':', at);
        if (end < 0 || !int.TryParse(
            source.AsSpan(at..end), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new GrammarException($"Parts need 'kind:characters:source'; at character {at} there is none.");
        at = end + 1;
        return number;
    }
}
