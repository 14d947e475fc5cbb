namespace Minka.Plan;

/// <summary>Every head, column, expert and vocabulary row of a stage is on one of its ranks.</summary>
internal static class StageRules
{
    /// <param name="model">The model.</param>
    /// <param name="stage">A stage.</param>
    /// <param name="where">Its path.</param>
    /// <param name="isEnd">It has the embedding or the head.</param>
    /// <param name="found">Where violations go.</param>
    public static void Check(
        ModelShape model, StagePlan stage, string where, bool isEnd, List<PlanViolation> found)
    {
        if (stage.Ranks.Count == 0)
        {
            found.Add(new(where, "The stage has no rank; it needs at least one."));
            return;
        }
        Cover("heads", rank => rank.Heads, model.Heads, 1);
        Cover("feed-forward columns", rank => rank.FeedForward, model.FeedForwardWidth, model.ColumnUnit);
        Cover("experts", rank => rank.Experts, model.Experts, 1);
        Cover("vocabulary rows", rank => rank.Vocabulary, isEnd ? model.VocabularySize : 0, model.RowGroup);
        foreach (var rank in stage.Ranks) CheckRank(model, rank, where, found);

        void Cover(string what, Func<RankPlan, IndexRange> of, int total, int unit) =>
            CoverRules.Check(what, where, "rank", [.. stage.Ranks.Select(of)], total, unit, found);
    }

    private static void CheckRank(ModelShape model, RankPlan rank, string where, List<PlanViolation> found)
    {
        if (!Address.IsHostAndPort(rank.Address))
            found.Add(new(where, $"Rank {rank.Rank} listens on '{rank.Address}'; needed is host:port."));
        if (rank.Heads.IsEmpty || rank.Heads.Start < 0 || rank.Heads.End > model.Heads) return;

        var group = model.HeadsPerGroup;
        var isWhole = rank.Heads.Start % group == 0 && rank.Heads.End % group == 0;
        if (!isWhole && rank.Heads.Start / group != (rank.Heads.End - 1) / group)
            found.Add(new(where, $"Heads {rank.Heads} of rank {rank.Rank} are neither whole groups of {group} nor "
                + "within one group; move the cut to a group's edge."));
        if (rank.Heads.Start % model.HeadUnit != 0)
            found.Add(new(where, $"Heads of rank {rank.Rank} start at {rank.Heads.Start}; heads of {model.HeadDim} "
                + $"values are cut at multiples of {model.HeadUnit}, between blocks of {model.ColumnUnit} columns."));
        var needed = HeadCuts.KvHeads(model, rank.Heads);
        if (rank.KvHeads != needed)
            found.Add(new(where, $"Rank {rank.Rank} holds key-value heads {rank.KvHeads}; its query heads "
                + $"{rank.Heads} read {needed}."));
    }
}
