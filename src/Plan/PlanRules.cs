namespace Minka.Plan;

/// <summary>What makes a plan valid. All violations are found at once, each with its sentence.</summary>
public static class PlanRules
{
    /// <summary>Most ranks of a plan.</summary>
    public const int RanksMax = 1024;

    /// <summary>Everything that is wrong with a plan; empty if it can be carried out.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="topology">The machines, for names and memory; null leaves those unchecked.</param>
    public static IReadOnlyList<PlanViolation> Check(ClusterPlan plan, Topology? topology = null)
    {
        var found = new List<PlanViolation>();
        if (plan.Version != ClusterPlan.CurrentVersion)
            found.Add(new("version", $"The plan is of version {plan.Version}; this build reads version "
                + $"{ClusterPlan.CurrentVersion}. Make the plan again with 'minka plan'."));
        if (plan.Epoch < 1) found.Add(new("epoch", $"Epoch {plan.Epoch} is below 1, the first."));
        ShapeRules.Check(plan.Model, found);
        if (found.Count > 0) return found; // Nothing below means anything for another version or an impossible model.

        if (plan.Replicas.Count == 0) found.Add(new("replicas", "The plan has no replica; it needs at least one."));
        CheckNames(plan, found);
        for (var i = 0; i < plan.Replicas.Count; i++)
            CheckReplica(plan.Model, plan.Replicas[i], $"replicas[{i}]", found);
        if (topology is not null && found.Count == 0) MemoryRules.Check(plan, topology, found);
        return found;
    }

    /// <summary>Refuses a plan that cannot be carried out.</summary>
    /// <exception cref="PlanException">With all violations.</exception>
    public static void Require(ClusterPlan plan, Topology? topology = null)
    {
        var found = Check(plan, topology);
        if (found.Count > 0) throw new PlanException(found);
    }

    private static void CheckNames(ClusterPlan plan, List<PlanViolation> found)
    {
        foreach (var twice in plan.Replicas.GroupBy(replica => replica.Name).Where(group => group.Count() > 1))
            found.Add(new("replicas", $"{twice.Count()} replicas are called '{twice.Key}'; names are unique."));
        var ranks = plan.Replicas.SelectMany(replica => replica.AllRanks).ToList();
        if (ranks.Count > RanksMax)
            found.Add(new("replicas", $"The plan has {ranks.Count} ranks; at most {RanksMax} are supported."));
        foreach (var twice in ranks.GroupBy(rank => rank.Address).Where(group => group.Count() > 1))
            found.Add(new("replicas", $"{twice.Count()} ranks listen on '{twice.Key}'; each needs a port of its own."));
    }

    private static void CheckReplica(ModelShape model, ReplicaPlan replica, string where, List<PlanViolation> found)
    {
        if (replica.Stages.Count == 0)
        {
            found.Add(new(where, $"Replica '{replica.Name}' has no stage; it needs at least one."));
            return;
        }
        if (replica.Kv.Tokens < 1)
            found.Add(new($"{where}.kv", $"The cache holds {replica.Kv.Tokens} tokens; it needs at least 1."));
        if (replica.Collectives.LogitCandidates < 0)
            found.Add(new($"{where}.collectives",
                $"{replica.Collectives.LogitCandidates} logit candidates are below 0, which sends all."));

        CoverRules.Check("layers", $"{where}.stages", "stage",
            [.. replica.Stages.Select(stage => stage.Layers)], model.Layers, 1, found);
        var next = 0;
        for (var i = 0; i < replica.Stages.Count; i++)
        {
            var stage = replica.Stages[i];
            var path = $"{where}.stages[{i}]";
            if (stage.Layers.IsEmpty) found.Add(new(path, "The stage has no layer; leave it out."));
            foreach (var rank in stage.Ranks)
            {
                if (rank.Rank != next)
                    found.Add(new(path, $"Rank {rank.Rank} stands where rank {next} is due: "
                        + "ranks count from 0, stage after stage."));
                next++;
            }
            StageRules.Check(model, stage, path, isEnd: i == 0 || i == replica.Stages.Count - 1, found);
        }
    }
}
