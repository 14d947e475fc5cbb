using System.Text;
using Minka.Cluster.Protocol;
using Minka.Cluster.Protocol.Framing;
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

    /// <exception cref="GrpcException">It makes no sense; says why.</exception>
    public static Assigned Read(StartRequest request)
    {
        var (assignment, holding) = (request.Assignment, request.Holding);
        if (assignment is null || holding is null) throw Refuse("The request has no assignment or no holding.");
        var plan = ReadPlan(assignment);
        var replica = plan.Replicas.FirstOrDefault(one => one.Name == assignment.Replica)
            ?? throw Refuse($"The plan has no replica '{assignment.Replica}'.");
        var ranks = replica.Stages.Sum(stage => stage.Ranks.Count);
        if ((uint)assignment.Rank >= (uint)ranks || request.MeshAddresses.Count != ranks)
            throw Refuse($"Rank {assignment.Rank} and {request.MeshAddresses.Count} addresses were given; "
                + $"the replica has {ranks} ranks.");
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

    /// <summary>Opens the worker's own copy of the model, or the root's if this is the same machine.</summary>
    /// <exception cref="GrpcException">There is none of the same content.</exception>
    public IWeightFile OpenModel(IReadOnlyList<string> own)
    {
        var seen = new List<string>();
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
                if (PlannedModel.FingerprintOf(file) == Plan.Model.Hash) return file;
                seen.Add($"'{path}' is another model");
                file.Dispose();
            }
            catch (Exception wrong) when (wrong is ModelFormatException or IOException or UnauthorizedAccessException)
            {
                seen.Add($"'{path}' cannot be used: {wrong.Message.TrimEnd('.')}");
            }
        }
        throw new GrpcException(GrpcStatus.NotFound, $"This worker has no copy of '{Plan.Model.Name}' "
            + $"({string.Join("; ", seen)}); copy the model to it and name it with minka worker --model.");
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
