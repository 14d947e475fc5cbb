using Minka.Models;
using Minka.Plan;

namespace Minka.Cluster.Weights;

/// <summary>Which slices a rank loads. Tests hold this against every family's layers.</summary>
internal static class RankSlices
{
    /// <summary>All of them, no slice twice.</summary>
    public static IReadOnlyList<WeightSlice> Of(ModelManifest model, ReplicaPlan replica, int rank)
    {
        var slice = PlannedModel.SliceOf(replica, rank);
        var found = new List<WeightSlice>();
        var isTied = model.Config.TiedEmbeddings || !model.Weights.ContainsKey("output.weight");
        AddRows("token_embd.weight", slice.Embedding);
        for (var layer = slice.Layers.Start.Value; layer < slice.Layers.End.Value; layer++) AddLayer($"blk.{layer}.");
        if (slice.IsLastStage(model.Config)) AddWhole("output_norm.weight");
        AddRows(isTied ? "token_embd.weight" : "output.weight", slice.Head);
        return [.. found.Distinct()];

        void AddLayer(string prefix)
        {
            var (heads, keys) = (Times(slice.Heads, model.Config.HeadDim), Times(slice.KvHeads, model.Config.HeadDim));
            foreach (var name in PlannedModel.Replicated) AddWhole($"{prefix}{name}.weight");
            foreach (var name in PlannedModel.Attention.Concat(PlannedModel.FeedForward))
                AddWhole($"{prefix}{name}.bias");
            AddRows($"{prefix}attn_q.weight", heads);
            AddRows($"{prefix}attn_k.weight", keys);
            AddRows($"{prefix}attn_v.weight", keys);
            AddColumns($"{prefix}attn_output.weight", heads);
            AddRows($"{prefix}ffn_gate.weight", slice.FeedForward);
            AddRows($"{prefix}ffn_up.weight", slice.FeedForward);
            AddColumns($"{prefix}ffn_down.weight", slice.FeedForward);
        }

        void AddWhole(string name)
        {
            if (model.Weights.TryGetValue(name, out var weight)) found.Add(WeightSlice.Whole(weight));
        }

        void AddRows(string name, Range rows)
        {
            if (rows.Start.Value < rows.End.Value) found.Add(WeightSlice.OfRows(Find(name, rows.End.Value, 0), rows));
        }

        void AddColumns(string name, Range columns)
        {
            if (columns.Start.Value < columns.End.Value)
                found.Add(WeightSlice.OfColumns(Find(name, 0, columns.End.Value), columns));
        }

        WeightShape Find(string name, int rows, int columns) =>
            model.Weights.TryGetValue(name, out var weight) && weight.Rows >= rows && weight.Columns >= columns
                ? weight
                : throw new ModelFormatException($"The root describes no weight '{name}' of which "
                    + $"{Math.Max(rows, columns)} {(rows > 0 ? "rows" : "columns")} could be cut; root and worker "
                    + "are of different builds.");
    }

    private static Range Times(Range range, int each) => (range.Start.Value * each)..(range.End.Value * each);
}
