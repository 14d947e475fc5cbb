using System.Text;

namespace Minka.Models.Tokenization.Normalizing;

/// <summary>The four normalisation forms of Unicode.</summary>
/// <remarks>
/// <c>string.Normalize</c> needs ICU outside ASCII: under <c>InvariantGlobalization</c>, which Minka is built with, it
/// returns its input. Algorithm: Unicode Standard Annex 15; Hangul: section 3.12 of the Unicode Standard.
/// </remarks>
internal sealed class UnicodeNormalization
{
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28, SyllableCount = 11_172;

    private static readonly Lazy<DecompositionTable> Table = new(DecompositionTable.Load);

    private readonly DecompositionTable _table;
    private readonly Dictionary<int, int[]> _decompositions;
    private readonly bool _composes;
    private readonly bool[] _isStable = new bool[0x10000];

    private UnicodeNormalization(bool compatibility, bool composes)
    {
        _table = Table.Value;
        _decompositions = compatibility ? _table.Compatibility : _table.Canonical;
        _composes = composes;
        for (var c = 0; c < _isStable.Length; c++) _isStable[c] = IsStable(c);
    }

    /// <summary>Canonical composition.</summary>
    public static UnicodeNormalization Nfc => FormC.Value;

    /// <summary>Canonical decomposition.</summary>
    public static UnicodeNormalization Nfd => FormD.Value;

    /// <summary>Compatibility decomposition, then canonical composition.</summary>
    public static UnicodeNormalization Nfkc => FormKC.Value;

    /// <summary>Compatibility decomposition.</summary>
    public static UnicodeNormalization Nfkd => FormKD.Value;

    private static readonly Lazy<UnicodeNormalization> FormC = new(() => new(compatibility: false, composes: true));
    private static readonly Lazy<UnicodeNormalization> FormD = new(() => new(compatibility: false, composes: false));
    private static readonly Lazy<UnicodeNormalization> FormKC = new(() => new(compatibility: true, composes: true));
    private static readonly Lazy<UnicodeNormalization> FormKD = new(() => new(compatibility: true, composes: false));

    /// <summary>Normalises a text; lone surrogates become U+FFFD where anything changes.</summary>
    public string Normalize(string text)
    {
        var isStable = true;
        foreach (var unit in text) isStable &= _isStable[unit];
        if (isStable) return text;

        var points = new List<int>(text.Length + 16);
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, points);
        Reorder(points);
        if (_composes) Compose(points);

        var result = new StringBuilder(points.Count + 16);
        foreach (var point in points) result.Append(new Rune(point));
        return result.ToString();
    }

    // Text of stable units only is normalised already. Surrogates are looked at as whole code points, so never stable.
    private bool IsStable(int c)
    {
        if (char.IsSurrogate((char)c) || _table.Class(c) != 0) return false;
        if (!_composes) return !_decompositions.ContainsKey(c) && !IsSyllable(c);
        if (c is >= VowelBase and < VowelBase + VowelCount or > TrailBase and < TrailBase + TrailCount) return false;
        if (_table.IsSecond(c)) return false;
        return !_decompositions.TryGetValue(c, out var parts) || (_table.Composes(c) && IsCanonical(c, parts));
    }

    private bool IsCanonical(int c, int[] parts) =>
        _table.Canonical.TryGetValue(c, out var canonical) && canonical.AsSpan().SequenceEqual(parts);

    private static bool IsSyllable(int c) => c is >= SyllableBase and < SyllableBase + SyllableCount;

    private void Decompose(int point, List<int> into)
    {
        if (IsSyllable(point))
        {
            var index = point - SyllableBase;
            into.Add(LeadBase + index / (VowelCount * TrailCount));
            into.Add(VowelBase + index % (VowelCount * TrailCount) / TrailCount);
            if (index % TrailCount != 0) into.Add(TrailBase + index % TrailCount);
        }
        else if (_decompositions.TryGetValue(point, out var parts)) into.AddRange(parts);
        else into.Add(point);
    }

    // Marks between two starters stand in the order of their classes; equal classes keep their order.
    private void Reorder(List<int> points)
    {
        for (var start = 0; start < points.Count; start++)
        {
            var end = start;
            while (end < points.Count && _table.Class(points[end]) != 0) end++;
            if (end - start > 1)
            {
                var sorted = points[start..end].OrderBy(_table.Class).ToArray();
                for (var i = 0; i < sorted.Length; i++) points[start + i] = sorted[i];
            }
            if (end > start) start = end;
        }
    }

    private void Compose(List<int> points)
    {
        var (starter, written, lastClass) = (-1, 0, -1);
        for (var i = 0; i < points.Count; i++)
        {
            var point = points[i];
            var pointClass = _table.Class(point);
            var isBlocked = lastClass >= pointClass && lastClass != -1;
            if (starter >= 0 && !isBlocked && TryCompose(points[starter], point, out var composed))
            {
                points[starter] = composed;
                continue;
            }
            points[written++] = point;
            if (pointClass == 0) (starter, lastClass) = (written - 1, -1);
            else lastClass = pointClass;
        }
        points.RemoveRange(written, points.Count - written);
    }

    private bool TryCompose(int first, int second, out int composed)
    {
        if (first is >= LeadBase and < LeadBase + LeadCount && second is >= VowelBase and < VowelBase + VowelCount)
        {
            composed = SyllableBase + ((first - LeadBase) * VowelCount + second - VowelBase) * TrailCount;
            return true;
        }
        if (IsSyllable(first) && (first - SyllableBase) % TrailCount == 0
            && second is > TrailBase and < TrailBase + TrailCount)
        {
            composed = first + second - TrailBase;
            return true;
        }
        return _table.TryCompose(first, second, out composed);
    }
}
