using System.Text;
using Minka.Engine.Constraints.Grammars;

namespace Minka.Engine.Constraints.Automata;

/// <summary>An automaton over code points that notices certain texts (Aho and Corasick 1975), to keep away from
/// them.</summary>
internal sealed class AvoidedTexts
{
    private readonly List<string> _beginnings = [""];

    /// <summary>The automaton of some texts, none of them empty.</summary>
    public AvoidedTexts(IReadOnlyList<string> texts)
    {
        var letters = texts.SelectMany(text => text.EnumerateRunes()).Distinct().ToArray();
        foreach (var text in texts)
        {
            var length = 0;
            foreach (var letter in text.EnumerateRunes())
            {
                var beginning = text[..length];
                if (!_beginnings.Contains(beginning)) _beginnings.Add(beginning);
                length += letter.Utf16SequenceLength;
            }
        }
        foreach (var beginning in _beginnings) Steps.Add(StepsFrom(beginning, letters, texts));
    }

    /// <summary>For each state, of which 0 is the first: sets of code points, and the state after them.</summary>
    public List<List<(CodePoints Set, int To)>> Steps { get; } = [];

    private List<(CodePoints, int)> StepsFrom(string beginning, Rune[] letters, IReadOnlyList<string> texts)
    {
        var known = CodePoints.Of([.. letters.Select(letter => (letter.Value, letter.Value))]);
        var sets = new Dictionary<int, CodePoints> { [0] = CodePoints.All.Except(known) };
        foreach (var letter in letters)
        {
            var read = beginning + letter;
            if (texts.Any(text => read.EndsWith(text, StringComparison.Ordinal))) continue;
            var to = LongestEnd(read);
            var one = CodePoints.Of((letter.Value, letter.Value));
            sets[to] = sets.TryGetValue(to, out var others) ? others.Or(one) : one;
        }
        return [.. sets.Select(pair => (pair.Value, pair.Key))];
    }

    /// <summary>The longest end of what was read that some text begins with.</summary>
    private int LongestEnd(string read)
    {
        for (var start = 0; start < read.Length; start++)
            if (_beginnings.IndexOf(read[start..]) is >= 0 and var found) return found;
        return 0;
    }
}
