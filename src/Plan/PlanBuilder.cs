using System.Globalization;

namespace Minka.Plan;

/// <summary>What a person asks for with <c>--workers --tp --pp --shares</c>.</summary>
public sealed record PlanRequest
{
    /// <summary>The model to cut.</summary>
    public required ModelShape Model { get; init; }

    /// <summary><c>host:port</c> of each rank, stage after stage. A rank's node is its host.</summary>
    public required IReadOnlyList<string> Workers { get; init; }

    /// <summary>Ranks of each stage; 0 takes workers / <see cref="Pipeline"/>.</summary>
    public int Tensor { get; init; }

    /// <summary>Stages; 0 takes workers / <see cref="Tensor"/>, or 1.</summary>
    public int Pipeline { get; init; }

    /// <summary>How much each rank gets, stage after stage; empty for alike. See <see cref="Shares"/>.</summary>
    public string Shares { get; init; } = "";

    /// <summary>Machine that schedules and talks to clients.</summary>
    public string Root { get; init; } = "root";

    /// <summary>What travels how.</summary>
    public CollectivePlan Collectives { get; init; } = new();

    /// <summary>Key-value cache.</summary>
    public KvPlan Kv { get; init; } = new(4096, KvType.F16);

    /// <summary>Where the embedding lies.</summary>
    public EmbeddingPlacement Embedding { get; init; } = EmbeddingPlacement.Sliced;
}

/// <summary>Makes a plan of one replica: cuts by weight, at the places where cutting is allowed.</summary>
public static class PlanBuilder
{
    /// <summary>Cuts a model over workers.</summary>
    /// <exception cref="PlanException">The request cannot be met; says why.</exception>
    public static ClusterPlan Build(PlanRequest request)
    {
        var shape = new List<PlanViolation>();
        ShapeRules.Check(request.Model, shape);
        if (shape.Count > 0) throw new PlanException(shape);

        var shares = Shares.Of(request);
        var layers = Layers(request.Model, shares);
        var stages = new List<StagePlan>();
        var first = 0;
        for (var i = 0; i < shares.Count; i++)
        {
            stages.Add(Stage(request, layers[i], shares[i].Weights, first,
                isEnd: i == 0 || i == shares.Count - 1));
            first += shares[i].Weights.Count;
        }
        var plan = new ClusterPlan
        {
            Model = request.Model,
            Replicas =
            [
                new()
                {
                    Name = "0", Root = request.Root, Stages = stages, Collectives = request.Collectives,
                    Kv = request.Kv, Embedding = request.Embedding,
                },
            ],
        };
        PlanRules.Require(plan);
        return plan;
    }

    /// <summary>Layers of each stage: as asked for, else by the weight of its ranks, at least one each.</summary>
    private static IndexRange[] Layers(ModelShape model, IReadOnlyList<StageShare> shares)
    {
        if (shares.Count > model.Layers)
            throw new PlanException("--pp", string.Create(CultureInfo.InvariantCulture,
                $"{shares.Count} stages were asked for; the model has {model.Layers} layers. Use fewer stages."));
        var counts = shares[0].Layers > 0
            ? [.. shares.Select(share => share.Layers)]
            : AtLeastOne(Numbers.Apportion(model.Layers, [.. shares.Select(share => share.Weights.Sum())]));
        if (counts.Sum(count => (long)count) != model.Layers)
            throw new PlanException("--shares", $"Its stages have {string.Join(" + ", counts)} layers; "
                + $"the model has {model.Layers}.");

        var ranges = new IndexRange[counts.Length];
        var at = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            ranges[i] = new(at, at + counts[i]);
            at += counts[i];
        }
        return ranges;
    }

    private static int[] AtLeastOne(int[] counts)
    {
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0) continue;
            counts[Array.IndexOf(counts, counts.Max())]--;
            counts[i] = 1;
        }
        return counts;
    }

    private static StagePlan Stage(
        PlanRequest request, IndexRange layers, IReadOnlyList<double> shares, int first, bool isEnd)
    {
        var model = request.Model;
        double[] weights = [.. shares];
        var heads = HeadCuts.Cut(model, weights);
        var columns = Numbers.Cut(0, model.FeedForwardWidth, model.ColumnUnit, weights);
        var experts = Numbers.Cut(0, model.Experts, 1, weights);
        var rows = Numbers.Cut(0, isEnd ? model.VocabularySize : 0, model.RowGroup, weights);
        return new(layers, [.. Enumerable.Range(0, weights.Length).Select(i => new RankPlan
        {
            Rank = first + i,
            Node = NodeOf(request.Workers[first + i]),
            Address = request.Workers[first + i],
            Heads = heads[i],
            KvHeads = HeadCuts.KvHeads(model, heads[i]),
            FeedForward = columns[i],
            Experts = experts[i],
            Vocabulary = rows[i],
        })]);
    }

    private static string NodeOf(string worker) => Address.IsHostAndPort(worker)
        ? Address.Host(worker)
        : throw new PlanException("--workers", $"'{worker}' is not host:port.");
}
