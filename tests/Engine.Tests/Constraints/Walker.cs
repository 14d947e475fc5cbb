using Minka.Engine.Constraints;
using Minka.Engine.Constraints.Masks;

namespace Minka.Engine.Tests.Constraints;

/// <summary>Writes random texts that a constraint allows, token by token, as a model without a mind would.</summary>
internal static class Walker
{
    private static readonly ConstraintCompiler Compiler = new(Vocabularies.Small);

    public static GrammarMasks Compile(Constraint constraint) => Compiler.Compile(constraint);

    /// <summary>A random text; after <paramref name="patience"/> tokens it ends as soon as it may, or is given
    /// up.</summary>
    public static string? Write(GrammarMasks masks, Random random, int patience)
    {
        var matcher = new ConstraintMatcher(masks);
        List<int> ids = [];
        while (!matcher.IsComplete)
        {
            if (matcher.CanEnd && (ids.Count > patience || random.Next(10) == 0)) break;
            if (ids.Count > patience + 2000) return null;
            var id = Choose(matcher.Allowed(), random, ids.Count > patience);
            ids.Add(id);
            matcher.Append(id);
        }
        return Vocabularies.TextOf(ids);
    }

    /// <summary>Whether a constraint allows a text, byte by byte.</summary>
    public static bool Allows(GrammarMasks masks, string text)
    {
        var matcher = new ConstraintMatcher(masks);
        foreach (var value in System.Text.Encoding.UTF8.GetBytes(text))
        {
            if (!matcher.Allowed()[1 + value]) return false;
            matcher.Append(1 + value);
        }
        return matcher.CanEnd;
    }

    private static int Choose(TokenMask allowed, Random random, bool isInAHurry)
    {
        var ids = Enumerable.Range(0, Vocabularies.Small.Count).Where(id => allowed[id]).ToArray();
        Assert.True(ids.Length > 0, "Nothing may follow, and the text may not end.");
        // What closes something, when the text is long enough.
        var closing = ids.Where(id => Vocabularies.Small.BytesOf(id)[0] is 0x22 or 0x5D or 0x7D).ToArray();
        return isInAHurry && closing.Length > 0 && random.Next(4) > 0
            ? closing[random.Next(closing.Length)]
            : ids[random.Next(ids.Length)];
    }
}
