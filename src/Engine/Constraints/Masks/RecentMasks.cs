using System.Runtime.InteropServices;
using Minka.Engine.Constraints.Automata;

namespace Minka.Engine.Constraints.Masks;

/// <summary>The masks that one text met last: it meets the same ones again and again, such as those within a
/// string.</summary>
/// <param name="vocabularySize">Tokens.</param>
internal sealed class RecentMasks(int vocabularySize)
{
    private const int Count = 24;

    private readonly Entry[] _entries = new Entry[Count];
    private long _now;

    private sealed class Entry(int vocabularySize)
    {
        public List<StackNode> Stacks { get; } = [];

        public TokenMask Mask { get; } = new(vocabularySize);

        public long UsedAt { get; set; }
    }

    /// <summary>The mask of a set of stacks, or an empty one to be filled for it.</summary>
    /// <returns>False when it must be filled.</returns>
    public bool TryGet(ReadOnlySpan<StackNode> stacks, out TokenMask mask)
    {
        _now++;
        var oldest = 0;
        for (var i = 0; i < Count; i++)
        {
            var entry = _entries[i] ??= new(vocabularySize);
            if (entry.UsedAt > 0 && stacks.SequenceEqual(CollectionsMarshal.AsSpan(entry.Stacks)))
            {
                entry.UsedAt = _now;
                mask = entry.Mask;
                return true;
            }
            if (entry.UsedAt < _entries[oldest].UsedAt) oldest = i;
            if (entry.UsedAt == 0) break;
        }
        var taken = _entries[oldest];
        taken.Stacks.Clear();
        taken.Stacks.AddRange(stacks);
        taken.UsedAt = _now;
        taken.Mask.Clear();
        mask = taken.Mask;
        return false;
    }
}
