using System.Text;
using Minka.Models.Tokenization.Merging;

namespace Minka.Models.Tests.Tokenization;

/// <summary>Merging: an example worked by hand, and the heap against the plain search.</summary>
public sealed class MergeLoopTests
{
    [Fact]
    public void Pairs_merge_in_the_order_of_their_ranks_from_left_to_right()
    {
        // a b a b b: rank 0 makes ab twice, rank 1 makes (ab)(ab), rank 2 is for ab b and comes too late.
        var merges = new MergeTable(3);
        merges.Add(0, 1, rank: 0, merged: 2, replaces: false);
        merges.Add(2, 2, rank: 1, merged: 3, replaces: false);
        merges.Add(2, 1, rank: 2, merged: 4, replaces: false);

        var symbols = Symbols([0, 1, 0, 1, 1]);
        new MergeLoop().Run(new RankedMerges(merges), "ababb"u8, symbols);

        Assert.Equal([new Symbol(3, 0, 4), new Symbol(1, 4, 5)], symbols);
    }

    [Fact]
    public void The_heap_merges_as_the_search_does()
    {
        var random = new Random(5);
        for (var round = 0; round < 300; round++)
        {
            var rule = new RankedMerges(RandomMerges(random));
            int[] ids = [.. Enumerable.Range(0, random.Next(1, 120)).Select(_ => random.Next(4))];
            var (found, heaped) = (Symbols(ids), Symbols(ids));

            new MergeLoop().RunBySearch(rule, new byte[ids.Length], found);
            new MergeLoop().RunByHeap(rule, new byte[ids.Length], heaped);

            Assert.Equal(found, heaped);
        }
    }

    [Fact]
    public void The_heap_merges_by_scores_as_the_search_does()
    {
        var random = new Random(6);
        var texts = new ByteTexts.Builder();
        var seen = new HashSet<string>();
        while (seen.Count < 60)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => (char)random.Next('a', 'd')));
            if (seen.Add(text)) texts.Add(Encoding.ASCII.GetBytes(text));
        }
        var pieces = new PieceTable(texts.Build());
        for (var id = 0; id < 60; id++) pieces.TryAdd(id);

        // Few different scores, so that many pairs are equally good.
        var rule = ScoredMerges.Over(pieces, [.. Enumerable.Range(0, 60).Select(_ => -random.Next(4) / 2f)]);
        for (var round = 0; round < 300; round++)
        {
            var piece = new byte[random.Next(1, 120)];
            for (var i = 0; i < piece.Length; i++) piece[i] = (byte)random.Next('a', 'd');
            int[] ids = [.. piece.Select(letter => pieces.Find([letter]))];
            var (found, heaped) = (Symbols(ids), Symbols(ids));

            new MergeLoop().RunBySearch(rule, piece, found);
            new MergeLoop().RunByHeap(rule, piece, heaped);

            Assert.Equal(found, heaped);
        }
    }

    [Theory]
    [InlineData(1f, 0f)]
    [InlineData(0f, -1f)]
    [InlineData(-1f, -2f)]
    [InlineData(float.MaxValue, 1f)]
    [InlineData(-1f, float.NegativeInfinity)]
    [InlineData(float.NegativeInfinity, float.NaN)]
    public void A_better_score_merges_first(float better, float worse)
    {
        // "ab" and "bc" overlap in "abc": the better one is made, whichever side it stands on.
        foreach (var (ab, bc, expected) in new[] { (better, worse, "ab"), (worse, better, "bc") })
        {
            var texts = new ByteTexts.Builder();
            foreach (var text in new[] { "a", "b", "c", "ab", "bc" }) texts.Add(Encoding.ASCII.GetBytes(text));
            var pieces = new PieceTable(texts.Build());
            for (var id = 0; id < 5; id++) pieces.TryAdd(id);
            var symbols = Symbols([0, 1, 2]);

            new MergeLoop().Run(ScoredMerges.Over(pieces, [0, 0, 0, ab, bc]), "abc"u8, symbols);

            Assert.Contains(symbols, symbol => symbol.Id == (expected == "ab" ? 3 : 4));
        }
    }

    private static List<Symbol> Symbols(int[] ids) => [.. ids.Select((id, at) => new Symbol(id, at, at + 1))];

    private static MergeTable RandomMerges(Random random)
    {
        var merges = new MergeTable(40);
        for (var rank = 0; rank < 40; rank++)
            merges.Add(random.Next(20), random.Next(20), random.Next(10), random.Next(20), replaces: false);
        return merges;
    }
}
