namespace Minka.Plan;

/// <summary>Every rank's node exists, and its memory suffices for all its ranks.</summary>
internal static class MemoryRules
{
    public static void Check(ClusterPlan plan, Topology topology, List<PlanViolation> found)
    {
        var nodes = topology.Nodes.ToLookup(node => node.Name);
        foreach (var twice in nodes.Where(group => group.Count() > 1))
            found.Add(new("nodes", $"{twice.Count()} machines are called '{twice.Key}'; names are unique."));

        // A root holds nothing of the model, so its machine need not be known.
        var used = new Dictionary<string, List<(RankPlan Rank, RankMemory Memory)>>();
        foreach (var replica in plan.Replicas)
            for (var stage = 0; stage < replica.Stages.Count; stage++)
                foreach (var rank in replica.Stages[stage].Ranks)
                {
                    if (!nodes.Contains(rank.Node))
                        found.Add(new($"replica '{replica.Name}'",
                            $"Rank {rank.Rank} runs on '{rank.Node}', which is not in the topology."));
                    if (!used.TryGetValue(rank.Node, out var ranks)) used[rank.Node] = ranks = [];
                    ranks.Add((rank, PlanMemory.Of(plan.Model, replica, stage, rank)));
                }
        foreach (var (name, ranks) in used)
            if (nodes[name].FirstOrDefault() is { } node) CheckNode(node, ranks, found);
    }

    private static void CheckNode(
        NodeSpec node, List<(RankPlan Rank, RankMemory Memory)> ranks, List<PlanViolation> found)
    {
        var offered = node.MemoryBytes - node.ReserveBytes;
        var needed = ranks.Sum(entry => entry.Memory.Total);
        if (needed <= offered) return;

        var parts = string.Join("; ", ranks.Select(entry =>
            $"rank {entry.Rank.Rank}: weights {Numbers.Gibibytes(entry.Memory.Weights)}, "
            + $"KV {Numbers.Gibibytes(entry.Memory.Kv)}, working {Numbers.Gibibytes(entry.Memory.Working)}"));
        found.Add(new($"node '{node.Name}'",
            $"Needed are {Numbers.Gibibytes(needed)} GiB ({parts}); '{node.Name}' offers "
            + $"{Numbers.Gibibytes(offered)} ({Numbers.Gibibytes(node.MemoryBytes)} less "
            + $"{Numbers.Gibibytes(node.ReserveBytes)} reserved). Give it a smaller share, fewer KV tokens, "
            + "or add a node."));
    }
}
