namespace Minka.Plan;

/// <summary>What a rank needs, in bytes.</summary>
/// <param name="Weights">Its slices.</param>
/// <param name="Kv">Keys and values of its heads.</param>
/// <param name="Working">Program, activations, buffers.</param>
public readonly record struct RankMemory(long Weights, long Kv, long Working)
{
    /// <summary>All of it.</summary>
    public long Total => checked(Weights + Kv + Working);
}

/// <summary>The memory arithmetic of a plan.</summary>
public static class PlanMemory
{
    /// <summary>Program, activations and buffers of a rank beyond weights and KV cache, in bytes.</summary>
    public const long WorkingBytes = 150_000_000;

    /// <summary>What one rank needs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="replica">The rank's replica.</param>
    /// <param name="stage">Index of the rank's stage.</param>
    /// <param name="rank">The rank.</param>
    public static RankMemory Of(ModelShape model, ReplicaPlan replica, int stage, RankPlan rank)
    {
        var layers = replica.Stages[stage].Layers.Count;
        long sparse = model.SparseLayers(replica.Stages[stage].Layers), dense = layers - sparse;
        var each = checked(model.Bytes.Replicated
            + Numbers.Share(model.Bytes.Attention, rank.Heads.Count + rank.KvHeads.Count, model.Heads + model.KvHeads));
        var columns = Numbers.Share(model.Bytes.FeedForward, rank.FeedForward.Count, model.FeedForwardWidth);
        var experts = Numbers.Share(model.Bytes.Experts, rank.Experts.Count, model.Experts);
        return new(
            checked((layers * each) + (dense * columns) + (sparse * experts)
                + EndsOfModel(model, replica, stage, rank)),
            KvBytes(model, replica.Kv, layers, rank.KvHeads.Count),
            WorkingBytes);
    }

    /// <summary>Bytes of the key-value cache of some layers and heads.</summary>
    public static long KvBytes(ModelShape model, KvPlan kv, int layers, int kvHeads)
    {
        var values = checked(2L * kv.Tokens * layers * kvHeads * model.HeadDim);
        return kv.Type switch
        {
            KvType.F32 => checked(values * 4),
            KvType.F16 => checked(values * 2),
            _ => Numbers.Share(values, 34, 32),
        };
    }

    /// <summary>
    /// Embedding of the first stage and head of the last; one matrix if they are tied and lie together.
    /// </summary>
    private static long EndsOfModel(ModelShape model, ReplicaPlan replica, int stage, RankPlan rank)
    {
        var isFirst = stage == 0;
        var isLast = stage == replica.Stages.Count - 1;
        var head = model.TiedEmbeddings ? model.Bytes.Embedding : model.Bytes.Head;
        var sliced = Numbers.Share(model.Bytes.Embedding, rank.Vocabulary.Count, model.VocabularySize);
        var embedding = replica.Embedding == EmbeddingPlacement.Sliced ? sliced : model.Bytes.Embedding;
        var headSlice = Numbers.Share(head, rank.Vocabulary.Count, model.VocabularySize);

        if (isFirst && isLast && model.TiedEmbeddings) return embedding;
        return checked((isFirst ? embedding : 0) + (isLast ? headSlice : 0));
    }
}
