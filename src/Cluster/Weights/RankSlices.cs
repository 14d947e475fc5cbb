using Minka.Models;
using Minka.Plan;

namespace Minka.Cluster.Weights;

/// <summary>Which slices a rank loads. Tests hold this against every family's layers.</summary>
internal sealed class RankSlices
{
    private readonly ModelManifest _model;
    private readonly ModelSlice _mine;
    private readonly List<WeightSlice> _found = [];

    private RankSlices(ModelManifest model, ModelSlice mine) => (_model, _mine) = (model, mine);

    /// <summary>All of them, no slice twice.</summary>
    public static IReadOnlyList<WeightSlice> Of(ModelManifest model, ReplicaPlan replica, int rank)
    {
        var slices = new RankSlices(model, PlannedModel.SliceOf(replica, rank));
        slices.AddAll();
        return [.. slices._found.Distinct()];
    }

    private void AddAll()
    {
        var isTied = _model.Config.TiedEmbeddings || !_model.Weights.ContainsKey("output.weight");
        AddRows("token_embd.weight", _mine.Embedding);
        for (var layer = _mine.Layers.Start.Value; layer < _mine.Layers.End.Value; layer++)
        {
            AddAttention($"blk.{layer}.");
            if (_model.Config.Experts.IsSparse(layer)) AddExperts($"blk.{layer}.");
            else AddFeedForward($"blk.{layer}.");
        }
        if (_mine.IsLastStage(_model.Config)) AddWhole("output_norm.weight");
        AddRows(isTied ? "token_embd.weight" : "output.weight", _mine.Head);
    }

    /// <summary>Attention, and what every rank has whole.</summary>
    private void AddAttention(string prefix)
    {
        var (heads, keys) = (Times(_mine.Heads, _model.Config.HeadDim), Times(_mine.KvHeads, _model.Config.HeadDim));
        foreach (var name in PlannedModel.Replicated) AddWhole($"{prefix}{name}.weight");
        foreach (var name in PlannedModel.Attention.Concat(PlannedModel.FeedForward)) AddWhole($"{prefix}{name}.bias");
        AddRows($"{prefix}attn_q.weight", heads);
        AddRows($"{prefix}attn_k.weight", keys);
        AddRows($"{prefix}attn_v.weight", keys);
        AddColumns($"{prefix}attn_output.weight", heads);
    }

    private void AddFeedForward(string prefix)
    {
        AddRows($"{prefix}ffn_gate.weight", _mine.FeedForward);
        AddRows($"{prefix}ffn_up.weight", _mine.FeedForward);
        AddColumns($"{prefix}ffn_down.weight", _mine.FeedForward);
    }

    private void AddExperts(string prefix)
    {
        var hidden = Times(_mine.Experts, _model.Config.Experts.Width);
        AddRows($"{prefix}ffn_gate_exps.weight", hidden);
        AddRows($"{prefix}ffn_up_exps.weight", hidden);
        AddRows($"{prefix}ffn_down_exps.weight", Times(_mine.Experts, _model.Config.Width));
    }

    private void AddWhole(string name)
    {
        if (_model.Weights.TryGetValue(name, out var weight)) _found.Add(WeightSlice.Whole(weight));
    }

    private void AddRows(string name, Range rows)
    {
        if (rows.Start.Value < rows.End.Value) _found.Add(WeightSlice.OfRows(Find(name, rows.End.Value, 0), rows));
    }

    private void AddColumns(string name, Range columns)
    {
        if (columns.Start.Value < columns.End.Value)
            _found.Add(WeightSlice.OfColumns(Find(name, 0, columns.End.Value), columns));
    }

    private WeightShape Find(string name, int rows, int columns) =>
        _model.Weights.TryGetValue(name, out var weight) && weight.Rows >= rows && weight.Columns >= columns
            ? weight
            : throw new ModelFormatException($"The root describes no weight '{name}' of which "
                + $"{Math.Max(rows, columns)} {(rows > 0 ? "rows" : "columns")} could be cut; root and worker "
                + "are of different builds.");

    private static Range Times(Range range, int each) =>
        checked(range.Start.Value * each)..checked(range.End.Value * each);
}
