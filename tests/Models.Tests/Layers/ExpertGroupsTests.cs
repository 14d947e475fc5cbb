using Minka.Models.Layers;

namespace Minka.Models.Tests.Layers;

public sealed class ExpertGroupsTests
{
    [Fact]
    public void Tokens_are_found_by_the_experts_they_go_to_in_order()
    {
        var groups = new ExpertGroups(experts: 4, active: 2, tokensMax: 8);
        Write(groups, [3, 1, 0, 3, 3, 0], [0.9f, 0.1f, 0.8f, 0.2f, 0.7f, 0.3f]);

        groups.Sort(3);

        Assert.Equal([1, 2], groups.RowsOf(0..1).ToArray());
        Assert.Equal([0.8f, 0.3f], groups.SharesOf(0..1).ToArray());
        Assert.Equal([0], groups.RowsOf(1..2).ToArray());
        Assert.Equal([0.1f], groups.SharesOf(1..2).ToArray());
        Assert.Empty(groups.RowsOf(2..3).ToArray());
        Assert.Equal([0, 1, 2], groups.RowsOf(3..4).ToArray());
        Assert.Equal([0.9f, 0.2f, 0.7f], groups.SharesOf(3..4).ToArray());
    }

    [Fact]
    public void Experts_are_taken_together_as_far_as_there_is_room()
    {
        var groups = new ExpertGroups(experts: 5, active: 2, tokensMax: 4);
        Write(groups, [0, 1, 1, 3, 1, 3, 0, 3], [1, 2, 3, 4, 5, 6, 7, 8]);

        groups.Sort(4);

        Assert.Equal([2, 3, 0, 3, 0], groups.CountsOf(0..5).ToArray());
        Assert.Equal(0..3, groups.Fitting(0..5, 5));
        Assert.Equal(0..5, groups.Fitting(0..5, 8));
        Assert.Equal(1..3, groups.Fitting(1..5, 5));
        Assert.Equal(3..4, groups.Fitting(3..4, 3));
        Assert.Equal([0, 1, 2, 1, 2, 3], groups.RowsOf(1..4).ToArray());
        Assert.Equal([2, 3, 5, 4, 6, 8], groups.SharesOf(1..4).ToArray());
    }

    [Fact]
    public void A_smaller_step_forgets_the_one_before()
    {
        var groups = new ExpertGroups(experts: 2, active: 1, tokensMax: 4);
        Write(groups, [1, 1, 0, 1], [1, 1, 1, 1]);
        groups.Sort(4);
        Write(groups, [0], [0.5f]);

        groups.Sort(1);

        Assert.Equal([0], groups.RowsOf(0..1).ToArray());
        Assert.Empty(groups.RowsOf(1..2).ToArray());
    }

    private static void Write(ExpertGroups groups, int[] chosen, float[] shares)
    {
        var tokens = shares.Length / (groups.Chosen(1).Length);
        chosen.CopyTo(groups.Chosen(tokens));
        shares.CopyTo(groups.Shares(tokens));
    }
}
