using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Minka.Compute;
using Minka.Models;
using Minka.Plan;

namespace Minka.Cluster;

/// <summary>A model as plans see it, and a plan's ranks as a model sees them.</summary>
public static class PlannedModel
{
    /// <summary>Rows of a weight's beginning and end that the fingerprint takes in.</summary>
    private const int SampleRows = 1;

    internal static readonly string[] Attention = ["attn_q", "attn_k", "attn_v", "attn_output"];
    internal static readonly string[] FeedForward = ["ffn_gate", "ffn_up", "ffn_down"];
    internal static readonly string[] Experts = ["ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"];
    internal static readonly string[] Replicated =
        ["attn_norm", "ffn_norm", "attn_q_norm", "attn_k_norm", Router];

    /// <summary>Held in f32 whatever the file has.</summary>
    private const string Router = "ffn_gate_inp";

    /// <summary>What there is to cut in a model.</summary>
    /// <param name="file">The model's files.</param>
    /// <param name="type">Format that matrices will be held in; null keeps the file's.</param>
    public static ModelShape ShapeOf(IWeightFile file, DType? type = null)
    {
        var config = file.Config;
        return new()
        {
            Name = config.Name ?? Path.GetFileNameWithoutExtension(file.Path),
            Hash = FingerprintOf(file),
            Layers = config.Layers,
            Width = config.Width,
            Heads = config.Heads,
            KvHeads = config.KvHeads,
            HeadDim = config.HeadDim,
            FeedForwardWidth = config.FeedForwardWidth,
            Experts = config.Experts.Count,
            DenseLayers = config.Experts.Count > 0 ? config.Experts.DenseLayers : [],
            VocabularySize = config.VocabularySize,
            TiedEmbeddings = IsTied(file),
            Bytes = BytesOf(file, type),
        };
    }

    /// <summary>What one rank of a plan holds.</summary>
    /// <param name="replica">Its replica.</param>
    /// <param name="rank">Its place in the replica.</param>
    public static ModelSlice SliceOf(ReplicaPlan replica, int rank)
    {
        var stages = replica.Stages;
        var at = StageOf(replica, rank);
        var plan = stages[at].Ranks.First(one => one.Rank == rank);
        var vocabulary = RangeOf(plan.Vocabulary);
        var embedding = replica.Embedding == EmbeddingPlacement.Sliced
            ? vocabulary
            : ..stages[0].Ranks.Max(one => one.Vocabulary.End);
        return new()
        {
            Layers = RangeOf(stages[at].Layers),
            Heads = RangeOf(plan.Heads),
            KvHeads = RangeOf(plan.KvHeads),
            FeedForward = RangeOf(plan.FeedForward),
            Experts = RangeOf(plan.Experts),
            Embedding = at == 0 ? embedding : 0..0,
            Head = at == stages.Count - 1 ? vocabulary : 0..0,
        };
    }

    /// <summary>Index of the stage that a rank is in.</summary>
    internal static int StageOf(ReplicaPlan replica, int rank)
    {
        for (var i = 0; i < replica.Stages.Count; i++)
            if (replica.Stages[i].Ranks.Any(one => one.Rank == rank)) return i;
        throw new ArgumentOutOfRangeException(nameof(rank), rank, $"Replica '{replica.Name}' has no such rank.");
    }

    /// <summary>
    /// SHA-256 over every tensor's name, type, shape and first and last row: tells models apart without reading
    /// them. Damage in the middle of a tensor it does not see; copies are verified slice by slice before they are used.
    /// </summary>
    public static string FingerprintOf(IWeightFile file)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{file.Format}\n{file.Config.Architecture}\n"));
        foreach (var tensor in file.Stored.OrderBy(one => one.Name, StringComparer.Ordinal))
            hash.AppendData(Encoding.UTF8.GetBytes(
                $"{tensor.Name} {tensor.Type} {string.Join('x', tensor.Shape)} {tensor.Bytes}\n"));
        foreach (var name in NamesOf(file.Config))
            if (file.TryFind(name, out var weight)) Sample(hash, weight);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Sample(IncrementalHash hash, IWeightSource weight)
    {
        var row = new byte[checked((int)weight.Type.RowBytes(weight.Columns)) * SampleRows];
        Span<byte> size = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(size, weight.Rows);
        BinaryPrimitives.WriteInt32LittleEndian(size[4..], weight.Columns);
        hash.AppendData(size);
        weight.ReadRows(0, SampleRows, row);
        hash.AppendData(row);
        weight.ReadRows(weight.Rows - SampleRows, SampleRows, row);
        hash.AppendData(row);
    }

    /// <summary>Names that a model's weights may have.</summary>
    internal static IEnumerable<string> NamesOf(ModelConfig config)
    {
        yield return "token_embd.weight";
        yield return "output_norm.weight";
        yield return "output.weight";
        for (var layer = 0; layer < config.Layers; layer++)
            foreach (var name in Attention.Concat(FeedForward).Concat(Experts).Concat(Replicated))
            {
                yield return $"blk.{layer}.{name}.weight";
                yield return $"blk.{layer}.{name}.bias";
            }
    }

    private static ModelBytes BytesOf(IWeightFile file, DType? type)
    {
        var (isTied, layers) = (IsTied(file), Enumerable.Range(0, file.Config.Layers));
        var dense = layers.FirstOrDefault(layer => !file.Config.Experts.IsSparse(layer));
        var sparse = layers.FirstOrDefault(file.Config.Experts.IsSparse);
        return new(
            Attention.Sum(name => Bytes($"blk.0.{name}")), FeedForward.Sum(name => Bytes($"blk.{dense}.{name}")),
            Experts.Sum(name => Bytes($"blk.{sparse}.{name}")), Replicated.Sum(name => Bytes($"blk.{sparse}.{name}")),
            Bytes("token_embd"), isTied ? 0 : Bytes("output"));

        long Bytes(string name)
        {
            if (!file.TryFind(name + ".weight", out var weight)) return 0;
            var held = name.EndsWith(Router, StringComparison.Ordinal) ? DType.F32
                : type is { } wanted && weight.Rows > 1 && weight.Columns % wanted.BlockLength() == 0
                ? wanted
                : weight.Type;
            return checked(weight.Rows * held.RowBytes(weight.Columns));
        }
    }

    private static bool IsTied(IWeightFile file) => file.Config.TiedEmbeddings || !file.TryFind("output.weight", out _);

    private static Range RangeOf(IndexRange range) => range.Start..range.End;
}
