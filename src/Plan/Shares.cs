using System.Globalization;

namespace Minka.Plan;

/// <summary>What one stage gets.</summary>
/// <param name="Weights">Of its ranks, each above 0.</param>
/// <param name="Layers">Layers it was asked to have; 0 by weight.</param>
internal sealed record StageShare(IReadOnlyList<double> Weights, int Layers);

/// <summary>
/// <c>--shares</c>: a weight per rank, separated by commas or colons; stages are separated by <c>*</c> and may end in
/// <c>@layers</c>. <c>2,1,1</c> is one stage whose first rank gets half; <c>1:1@10*1:2@6</c> are two stages of 10 and
/// 6 layers. Without <c>*</c> the weights are dealt to the stages of <c>--tp</c> and <c>--pp</c> in order.
/// </summary>
internal static class Shares
{
    private const double WeightMax = 1e6;

    /// <exception cref="PlanException">Shares, sizes and workers do not fit together.</exception>
    public static IReadOnlyList<StageShare> Of(PlanRequest request)
    {
        var workers = request.Workers.Count;
        if (workers is 0 or > PlanRules.RanksMax)
            throw new PlanException("--workers", $"{workers} workers were given; 1 to {PlanRules.RanksMax} are "
                + "supported.");
        if (request.Tensor < 0 || request.Pipeline < 0)
            throw new PlanException("--tp", $"--tp {request.Tensor} and --pp {request.Pipeline} cannot be below 0.");

        var stages = request.Shares.Length == 0 ? [] : request.Shares.Split('*').Select(Stage).ToList();
        if (stages.Count <= 1 && stages is not [{ Layers: > 0 }])
            return Deal(request, stages.Count == 1 ? stages[0].Weights : [.. Enumerable.Repeat(1.0, workers)]);

        if (request.Pipeline > 0 && request.Pipeline != stages.Count)
            throw new PlanException("--shares", $"It has {stages.Count} stages; --pp says {request.Pipeline}.");
        if (request.Tensor > 0 && stages.FirstOrDefault(stage => stage.Weights.Count != request.Tensor) is { } odd)
            throw new PlanException("--shares", $"A stage has {odd.Weights.Count} ranks; --tp says {request.Tensor}.");
        if (stages.Select(stage => stage.Layers > 0).Distinct().Count() > 1)
            throw new PlanException("--shares", "Some stages say their layers (@) and some do not; say all or none.");
        if (stages.Sum(stage => stage.Weights.Count) is var ranks && ranks != workers)
            throw new PlanException("--shares", $"It has {ranks} ranks; there are {workers} workers.");
        return stages;
    }

    /// <summary>Weights in order, as many to each stage.</summary>
    private static IReadOnlyList<StageShare> Deal(PlanRequest request, IReadOnlyList<double> weights)
    {
        var workers = request.Workers.Count;
        if (weights.Count != workers)
            throw new PlanException("--shares", $"It has {weights.Count} weights; there are {workers} workers.");
        var pipeline = request.Pipeline > 0 ? request.Pipeline
            : request.Tensor > 0 ? workers / request.Tensor
            : 1;
        var tensor = request.Tensor > 0 ? request.Tensor : workers / Math.Max(1, pipeline);
        if (pipeline > workers)
            throw new PlanException("--workers", $"--pp {pipeline} needs a worker a stage; there are {workers}.");
        if ((long)tensor * pipeline != workers)
            throw new PlanException("--workers", $"--tp {tensor} x --pp {pipeline} need {(long)tensor * pipeline} "
                + $"workers; there are {workers}.");
        return [.. weights.Chunk(tensor).Select(stage => new StageShare(stage, 0))];
    }

    private static StageShare Stage(string text)
    {
        var parts = text.Split('@');
        var layers = 0;
        if (parts.Length > 2 || (parts.Length == 2
            && (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out layers) || layers < 1)))
            throw new PlanException("--shares", $"'{text}' is not weights@layers, such as 1:2@16.");
        return new([.. parts[0].Split(',', ':').Select(Weight)], layers);
    }

    private static double Weight(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var weight)
            && weight is > 0 and <= WeightMax
            ? weight
            : throw new PlanException("--shares", $"'{text}' is not a weight above 0 and at most {WeightMax:0}.");
}
