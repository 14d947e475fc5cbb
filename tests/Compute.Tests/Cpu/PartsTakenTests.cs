using Minka.Compute.Cpu;

namespace Minka.Compute.Tests.Cpu;

public sealed class PartsTakenTests
{
    [Fact]
    public void Every_member_takes_its_own_part_first()
    {
        var parts = default(PartsTaken);

        Assert.Equal([2, 0, 1, -1], [Take(ref parts, 2), Take(ref parts, 0), Take(ref parts, 1), Take(ref parts, 1)]);
    }

    [Fact]
    public void Who_is_done_takes_the_parts_of_members_that_have_not_come()
    {
        var parts = default(PartsTaken);

        Assert.Equal([1, 2, 0], [Take(ref parts, 1), Take(ref parts, 1), Take(ref parts, 1)]);
        Assert.Equal(-1, Take(ref parts, 2));
    }

    [Fact]
    public void The_last_part_of_the_most_is_a_part_like_the_others()
    {
        var parts = default(PartsTaken);
        var taken = new HashSet<int>();

        while (parts.TryTake(PartsTaken.PartsMax - 1, PartsTaken.PartsMax, out var part)) Assert.True(taken.Add(part));

        Assert.Equal(Enumerable.Range(0, PartsTaken.PartsMax), taken.Order());
    }

    private static int Take(ref PartsTaken parts, int member) => parts.TryTake(member, 3, out var part) ? part : -1;
}
