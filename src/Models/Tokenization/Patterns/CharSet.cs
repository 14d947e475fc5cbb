using System.Globalization;
using System.Text;

namespace Minka.Models.Tokenization.Patterns;

/// <summary>A set of code points, as a regular expression writes it.</summary>
/// <remarks>A union of ranges, categories and sets; then a complement; then intersections. ASCII is a bitmap.</remarks>
internal sealed class CharSet
{
    private readonly (int First, int Last)[] _ranges;
    private readonly uint _categories;
    private readonly CharSet[] _members;
    private readonly CharSet[] _alsoIn;
    private readonly bool _negated;
    private readonly bool _ignoreCase;
    private readonly UInt128 _ascii;

    private CharSet(Builder from, bool negated, bool ignoreCase)
    {
        _ranges = [.. from.Ranges];
        _categories = from.Categories;
        _members = [.. from.Members];
        _alsoIn = [.. from.AlsoIn];
        _negated = negated;
        _ignoreCase = ignoreCase;
        for (var c = 0; c < 128; c++)
        {
            if (Test(c)) _ascii |= UInt128.One << c;
        }
    }

    /// <summary>Whether a code point is in the set. A lone surrogate is in complements only.</summary>
    public bool Contains(int codePoint) =>
        codePoint < 128 ? (_ascii >> codePoint & UInt128.One) != UInt128.Zero : Test(codePoint);

    private bool Test(int codePoint)
    {
        var found = InUnion(codePoint) || (_ignoreCase && InUnionByCase(codePoint));
        if (found == _negated) return false;
        foreach (var set in _alsoIn)
        {
            if (!set.Contains(codePoint)) return false;
        }
        return true;
    }

    private bool InUnion(int codePoint)
    {
        foreach (var (first, last) in _ranges)
        {
            if (codePoint >= first && codePoint <= last) return true;
        }
        var category = (int)CharUnicodeInfo.GetUnicodeCategory(codePoint);
        if ((_categories >> category & 1) != 0) return true;
        foreach (var set in _members)
        {
            if (set.Contains(codePoint)) return true;
        }
        return false;
    }

    // Simple case folding; the long s and the Kelvin sign fold to ASCII letters.
    private bool InUnionByCase(int codePoint)
    {
        var folded = codePoint switch { 0x17F => 's', 0x212A => 'k', _ => codePoint };
        if (!Rune.TryCreate(folded, out var rune)) return false;
        var lower = Rune.ToLowerInvariant(rune).Value;
        return InUnion(Rune.ToUpperInvariant(rune).Value) || InUnion(lower)
            || (lower == 's' && InUnion(0x17F)) || (lower == 'k' && InUnion(0x212A));
    }

    /// <summary>One code point.</summary>
    public static CharSet Single(int codePoint, bool ignoreCase)
    {
        var builder = new Builder();
        builder.Ranges.Add((codePoint, codePoint));
        return builder.Build(negated: false, ignoreCase);
    }

    /// <summary>Collects what a set is made of.</summary>
    internal sealed class Builder
    {
        public List<(int First, int Last)> Ranges { get; } = [];

        public uint Categories { get; set; }

        public List<CharSet> Members { get; } = [];

        public List<CharSet> AlsoIn { get; } = [];

        public CharSet Build(bool negated, bool ignoreCase = false) => new(this, negated, ignoreCase);
    }
}
