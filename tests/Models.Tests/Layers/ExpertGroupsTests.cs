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

        Assert.Equal([1, 2], groups.RowsOf(0).ToArray());
        Assert.Equal([0.8f, 0.3f], groups.SharesOf(0).ToArray());
        Assert.Equal([0], groups.RowsOf(1).ToArray());
        Assert.Equal([0.1f], groups.SharesOf(1).ToArray());
        Assert.Empty(groups.RowsOf(2).ToArray());
        Assert.Equal([0, 1, 2], groups.RowsOf(3).ToArray());
        Assert.Equal([0.9f, 0.2f, 0.7f], groups.SharesOf(3).ToArray());
    }

    [Fact]
    public void A_smaller_step_forgets_the_one_before()
    {
        var groups = new ExpertGroups(experts: 2, active: 1, tokensMax: 4);
        Write(groups, [1, 1, 0, 1], [1, 1, 1, 1]);
        groups.Sort(4);
        Write(groups, [0], [0.5f]);

        groups.Sort(1);

        Assert.Equal([0], groups.RowsOf(0).ToArray());
        Assert.Empty(groups.RowsOf(1).ToArray());
    }

    private static void Write(ExpertGroups groups, int[] chosen, float[] shares)
    {
        var tokens = shares.Length / (groups.Chosen(1).Length);
        chosen.CopyTo(groups.Chosen(tokens));
        shares.CopyTo(groups.Shares(tokens));
    }
}
