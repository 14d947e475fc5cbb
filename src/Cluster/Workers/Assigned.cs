using System.Text;
using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;
using Minka.Cluster.Weights;
using Minka.Compute;
using Minka.Models;
using Minka.Models.Loading;
using Minka.Plan;

namespace Minka.Cluster.Workers;

/// <summary>What a root wants a worker to be, checked.</summary>
internal sealed record Assigned
{
    private const int StepMax = 1 << 20;

    public required ClusterPlan Plan { get; init; }

    public required string PlanHash { get; init; }

    public required ReplicaPlan Replica { get; init; }

    public required int Rank { get; init; }

    public required int Epoch { get; init; }

    public required ModelHolding Holding { get; init; }

    /// <summary>How the rank's slice is loaded.</summary>
    public ModelLoadOptions LoadOptions => new()
    {
        KvBlocks = Replica.Kv.Tokens / ForwardInput.BlockTokens,
        Limits = new(Holding.StepTokens, Holding.StepSequences, Holding.StepLogitRows, Holding.StepTableBlocks),
        KvType = Replica.Kv.Type switch { KvType.F32 => DType.F32, KvType.F16 => DType.F16, _ => DType.Q8_0 },
        WeightType = Holding.WeightType switch
        {
            "" => null,
            "q8_0" => DType.Q8_0,
            "q4_0" => DType.Q4_0,
            var other => throw Refuse($"Weights cannot be held as '{other}'; q8_0 and q4_0 are known."),
        },
        Slice = PlannedModel.SliceOf(Replica, Rank),
    };

    /// <summary>The model without its weights; null if the root does not ship them.</summary>
    public required ModelManifest? Manifest { get; init; }

    /// <summary>Which slices the rank loads.</summary>
    /// <exception cref="ModelFormatException">The model has not what the plan cuts.</exception>
    public IReadOnlyList<WeightSlice> Slices => Manifest is null ? [] : RankSlices.Of(Manifest, Replica, Rank);

    /// <exception cref="GrpcException">It makes no sense; says why.</exception>
    public static Assigned Read(Assignment? assignment, ModelHolding? holding, ModelFacts? model)
    {
        if (assignment is null || holding is null) throw Refuse("The request has no assignment or no holding.");
        var plan = ReadPlan(assignment);
        var replica = plan.Replicas.FirstOrDefault(one => one.Name == assignment.Replica)
            ?? throw Refuse($"The plan has no replica '{assignment.Replica}'.");
        var ranks = replica.Stages.Sum(stage => stage.Ranks.Count);
        if ((uint)assignment.Rank >= (uint)ranks)
            throw Refuse($"Rank {assignment.Rank} was given; the replica has {ranks} ranks.");
        foreach (var size in (int[])
            [holding.StepTokens, holding.StepSequences, holding.StepLogitRows, holding.StepTableBlocks])
            if (size is < 1 or > StepMax) throw Refuse($"A step of {size} is not within 1 and {StepMax}.");
        if (replica.Kv.Tokens < ForwardInput.BlockTokens)
            throw Refuse($"A cache of {replica.Kv.Tokens} positions is below {ForwardInput.BlockTokens}, one block.");
        return new()
        {
            Plan = plan,
            PlanHash = assignment.PlanHash,
            Replica = replica,
            Rank = assignment.Rank,
            Epoch = assignment.Epoch,
            Holding = holding,
            Manifest = model is null ? null : ReadManifest(model, plan),
        };
    }

    /// <exception cref="GrpcException">The rank needs more than there is.</exception>
    public void RequireMemory(long bytes)
    {
        var needed = PlanMemory.Of(Plan.Model, Replica, PlannedModel.StageOf(Replica, Rank),
            Replica.Stages.SelectMany(stage => stage.Ranks).First(rank => rank.Rank == Rank));
        if (needed.Total > bytes)
            throw new GrpcException(GrpcStatus.ResourceExhausted, $"Rank {Rank} needs {Mib(needed.Total)} MiB (weights "
                + $"{Mib(needed.Weights)}, cache {Mib(needed.Kv)}, working {Mib(needed.Working)}) and this worker has "
                + $"{Mib(bytes)} MiB; give it a smaller share, lower --ctx, or raise --memory.");
    }

    /// <summary>What is here of the weights: all slices from the cache, else a copy of the model, else some.</summary>
    /// <param name="cache">Where slices are.</param>
    /// <param name="own">Copies of models on this machine; where the root has it is looked at too.</param>
    /// <param name="seen">Takes what was found at each of them, for people.</param>
    public RankWeights OpenWeights(SliceCache cache, IReadOnlyList<string> own, List<string> seen)
    {
        var hash = Plan.Model.Hash;
        var cached = Manifest is null ? null : RankWeights.OfSlices(hash, cache, Manifest, Slices);
        if (cached is { IsComplete: true }) return cached;
        if (FindModel(own, seen) is not var (file, isRoots))
            return cached ?? throw new GrpcException(GrpcStatus.NotFound, $"This worker has no copy of "
                + $"'{Plan.Model.Name}' ({string.Join("; ", seen)}); copy the model to it and name it with "
                + "minka worker --model.");
        cached?.Dispose();
        return RankWeights.OfFile(hash, cache, Manifest, file, Slices, isRoots);
    }

    private (IWeightFile File, bool IsRoots)? FindModel(IReadOnlyList<string> own, List<string> seen)
    {
        foreach (var path in own.Append(Holding.Path).Where(path => path.Length > 0).Distinct())
        {
            if (!File.Exists(path) && !Directory.Exists(path))
            {
                seen.Add($"'{path}' is not there");
                continue;
            }
            try
            {
                var file = ModelFiles.Open(path);
                if (PlannedModel.FingerprintOf(file) == Plan.Model.Hash)
                    return (file, Holding.FileIdentity.Length > 0 && Holding.FileIdentity == FileIdentity.Of(path));
                seen.Add($"'{path}' is another model");
                file.Dispose();
            }
            catch (Exception wrong) when (wrong is ModelFormatException or IOException or UnauthorizedAccessException)
            {
                seen.Add($"'{path}' cannot be used: {wrong.Message.TrimEnd('.')}");
            }
        }
        return null;
    }

    /// <exception cref="GrpcException">There is not one for each rank.</exception>
    public void RequireAddresses(int count)
    {
        if (Replica.Stages.Sum(stage => stage.Ranks.Count) is var ranks && count != ranks)
            throw Refuse($"{count} addresses were given; the replica has {ranks} ranks.");
    }

    private static ModelManifest ReadManifest(ModelFacts model, ClusterPlan plan)
    {
        try
        {
            return ModelManifest.Read(model, plan.Model);
        }
        catch (ModelFormatException wrong)
        {
            throw Refuse(wrong.Message);
        }
    }

    private static ClusterPlan ReadPlan(Assignment assignment)
    {
        try
        {
            var plan = PlanJson.Read(Encoding.UTF8.GetBytes(assignment.PlanJson));
            PlanRules.Require(plan);
            if (PlanJson.Hash(plan) is var hash && hash != assignment.PlanHash)
                throw Refuse($"The plan's hash is {hash}, the root says {assignment.PlanHash}; root and worker are of "
                    + "different builds.");
            return plan;
        }
        catch (PlanException wrong)
        {
            throw Refuse(wrong.Message);
        }
    }

    private static GrpcException Refuse(string why) => new(GrpcStatus.InvalidArgument, why);

    private static long Mib(long bytes) => bytes >> 20;
}
